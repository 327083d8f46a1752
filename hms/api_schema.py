"""What every operation of the schema has in common: refusals, headers, who may knock."""

from typing import Any

from django.utils.translation import override
from drf_spectacular.generators import SchemaGenerator

PROBLEM = {
    "type": "object",
    "description": "Problem details (RFC 9457). `code` is stable; `detail` is for people.",
    "properties": {
        "type": {"type": "string", "examples": ["urn:hms:problem:not_found"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "examples": ["not_found"]},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "field": {"type": "string", "description": "The field that is refused, where it is one."},
        "errors": {
            "type": "object",
            "description": "Per field what is wrong with it (422).",
            "additionalProperties": True,
        },
        "current": {"type": "integer", "description": "The version that is stored (412)."},
    },
    "required": ["type", "title", "status", "code", "detail", "request_id"],
    "additionalProperties": True,
}
WORDS = {
    "400": "The request cannot be read.",
    "401": "Nobody is signed in, or the token is not valid.",
    "403": "The caller is known and may not do this; the token lacks a scope; or no CSRF token.",
    "404": "There is no such thing, or the caller may not know of it.",
    "409": "The state of things does not allow it, or the same request is being worked on.",
    "412": "Somebody else changed the record first; `current` is its version now.",
    "413": "The body is over 2.5 MB.",
    "415": "The body is not application/json.",
    "422": "A value breaks a rule, or a field cannot be set here.",
    "428": "If-Match is missing.",
    "429": "Too many requests; Retry-After says when to come again.",
}
ALWAYS = ("401", "403", "429")
WITH_BODY = ("400", "409", "413", "415", "422")
IDEMPOTENCY_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 80},
    "description": (
        "1 to 80 printable ASCII characters. The act happens once per key; a repeat gets the first "
        "answer with the header Idempotent-Replay, another body under the key gets 422."
    ),
}
METHODS = {"get", "put", "post", "patch", "delete"}


def _name_of(response: dict[str, Any]) -> str:
    content: dict[str, Any] = next(iter(response.get("content", {}).values()), {})
    reference: str = content.get("schema", {}).get("$ref", "")
    return reference.rpartition("/")[2]


def _refusals(method: str, path: str, operation: dict[str, Any]) -> list[str]:
    codes = list(ALWAYS)
    headers = {item["name"] for item in operation.get("parameters", [])}
    if "{" in path or method == "post":
        codes.append("404")
    if method != "get":
        codes += WITH_BODY
    elif "cursor" in headers:
        codes += ["404", "422"]
    if "If-Match" in headers:
        codes += ["412", "428"]
    return sorted(set(codes))


def _headers(code: str, response: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    text = {"schema": {"type": "string"}}
    if "version" in schemas.get(_name_of(response), {}).get("properties", {}):
        headers["ETag"] = {"description": "The version, for If-Match.", **text}
    if code == "201":
        headers["Location"] = {"description": "Where the new resource is.", **text}
    return headers


def _completed(method: str, path: str, operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    # The framework thinks that a door open to everybody needs nobody: the doors decide, not it.
    operation["security"] = [way for way in operation.get("security", []) if way]
    for code, response in operation["responses"].items():
        headers = _headers(code, response, schemas)
        if headers:
            response["headers"] = headers
    if method == "post":
        operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
    for code in _refusals(method, path, operation):
        operation["responses"].setdefault(code, {"$ref": f"#/components/responses/Problem{code}"})


def refusals_added(result: dict[str, Any], **_other: Any) -> dict[str, Any]:
    """Return the schema with every operation's refusals, headers and need of a session."""
    components = result.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name, schema in schemas.items():
        if name.endswith("In"):
            schema["additionalProperties"] = False
    schemas["Problem"] = PROBLEM
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    components["responses"] = {
        f"Problem{code}": {"description": words, "content": content}
        for code, words in WORDS.items()
    }
    for path, item in result["paths"].items():
        for method in METHODS & set(item):
            _completed(method, path, item[method], schemas)
    return result


def document() -> dict[str, Any]:
    """Return the schema of version 1 in English, the language of the file in docs/."""
    with override("en"):
        found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return found
