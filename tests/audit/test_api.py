"""The trail for programs: the same questions and answers, refusals as problem details, scopes."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
import yaml
from django.conf import settings
from django.test import Client

from audit.models import AuditEvent
from org.rules import SCOPES, scopes_with
from tests.audit.test_search import ROW, event, whole_house
from tests.factories.org import Hospital

API = "/api/v1/audit"


@pytest.fixture
def officer(hospital: Hospital) -> Client:
    return whole_house(hospital)


def got(client: Client, path: str, **query: Any) -> Any:
    answer = client.get(API + path, query)
    assert answer.status_code == 200, answer.content[:500]
    return answer.json()


def test_rows_are_searched_sorted_and_paged(officer: Client) -> None:
    rows = [event(act="probe", reason=reason) for reason in ("b", "c", "a")]
    query = {"act": "probe", "sort": "reason", "order": "up", "size": 2}
    first = got(officer, "/events/", **query)
    second = got(officer, "/events/", **query, cursor=first["next"])
    seen = [row["reason"] for row in first["items"] + second["items"]]
    assert (seen, second["next"]) == (["a", "b", "c"], "")
    assert first["items"][1]["public_id"] == str(rows[0].public_id)


def test_one_row_names_its_person_and_its_seal(officer: Client, hospital: Hospital) -> None:
    nurse = hospital.person("nurse")
    row = event(**ROW, actor=nurse.pk)
    found = got(officer, f"/events/{row.public_id}/")
    assert (found["actor"], found["before"]) == (str(nurse.public_id), {"beds": 12})
    assert found["seal"] == {"standing": "waiting", "number": None, "sealed_at": None}
    assert officer.get(f"{API}/events/{uuid4()}/").status_code == 404


def test_fields_of_a_row_are_those_of_the_schema(officer: Client) -> None:
    row = event(**ROW)
    text = (settings.BASE_DIR / "docs" / "openapi.yaml").read_text(encoding="utf-8")
    schemas = yaml.safe_load(text)["components"]["schemas"]
    shown = {
        "EventOut": got(officer, "/events/")["items"][0],
        "EventDetailOut": got(officer, f"/events/{row.public_id}/"),
        "ChangeOut": got(officer, "/history/")["items"][0],
        "SealsOut": got(officer, "/seals/"),
    }
    for name, found in shown.items():
        assert set(found) == set(schemas[name]["properties"])


WRONG = [
    ("/events/", {"since": "t-1"}, "since"),
    ("/events/", {"since": "2026-11-25T08:00:00"}, "since"),
    ("/events/", {"sort": "1;DROP TABLE"}, "sort"),
    ("/events/", {"patient": "7"}, "patient"),
    ("/events/export", {"as": "csv", "outcome": "x"}, "outcome"),
    ("/history/", {"kind": "org.spaceship"}, "kind"),
    ("/disclosures/", {"period": "always"}, "period"),
]


@pytest.mark.parametrize(("path", "query", "field"), WRONG)
def test_a_wrong_question_names_its_field(
    officer: Client, path: str, query: dict[str, str], field: str
) -> None:
    answer = officer.get(API + path, query)
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    assert list(answer.json()["errors"]) == [field]


def test_a_moment_has_its_zone(officer: Client) -> None:
    event(act="probe")
    assert len(got(officer, "/events/", act="probe", since="2026-01-01T00:00:00Z")["items"]) == 1
    assert got(officer, "/events/", act="probe", until="2026-01-01T00:00:00+01:00")["items"] == []


@pytest.mark.parametrize("accept", ["*/*", "text/csv", "application/json"])
def test_an_export_streams_whatever_is_accepted(officer: Client, accept: str) -> None:
    for _each in range(3):
        event(act="probe")
    query = {"as": "csv", "act": "probe"}
    answer = officer.get(f"{API}/events/export", query, headers={"Accept": accept})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert len(list(csv.DictReader(io.StringIO(answer.getvalue().decode())))) == 3
    answer = officer.get(f"{API}/events/export", {**query, "as": "fhir"})
    kinds = [json.loads(line)["resourceType"] for line in answer.getvalue().splitlines()]
    assert kinds == ["AuditEvent"] * 3
    assert officer.get(f"{API}/events/export", {"as": "exe"}).json()["field"] == "as"
    ended = AuditEvent.objects.filter(act="trail_export").latest("id")
    assert (ended.query["count"], ended.source) == (3, "api")


def test_history_says_who_and_what(officer: Client, hospital: Hospital) -> None:
    found = got(officer, "/history/", kind="org.unit", thing=str(hospital.ward.public_id))
    assert [row["name"] for row in found["items"]] == ["Medical A"]
    assert (found["items"][0]["change"], found["items"][0]["before"]) == ("insert", None)


GIVEN = {"what": "Letter", "recipient": "Insurer North", "purpose": "Claim 7"}


def post(client: Client, **body: Any) -> Any:
    return client.post(f"{API}/disclosures/", {**GIVEN, **body}, content_type="application/json")


def test_a_disclosure_is_recorded_and_listed(officer: Client) -> None:
    patient = str(uuid4())
    answer = post(officer, patient=patient, given_at="2026-11-20T10:00:00+01:00")
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert answer["Location"] == f"{API}/events/{made['public_id']}/"
    assert (made["recipient"], made["occurred_at"]) == (
        "Insurer North",
        "2026-11-20T09:00:00+00:00",
    )
    (found,) = got(officer, "/disclosures/", patient=patient)["items"]
    assert found["after"] == {"what": "Letter"}


WRONG_BODIES = [
    ({}, "subject"),
    ({"patient": "x"}, "patient"),
    ({"patient": str(uuid4()), "recipient": ""}, "recipient"),
    ({"patient": str(uuid4()), "given_at": "yesterday"}, "given_at"),
    ({"patient": str(uuid4()), "given_at": "2199-01-01T00:00:00Z"}, "given_at"),
    ({"subject_type": "org.spaceship", "subject": "1"}, "subject_type"),
    ({"patient": str(uuid4()), "actor": 1}, "actor"),
    ({"patient": str(uuid4()), "what": "a\u202eb"}, "what"),
]


@pytest.mark.parametrize(("body", "field"), WRONG_BODIES)
def test_a_wrong_disclosure_is_refused_and_not_recorded(
    officer: Client, body: dict[str, Any], field: str
) -> None:
    answer = post(officer, **body)
    assert answer.status_code == 422
    said = answer.json()
    assert said.get("field") == field or field in said.get("errors", {})
    assert not AuditEvent.objects.filter(act="disclosure").exists()


def test_refusals_and_reads_of_the_api_are_on_the_trail(
    officer: Client, as_role: Callable[[str], Client]
) -> None:
    assert as_role("nurse").get(f"{API}/events/").status_code == 403
    refused = AuditEvent.objects.filter(door="api:audit-events").latest("id")
    assert (refused.outcome, refused.reason) == ("4", "permission_denied")
    row = event()
    officer.get(f"{API}/events/{row.public_id}/")
    seen = AuditEvent.objects.filter(door="api:audit-event").latest("id")
    assert (seen.act, seen.subject) == ("view", str(row.public_id))


def test_each_right_of_the_trail_has_one_scope() -> None:
    for right in ("view_trail", "view_history", "export_trail", "record_disclosure", "view_seals"):
        assert len(scopes_with(f"audit.{right}")) == 1
    assert not any("audit.acknowledge_break" in scope.permissions for scope in SCOPES.values())
