"""The schema is valid, complete, committed, and true."""

from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, get_resolver
from openapi_spec_validator import OpenAPIV31SpecValidator

from core.doors import door_of
from hms import api_schema, api_v1
from org.api import serializers, shapes
from tests.factories.org import Hospital
from tests.factories.sessions import sign_in


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return api_schema.document()


def operations(schema: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, item in schema["paths"].items()
        for method, operation in item.items()
    ]


def test_the_schema_is_valid_and_the_committed_one() -> None:
    call_command("openapi", "--check")
    call_command("spectacular", "--fail-on-warn", "--validate", "--file", "/dev/null")
    with open("docs/openapi.yaml", encoding="utf-8") as file:
        stored = yaml.safe_load(file)
    assert stored["openapi"] == "3.1.0"
    assert list(OpenAPIV31SpecValidator(stored).iter_errors()) == []


def test_every_operation_documents_its_refusals(schema: dict[str, Any]) -> None:
    for path, method, operation in operations(schema):
        codes = set(operation["responses"])
        headers = {item["name"] for item in operation.get("parameters", [])}
        assert {"401", "403", "429"} <= codes, path
        by_token, by_session = operation["security"]
        assert by_session == {"session": []}
        assert len(by_token["oauth2"]) == 1
        if method != "get":
            assert {"400", "409", "413", "415", "422"} <= codes, path
        if method in {"patch", "put"}:
            assert "If-Match" in headers, path
        if method == "post":
            assert "Idempotency-Key" in headers, path
        assert ("If-Match" in headers) == ({"412", "428"} <= codes), path
        assert ("{" not in path) or "404" in codes, path


def _views() -> list[tuple[str, Any]]:
    found: list[URLPattern] = []
    for item in get_resolver(api_v1).url_patterns:
        found += [item] if isinstance(item, URLPattern) else item.url_patterns
    return [(str(each.pattern), each.callback.cls) for each in found]  # type: ignore[union-attr]


def test_every_handler_is_a_door_and_stands_in_the_schema(schema: dict[str, Any]) -> None:
    known = {(path, method) for path, method, _operation in operations(schema)}
    seen = 0
    for _route, view in _views():
        for method in ("get", "post", "put", "patch", "delete"):
            handler = getattr(view, method, None)
            if handler is not None:
                door = door_of(handler)
                assert door is not None
                assert method.upper() in door.methods
                seen += 1
    assert seen == len(known)


def test_answers_have_exactly_the_fields_of_the_schema(hospital: Hospital) -> None:
    client = Client()
    sign_in(client, hospital.admin)
    for path, shape in [
        ("sites", serializers.SiteOut),
        ("units", serializers.UnitOut),
        ("people", serializers.PersonRowOut),
        ("roles", serializers.RoleOut),
        ("assignments", serializers.AssignmentOut),
        ("activation", serializers.UnitLevelsOut),
    ]:
        items = client.get(f"/api/v1/org/{path}/").json()["items"]
        assert set(items[0]) == set(shape().fields), path
    assert set(client.get("/api/v1/org/me/").json()) == set(serializers.MeOut().fields)
    level = shapes.level_json(hospital.ward, "lab", None)
    assert set(level) == set(serializers.LevelOut().fields)


def test_the_schema_is_served_as_yaml_and_json(db: None) -> None:
    served = Client().get("/api/schema/")
    assert yaml.safe_load(served.content)["openapi"] == "3.1.0"
    assert Client().get("/api/schema/?format=json").json()["openapi"] == "3.1.0"


def test_the_page_names_every_operation_without_scripts_of_its_own(
    db: None, schema: dict[str, Any]
) -> None:
    page = Client().get("/api/docs/")
    text = page.content.decode()
    assert page.status_code == 200
    for path, method, operation in operations(schema):
        assert f'id="{operation["operationId"]}"' in text
        assert f"{method.upper()} {path}" in text
    assert "<script>" not in text
    assert "style=" not in text
