"""The schema of the REST API, for programs and for people."""

import functools
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views import View
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.doors import Public, requires
from core.html import render
from hms.api_schema import METHODS, document

_WHY = "the schema names doors and fields, nothing of the hospital"
# The routes of a process do not change while it runs, and anybody may ask.
_document = functools.cache(document)


class SchemaJsonRenderer(OpenApiJsonRenderer):
    """The schema as JSON, also by ?format=json."""

    format = "json"


class SchemaView(APIView):
    """OpenAPI 3.1 of every route; not part of itself."""

    renderer_classes = [OpenApiYamlRenderer, SchemaJsonRenderer]
    schema = None

    @requires(Public(_WHY), module=None)
    def get(self, request: Request) -> Response:
        """Return the schema as YAML, or JSON by ?format=json."""
        return Response(_document())


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter, or one field of a body."""

    name: str
    place: str
    kind: str
    is_required: bool
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One status that an operation may answer with."""

    status: str
    text: str
    fields: list[Field]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address."""

    anchor: str
    method: str
    path: str
    summary: str
    parameters: list[Field]
    body: list[Field]
    answers: list[Answer]


@dataclass(frozen=True, slots=True)
class Group:
    """The operations on one noun."""

    name: str
    operations: list[Operation]


def _followed(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    reference = node.get("$ref")
    if not reference and len(node.get("allOf", [])) == 1:
        reference = node["allOf"][0].get("$ref")
    if not reference:
        return node
    found: dict[str, Any] = schema
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def _kind(node: dict[str, Any], schema: dict[str, Any]) -> str:
    whole = _followed(node, schema)
    if "enum" in whole:
        return " | ".join(str(value) for value in whole["enum"] if value is not None)
    variants = whole.get("oneOf") or whole.get("anyOf")
    if variants:
        return " | ".join(_kind(variant, schema) for variant in variants)
    kind = whole.get("type", "object")
    name = " | ".join(kind) if isinstance(kind, list) else kind
    if name == "array":
        return f"array of {_kind(whole.get('items', {}), schema)}"
    return whole.get("format", name) if name == "string" else name


def _fields(holder: dict[str, Any], schema: dict[str, Any]) -> list[Field]:
    content: dict[str, Any] = next(iter(holder.get("content", {}).values()), {})
    body = _followed(content.get("schema", {}), schema)
    needed = body.get("required", [])
    return [
        Field(name, "body", _kind(node, schema), name in needed, node.get("description", ""))
        for name, node in body.get("properties", {}).items()
    ]


def _operation(
    path: str, method: str, operation: dict[str, Any], schema: dict[str, Any]
) -> Operation:
    answers = [(code, _followed(found, schema)) for code, found in operation["responses"].items()]
    return Operation(
        anchor=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation.get("description", ""),
        parameters=[
            Field(
                item["name"],
                item["in"],
                _kind(item["schema"], schema),
                item.get("required", False),
                item.get("description", ""),
            )
            for item in operation.get("parameters", [])
        ],
        body=_fields(operation.get("requestBody", {}), schema),
        answers=[
            Answer(
                code,
                found.get("description", ""),
                _fields(found, schema) if code.startswith("2") else [],
            )
            for code, found in sorted(answers)
        ],
    )


def groups() -> list[Group]:
    """Return every operation of the schema by the noun of its address."""
    schema = _document()
    found: dict[str, list[Operation]] = {}
    for path, item in schema["paths"].items():
        noun = "/".join(path.removeprefix("/api/v1/").split("/")[:2])
        for method, operation in item.items():
            if method in METHODS:
                found.setdefault(noun, []).append(_operation(path, method, operation, schema))
    return [Group(name, operations) for name, operations in found.items()]


class ApiDocsView(View):
    """The same schema as a page that reads and prints without scripts."""

    @requires(Public(_WHY), module=None)
    def get(self, request: HttpRequest) -> HttpResponse:
        """Show every operation with its parameters and answers."""
        return render(request, "hms/api_docs.html", {"groups": groups()})
