"""Who looked at what: asked before and after each view, list, search, print, export and refusal."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import path, reverse

from audit import services as audit
from audit.models import AuditEvent
from core.doors import Public, SignedIn, requires
from hms import access_log
from hms.urls import urlpatterns
from tests.architecture.routes import every_route
from tests.factories.org import Hospital

API = "/api/v1/org"


def last_after(act: Callable[[], Any]) -> tuple[Any, list[AuditEvent]]:
    """Return the answer and the rows that it left."""
    before = set(AuditEvent.objects.values_list("pk", flat=True))
    answer = act()
    return answer, list(AuditEvent.objects.exclude(pk__in=before).order_by("pk"))


def look(client: Client, address: str, **rest: Any) -> AuditEvent:
    answer, rows = last_after(lambda: client.get(address, **rest))
    assert len(rows) == 1, f"{answer.status_code}: {len(rows)} rows"
    return rows[0]


def test_a_view_names_who_whom_where_from_and_in_which_request(
    hospital: Hospital, as_role: Callable[[str], Client]
) -> None:
    nurse, auditor = hospital.person("nurse"), hospital.person("auditor")
    row = look(
        as_role("auditor"), f"/people/{nurse.public_id}/", headers={"X-Request-Id": "look-0001"}
    )
    assert (row.act, row.action, row.outcome) == ("view", "R", "0")
    assert (row.subject_type, row.subject) == ("org.user", str(nurse.public_id))
    assert (row.actor, row.actor_name) == (auditor.pk, auditor.full_name)
    assert (row.role, row.unit, row.unit_name) == (
        "auditor",
        hospital.root.pk,
        hospital.root.name,
    )
    assert (row.door, row.source, row.request_id) == ("org:person", "screen", "look-0001")
    assert (row.address, len(row.session)) == ("127.0.0.1", 8)
    assert row.occurred_at is not None
    assert row.recorded_at >= row.occurred_at


def test_the_unit_a_person_stands_in_is_named_below_the_home_unit_too(
    hospital: Hospital, as_role: Callable[[str], Client]
) -> None:
    client = as_role("auditor")
    client.post(reverse("org:unit-switch"), {"unit": str(hospital.ward.public_id)})
    row = look(client, "/units/")
    assert (row.unit, row.unit_name) == (hospital.ward.pk, "Medical A")


@pytest.mark.parametrize(
    ("address", "act", "query"),
    [
        ("/people/", "list", None),
        ("/people/?q=mar&state=active", "search", {"terms": {"q": "mar", "state": "active"}}),
        ("/people/?q=", "list", None),
        ("/search/?q=delgado", "search", {"terms": {"q": "delgado"}}),
        (f"{API}/people/?search=mar&size=5", "search", {"terms": {"search": "mar"}, "size": "5"}),
        (f"{API}/people/?size=5", "list", {"size": "5"}),
        ("/units/new/", "view", None),
        ("/", "view", None),
    ],
)
def test_lists_and_searches_keep_their_terms(
    as_role: Callable[[str], Client], address: str, act: str, query: object
) -> None:
    row = look(as_role("system_administrator"), address)
    assert (row.act, row.query) == (act, query)
    assert row.source == ("api" if address.startswith("/api/") else "screen")


def test_secrets_in_an_address_are_left_out(as_role: Callable[[str], Client]) -> None:
    row = look(as_role("auditor"), "/people/?q=a&reset_token=abc&Password=def")
    assert row.query == {"terms": {"q": "a", "reset_token": "…", "Password": "…"}}


REFUSALS = [
    ("get", "/people/", ("list", 403, "permission_denied")),
    ("get", "/people/{nurse}/", ("view", 403, "permission_denied")),
    ("get", f"{API}/people/{{nurse}}/", ("view", 403, "permission_denied")),
    ("get", "/nowhere/", ("view", 404, "not_found")),
    ("post", "/people/new/", ("refused", 403, "permission_denied")),
    ("post", f"{API}/units/", ("refused", 403, "permission_denied")),
]


@pytest.mark.parametrize(("method", "address", "said"), REFUSALS)
def test_every_refusal_is_on_the_trail(
    hospital: Hospital, as_role: Callable[[str], Client], method: str, address: str, said: Any
) -> None:
    client, nurse = as_role("nurse"), hospital.person("nurse")
    where = address.format(nurse=nurse.public_id)
    answer, (row,) = last_after(lambda: getattr(client, method)(where))
    assert (row.act, answer.status_code, row.reason) == said
    assert (row.outcome, row.actor) == ("4", nurse.pk)


def test_what_is_in_another_site_is_refused_and_recorded_as_such(
    hospital: Hospital, as_role: Callable[[str], Client]
) -> None:
    row = look(as_role("auditor"), f"/units/{hospital.elsewhere.public_id}/")
    assert (row.act, row.outcome, row.reason) == ("view", "4", "not_found")
    assert row.subject == str(hospital.elsewhere.public_id)


def test_nobody_s_refusals_are_recorded_within_bounds(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_log._Minute, "number", -1)
    client = Client()
    answer, rows = last_after(lambda: client.get(f"{API}/people/"))
    assert (answer.status_code, len(rows)) == (401, 1)
    assert (rows[0].actor, rows[0].outcome, rows[0].reason) == (None, "4", "not_authenticated")
    answer, rows = last_after(lambda: client.get("/people/"))
    assert (answer.status_code, len(rows)) == (302, 1)
    monkeypatch.setattr(access_log, "NOBODY_PER_PROCESS", 5)
    _answer, rows = last_after(lambda: [client.get(f"{API}/people/") for _each in range(20)])
    assert len(rows) <= 5
    monkeypatch.setattr(access_log, "NOBODY_PER_PROCESS", 1000)
    _answer, rows = last_after(lambda: [client.get(f"{API}/people/") for _each in range(80)])
    assert len(rows) <= 2 * access_log.NOBODY_PER_ADDRESS


@pytest.mark.parametrize("address", ["/livez", "/readyz", "/keys/", "/sign-in/", "/static/x.css"])
def test_what_shows_nothing_of_anybody_leaves_no_row(
    as_role: Callable[[str], Client], address: str
) -> None:
    client = Client() if address == "/sign-in/" else as_role("nurse")
    _answer, rows = last_after(lambda: client.get(address))
    assert [row.act for row in rows if row.outcome == "0"] == []


def _site(settings: Any, **views: Any) -> None:
    extra = [path(f"probe-{name}/", view, name=f"probe-{name}") for name, view in views.items()]
    settings.ROOT_URLCONF = type("Urls", (), {"urlpatterns": [*extra, *urlpatterns]})


def _probe(answer: Callable[[], HttpResponse], **declared: Any) -> Any:
    @requires(SignedIn("a probe of the tests"), module=None, **declared)
    def view(_request: Any) -> HttpResponse:
        return answer()

    return view


def test_prints_downloads_exports_and_polls_are_told_apart(
    as_role: Callable[[str], Client], settings: Any
) -> None:
    _site(
        settings,
        pdf=_probe(lambda: HttpResponse(b"%PDF", content_type="application/pdf")),
        file=_probe(
            lambda: HttpResponse(b"x", headers={"Content-Disposition": 'attachment; filename="x"'})
        ),
        export=_probe(lambda: HttpResponse(b"x"), reads="export"),
        same=_probe(lambda: HttpResponse(status=304)),
        busy=_probe(lambda: HttpResponse(status=423)),
    )
    client = as_role("nurse")
    assert look(client, "/probe-pdf/").act == "print"
    assert look(client, "/probe-file/").act == "download"
    row = look(client, "/probe-export/")
    assert (row.act, row.action) == ("export", "E")
    _answer, rows = last_after(lambda: client.get("/probe-same/", headers={"HMS-Poll": "1"}))
    assert rows == []
    row = look(client, "/probe-busy/")
    assert (row.outcome, row.reason) == ("4", "423")


def test_a_search_that_showed_several_patients_names_each_once_in_one_insert(
    as_role: Callable[[str], Client], settings: Any
) -> None:
    patients = [uuid4(), uuid4(), uuid4()]

    def answer() -> HttpResponse:
        audit.look(kind="search", patients=[*patients, patients[0]], count=3)
        return HttpResponse("x")

    _site(settings, many=_probe(answer))
    client = as_role("nurse")
    with CaptureQueriesContext(connection) as queries:
        _answer, rows = last_after(lambda: client.get("/probe-many/?name=smith"))
    assert {row.patient for row in rows} == set(patients)
    assert len(rows) == 3
    assert all(row.query == {"terms": {"name": "smith"}, "count": 3} for row in rows)
    assert sum('INSERT INTO "audit_' in query["sql"] for query in queries) == 1


def test_a_door_that_breaks_leaves_a_failure(settings: Any, as_role: Any) -> None:
    def broken() -> HttpResponse:
        raise RuntimeError("broken")

    _site(settings, broken=_probe(broken))
    settings.ROOT_URLCONF.handler500 = "hms.views.broken"
    client = as_role("nurse")
    client.raise_request_exception = False
    answer, rows = last_after(lambda: client.get("/probe-broken/"))
    assert answer.status_code == 500
    assert [(row.act, row.outcome, row.reason) for row in rows] == [("list", "8", "500")]


def test_what_cannot_be_recorded_is_not_shown(
    hospital: Hospital,
    as_role: Callable[[str], Client],
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
    tmp_path: Path,
) -> None:
    """Neither on the trail nor aside: a file stands where the folder of looks should be."""

    def full(_events: Any) -> None:
        raise DatabaseError("no space left on device")

    settings.AUDIT_SPOOL_DIR = tmp_path / "file"
    settings.AUDIT_SPOOL_DIR.write_text("")

    client = as_role("auditor")
    address = f"/people/{hospital.person('nurse').public_id}/"
    assert client.get(address).status_code == 200
    monkeypatch.setattr(access_log, "looks_store", full)
    answer = client.get(address)
    assert answer.status_code == 503
    assert b"Nurse" not in answer.content
    # A refusal stays one: nothing was shown.
    assert as_role("nurse").get("/people/").status_code == 403


def test_one_page_is_one_insert(as_role: Callable[[str], Client]) -> None:
    client = as_role("auditor")
    client.get("/people/")
    with CaptureQueriesContext(connection) as queries:
        client.get("/people/")
    assert sum('"audit_' in query["sql"] for query in queries) == 1


def test_a_look_outside_of_a_request_costs_nothing(
    db: None, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        audit.look(kind="view", patient=uuid4())


@pytest.mark.parametrize(
    "route", [route for route in every_route() if route.parameters], ids=lambda route: route.name
)
def test_every_address_with_a_record_says_which_kind_of_record(route: Any) -> None:
    label = access_log.subject_type(route.name, route.room)
    assert label == "" or access_log.is_model(label), (
        f"{route.name}: {label} is no table; see SUBJECTS"
    )


def test_public_doors_are_looks_only_when_they_say_so() -> None:
    door = requires(Public("a probe of the tests"), module=None)(lambda _request: None).door  # type: ignore[attr-defined]
    request = RequestFactory().get("/")
    assert access_log._outcome(request, HttpResponse(), door) == (None, "")
