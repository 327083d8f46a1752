"""The trail leaves the house: all of it, in three forms, by whom and how much is on the trail."""

import base64
import csv
import io
import json
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from audit.exports import fhir
from audit.models import AuditEvent
from core import clock
from tests.audit.test_search import ROW, event, whole_house
from tests.factories.org import Hospital
from tests.factories.sessions import sign_in


@pytest.fixture
def officer(hospital: Hospital) -> Client:
    return whole_house(hospital)


def lines(client: Client, form: str, **filters: Any) -> list[str]:
    answer = client.get(reverse("audit:export"), {**filters, "as": form})
    assert answer.status_code == 200
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["Cache-Control"] == "private, no-store"
    return answer.getvalue().decode().splitlines()


def many(count: int, **values: Any) -> list[str]:
    now = clock.now()
    rows = [
        AuditEvent(
            **{"act": "many", "action": "R", "source": "api", **values},
            occurred_at=now - timedelta(seconds=number),
        )
        for number in range(count)
    ]
    AuditEvent.objects.bulk_create(rows)
    return [str(row.public_id) for row in rows]


def test_an_export_of_5000_rows_equals_the_search(officer: Client) -> None:
    made = many(5_000)
    event(act="other")
    read = list(csv.DictReader(lines(officer, "csv", act="many")))
    assert [row["public_id"] for row in read] == made
    found, cursor = [], ""
    while True:
        page = officer.get(reverse("audit:events"), {"act": "many", "size": 200, "cursor": cursor})
        found += [str(row.event.public_id) for row in page.context["rows"]]
        cursor = page.context["pages"].next
        if not cursor:
            break
    assert found == made


@pytest.mark.parametrize("form", ["csv", "ndjson", "fhir"])
def test_each_form_has_every_row_in_the_wanted_order(officer: Client, form: str) -> None:
    made = many(30)
    said = lines(officer, form, act="many", order="up")
    if form == "csv":
        keys = [row["public_id"] for row in csv.DictReader(said)]
    else:
        keys = [json.loads(line)["id" if form == "fhir" else "public_id"] for line in said]
    assert keys == made[::-1]


def test_formulas_are_disarmed_in_tables(officer: Client) -> None:
    for reason in ("=1+1", "+1", "-1", "@SUM(A1)", "\tx", "fine, = here"):
        event(act="formula", reason=reason, after={"=x": "=y"})
    read = list(csv.DictReader(io.StringIO("\n".join(lines(officer, "csv", act="formula")))))
    assert [row["reason"] for row in read] == [
        "fine, = here", "'\tx", "'@SUM(A1)", "'-1", "'+1", "'=1+1",
    ]  # fmt: skip
    assert all(not row[name].startswith(("=", "+", "-", "@")) for row in read for name in row)


def test_lines_of_json_say_what_the_row_says(officer: Client) -> None:
    row = event(**ROW)
    (said,) = map(json.loads, lines(officer, "ndjson", request="request-77"))
    for name in ("before", "after", "query", "reason", "recipient", "door", "actor", "unit"):
        assert said[name] == getattr(row, name)
    assert datetime.fromisoformat(said["occurred_at"]) == row.occurred_at
    assert said["occurred_at"].endswith("Z")
    assert said["patient"] == str(row.patient)


def test_an_export_asks_again_who_it_is(hospital: Hospital) -> None:
    client = sign_in(Client(), hospital.person("privacy_officer"), fresh=False)
    answer = client.get(reverse("audit:export"), {"as": "csv"})
    assert (answer.status_code, "/account/confirm/" in answer["Location"]) == (302, True)


def test_reading_is_not_exporting(as_role: Callable[[str], Client]) -> None:
    client = as_role("auditor")
    assert client.get(reverse("audit:events")).status_code == 200
    assert client.get(reverse("audit:export")).status_code == 403
    assert b"/audit/export/" not in client.get(reverse("audit:events")).content


@pytest.mark.parametrize("query", ["as=exe", "as=csv&sort=1;DROP", "since=never"])
def test_a_wrong_question_exports_nothing(officer: Client, query: str) -> None:
    assert officer.get(f"{reverse('audit:export')}?{query}").status_code == 422


def test_an_export_is_on_the_trail_with_filter_and_count(
    officer: Client, hospital: Hospital
) -> None:
    many(12)
    lines(officer, "ndjson", act="many", outcome="0")
    began, ended = AuditEvent.objects.filter(act__in=["export", "trail_export"]).order_by("id")
    assert (began.act, began.action, began.query["terms"]["act"]) == ("export", "E", "many")
    assert ended.query == {
        "terms": {"act": "many", "outcome": "0", "period": "24h"},
        "format": "ndjson",
        "count": 12,
    }
    assert (ended.outcome, ended.actor) == ("0", hospital.person("privacy_officer").pk)
    assert (ended.request_id, ended.door) == (began.request_id, "audit:export")


def test_an_export_that_was_broken_off_says_so(committed_hospital: Hospital) -> None:
    officer = whole_house(committed_hospital)
    many(5_000)
    answer = officer.get(reverse("audit:export"), {"act": "many", "as": "ndjson"})
    next(iter(answer.streaming_content))
    answer.close()
    ended = AuditEvent.objects.get(act="trail_export")
    assert (ended.outcome, ended.reason) == ("8", "broken off")
    assert 0 < ended.query["count"] < 5_000


def test_an_export_takes_no_more_memory_for_more_rows(officer: Client) -> None:
    def peak(count: int) -> int:
        many(count, act=f"many{count}", after={"text": "x" * 500})
        answer = officer.get(reverse("audit:export"), {"act": f"many{count}", "as": "csv"})
        tracemalloc.start()
        size = sum(len(part) for part in answer.streaming_content)
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert size > count * 500
        return most

    assert peak(12_000) < 1.5 * peak(4_000)


def test_an_export_reaches_as_far_as_the_search(hospital: Hospital, as_role: Any) -> None:
    own = event(unit=hospital.ward.pk, act="scope")
    event(unit=hospital.elsewhere.pk, act="scope")
    (said,) = map(json.loads, lines(as_role("privacy_officer"), "ndjson", act="scope"))
    assert said["public_id"] == str(own.public_id)


# What FHIR R4 asks of AuditEvent: name -> (least, most); None is any number.
CARDINALITY = {"type": (1, 1), "recorded": (1, 1), "agent": (1, None), "source": (1, 1)}
ALLOWED = {
    *("resourceType", "id", "meta", "type", "subtype", "action", "period", "recorded"),
    *("outcome", "outcomeDesc", "purposeOfEvent", "agent", "source", "entity"),
}
IN_AGENT = {"type", "role", "who", "altId", "name", "requestor", "network", "purposeOfUse"}
IN_ENTITY = {"what", "type", "role", "lifecycle", "name", "description", "query", "detail"}


def nodes(value: Any) -> Iterator[Any]:
    yield value
    for child in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    ):
        yield from nodes(child)


def faults(found: dict[str, Any]) -> list[str]:
    """Return what FHIR R4 would refuse in an AuditEvent."""
    wrong = [f"unknown {name}" for name in set(found) - ALLOWED]
    wrong += [f"no {name}" for name in CARDINALITY if not found.get(name)]
    wrong += ["empty value" for value in nodes(found) if value in ("", [], {}, None)]
    if found["action"] not in "CRUDE" or found["outcome"] not in {"0", "4", "8", "12"}:
        wrong.append("code outside a required binding")
    for agent in found["agent"]:
        wrong += [f"agent: unknown {name}" for name in set(agent) - IN_AGENT]
        if not isinstance(agent.get("requestor"), bool):
            wrong.append("agent without requestor")
        if agent.get("network", {"type": "1"})["type"] not in "12345":
            wrong.append("network type")
    if not found["source"].get("observer"):
        wrong.append("source without observer")
    for entity in found.get("entity", []):
        wrong += [f"entity: unknown {name}" for name in set(entity) - IN_ENTITY]
        if "name" in entity and "query" in entity:
            wrong.append("sev-1")
        wrong += [
            "detail" for each in entity.get("detail", []) if set(each) != {"type", "valueString"}
        ]
    for coding in nodes(found):
        if isinstance(coding, dict) and "code" in coding and not coding.get("system"):
            wrong.append("code without system")
    datetime.fromisoformat(found["recorded"])
    return wrong


KINDS: dict[str, dict[str, Any]] = {
    "a view": {"act": "view", "action": "R", "subject_type": "org.user", "subject": "7"},
    "a search": {"act": "search", "action": "E", "query": {"terms": {"q": "smith"}, "count": 3}},
    "a list": {"act": "list", "action": "R", "query": {"size": "50"}},
    "a change": {**ROW, "recipient": "", "purpose": "", "query": None, "outcome": "0"},
    "a creation": {"act": "unit_create", "action": "C", "subject_type": "org.unit", "subject": "1"},
    "a deletion": {"act": "x_delete", "action": "D", "subject_type": "org.unit", "subject": ""},
    "a sign-in": {"act": "sign_in", "action": "E", "outcome": "4", "reason": "password"},
    "a disclosure": {**ROW, "act": "disclosure", "action": "R", "outcome": "0", "query": None},
    "an export": {"act": "export", "action": "E", "query": {"terms": {"as": "csv"}}},
    "a task": {"act": "unit_close", "action": "U", "actor_name": "system", "source": "task"},
    "nobody": {"act": "list", "action": "R", "outcome": "4", "address": "192.0.2.1"},
    "an empty question": {"act": "search", "action": "E", "query": {"terms": {}}},
}


def made(kind: str, **values: Any) -> dict[str, Any]:
    row = event(
        **{"address": "10.0.0.7", "actor": 5, "role": "nurse, doctor"} | KINDS[kind] | values
    )
    row.refresh_from_db()
    return fhir.resource(row)


@pytest.mark.parametrize("kind", KINDS)
def test_an_audit_event_is_one_that_fhir_takes(db: None, kind: str) -> None:
    assert faults(made(kind)) == []


def codes(found: dict[str, Any], name: str) -> list[str]:
    return [coding["code"] for coding in found[name]]


def agents(found: dict[str, Any]) -> dict[str, Any]:
    return {agent["type"]["coding"][0]["code"]: agent for agent in found["agent"]}


def test_a_view_of_a_patient_is_balp_s_patient_read(db: None) -> None:
    patient = uuid4()
    found = made("a view", patient=patient, request_id="r-1")
    assert found["meta"]["profile"][0].endswith("IHE.BasicAudit.PatientRead")
    assert (found["type"]["code"], codes(found, "subtype")[0], found["action"]) == (
        "rest", "read", "R",
    )  # fmt: skip
    assert set(agents(found)) == {"IRCP", "110152", "110153"}
    assert agents(found)["110152"]["network"] == {"address": "10.0.0.7", "type": "2"}
    assert [role["text"] for role in agents(found)["IRCP"]["role"]] == ["nurse", "doctor"]
    people = [one for one in found["entity"] if one["type"]["code"] == "1"]
    assert [one["what"]["reference"] for one in people] == [f"Patient/{patient}"]


@pytest.mark.parametrize("kind", ["a search", "a list"])
def test_a_search_carries_what_was_asked(db: None, kind: str) -> None:
    found = made(kind)
    assert found["meta"]["profile"][0].endswith("IHE.BasicAudit.Query")
    assert (codes(found, "subtype")[0], found["action"]) == ("search", "E")
    assert agents(found)["110153"]["network"]["address"] == "10.0.0.7"
    (asked,) = [one for one in found["entity"] if "query" in one]
    said = dict(parse_qsl(base64.b64decode(asked["query"]).decode()))
    assert said == {"a search": {"q": "smith", "count": "3"}, "a list": {"size": "50"}}[kind]


@pytest.mark.parametrize(
    ("kind", "profile", "subtype"),
    [("a creation", "Create", "create"), ("a change", "PatientUpdate", "update")],
)
def test_changes_are_balp_s_too(db: None, kind: str, profile: str, subtype: str) -> None:
    found = made(kind)
    assert found["meta"]["profile"][0].endswith(f"IHE.BasicAudit.{profile}")
    assert codes(found, "subtype")[0] == subtype
    assert set(agents(found)) == {"AUT", "110152", "110153"}


def test_what_is_not_sure_claims_no_profile(db: None) -> None:
    for kind in ("a sign-in", "a disclosure", "an export", "a task", "nobody"):
        assert "meta" not in made(kind)


def test_a_disclosure_names_who_got_it_and_what_for(db: None) -> None:
    found = made("a disclosure")
    assert (found["type"]["code"], codes(found, "subtype")[0]) == ("110106", "disclose")
    assert agents(found)["110152"]["who"] == {"display": "Insurer North"}
    assert found["purposeOfEvent"] == [{"text": "Claim 7"}]
