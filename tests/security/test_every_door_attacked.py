"""The good request of every writing door, bent: forged, stuffed with more, filled with rubbish.

The doors and their good requests are those of tests/fixtures/deeds: a new door is attacked as well.
"""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote, quote_from_bytes

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from core import clock
from org.models import User
from tests.architecture.subjects import plant
from tests.architecture.test_crawl import DOORS, ROUTES, address_of
from tests.factories import org as people
from tests.factories.sessions import sign_in
from tests.fixtures.deeds import DEEDS, Sent, World

# `make test-all` tries everything; each run some of it at every door.
WHOLE = bool(os.environ.get("HMS_WHOLE"))
# Clients prove themselves with what is in the form: there is no session to ride.
BY_CLIENTS = {"POST oauth-token", "POST oauth-revoke"}
LOOKING = {"view", "list", "search", "print", "download", "export", "refused", "failed"}
FORGED: dict[str, dict[str, str]] = {
    "no token": {},
    "a wrong token": {"X-CSRFToken": "x" * 64},
    "another site": {"Origin": "https://evil.example", "Referer": "https://evil.example/page"},
}


@pytest.fixture(autouse=True)
def _no_brake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.limits.seconds_to_wait", lambda *_args, **_named: 0.0)


def _each_undone(hospital: people.Hospital) -> Iterator[tuple[str, World, Sent]]:
    """Every door with its good request, in a hospital that afterwards is as it was."""
    for name, make in DEEDS.items():
        with transaction.atomic():
            world = World(hospital)
            sent = make(world)
            sent.client = sent.client or world.admin
            sent.client.raise_request_exception = False
            yield name, world, sent
            transaction.set_rollback(True)


def _acts(since: int) -> list[str]:
    rows = AuditEvent.objects.filter(pk__gt=since, outcome="0").exclude(act__in=LOOKING)
    return list(rows.values_list("act", flat=True))


def _newest() -> int:
    return AuditEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


@pytest.mark.parametrize("kind", FORGED if WHOLE else ["another site"])
def test_nothing_is_done_for_another_site(kind: str, hospital: people.Hospital) -> None:
    """The browser's session alone does nothing: each form brings the token of its page."""
    wrong = []
    for name, world, sent in _each_undone(hospital):
        if name in BY_CLIENTS:
            continue
        sent.client.handler.enforce_csrf_checks = True  # type: ignore[union-attr]
        sent.headers = {**sent.headers, **FORGED[kind]}
        since = _newest()
        answer = world.send(sent)
        if answer.status_code != 403 or _acts(since):
            wrong.append(f"{name}: {answer.status_code} {_acts(since)}")
    assert wrong == []


EXTRA: dict[str, Any] = {
    "by": 1,
    "at": "2001-01-01T00:00:00Z",
    "user": 1,
    "user_id": 1,
    "is_active": True,
    "is_superuser": True,
    "is_staff": True,
    "state": "active",
    "actor": 1,
    "id": 1,
    "created_at": "2001-01-01T00:00:00Z",
    "__proto__": {"x": 1},
}


def test_an_api_door_refuses_what_it_did_not_ask_for_by_name(hospital: people.Hospital) -> None:
    """Mass assignment (SEC-Z10): at every door, whatever it is called next year."""
    wrong = []
    for name, world, sent in _each_undone(hospital):
        if not sent.name.startswith("api:"):
            continue
        takes_nothing = not sent.body
        # What the door takes by that name is its own affair.
        extra = EXTRA.keys() - (sent.body or {}).keys()
        sent.body = {**EXTRA, **(sent.body or {})}
        since = _newest()
        answer = world.send(sent)
        if takes_nothing and answer.status_code < 500:
            # A door without fields reads no body at all.
            continue
        named = set(answer.json().get("errors", {})) if answer.content else set()
        if answer.status_code != 422 or named != extra or _acts(since):
            wrong.append(f"{name}: {answer.status_code} {sorted(extra ^ named)}")
    assert wrong == []


def test_a_page_takes_no_more_than_its_fields(hospital: people.Hospital) -> None:
    """What a form does not show is not stored, whoever adds it."""
    kept = ("is_superuser", "is_staff", "state", "username", "password", "public_id")
    kept = tuple(name for name in kept if name in {field.name for field in User._meta.fields})
    extra = {"is_superuser": "1", "is_staff": "1", "state": "left", "username": "taken"}
    extra |= {"password": "x" * 20, "public_id": "6f9619ff-8b86-d011-b42d-00c04fc964ff"}
    for name in ("POST org:person-edit", "POST org:preferences"):
        world = World(hospital)
        sent = DEEDS[name](world)
        before = list(User.objects.order_by("pk").values_list(*kept))
        answer = world.send(replace(sent, body={**extra, **sent.body}))
        assert answer.status_code < 400
        assert list(User.objects.order_by("pk").values_list(*kept)) == before


RUBBISH = {
    "nul": "a\x00b",
    "surrogate": "\ud800",
    "long": "x" * 100_000,
    "markup": "<script>alert(1)</script>",
    "sql": "' OR 1=1; --",
    "number": "9" * 400,
    "bidi": "\u202egnp.exe",
    "nothing": "",
    "template": "{{ 7*7 }}{% load x %}",
    "path": "../../../../etc/passwd",
}


def _raw(fields: dict[str, Any]) -> bytes:
    parts = []
    for name, value in fields.items():
        for each in value if isinstance(value, list) else [value]:
            text = str(each).encode("utf-8", "surrogatepass")
            parts.append(f"{name}={quote_from_bytes(text)}")
    return "&".join(parts).encode()


def _bent(sent: Sent, field: str, value: str) -> HttpResponse:
    body = {**sent.body, field: value}
    address = reverse(sent.name, args=sent.parts) + sent.query
    client: Any = sent.client
    if sent.name.startswith("api:"):
        data = json.dumps(body, default=str).encode()
        kind = "application/json"
    else:
        data, kind = _raw(body), "application/x-www-form-urlencoded"
    answer: HttpResponse = client.generic(
        sent.method, address, data, content_type=kind, headers=sent.headers or None
    )
    return answer


def test_no_field_of_any_door_breaks_it(hospital: people.Hospital) -> None:
    """Any text in any field is an answer below 500 (SEC-I1), within five seconds."""
    broken, turn = [], 0
    for name, _world, sent in _each_undone(hospital):
        if not isinstance(sent.body, dict):
            continue
        for field in sent.body:
            for kind, value in RUBBISH.items():
                turn += 1
                if not WHOLE and turn % 20:
                    continue
                started = clock.now()
                with transaction.atomic():
                    answer = _bent(sent, field, value)
                    transaction.set_rollback(True)
                seconds = (clock.now() - started).total_seconds()
                if answer.status_code >= 500 or seconds > 5:
                    broken.append(f"{name} {field} {kind}: {answer.status_code} {seconds:.1f}")
    assert broken == []


KINDS = {
    "json": ("application/json", b'{"a": 1}'),
    "xml": (
        "application/xml",
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    ),
    "no boundary": ("multipart/form-data", b"--x\r\n"),
    "cut": ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"'),
    "odd charset": ("application/x-www-form-urlencoded; charset=utf-7", b"a=+ADw-"),
    "no charset": ("application/x-www-form-urlencoded; charset=none", b"a=b"),
    "many fields": (
        "application/x-www-form-urlencoded",
        b"&".join(b"a%d=1" % n for n in range(2_500)),
    ),
    "many parts": (
        "multipart/form-data; boundary=x",
        b"".join(
            b'--x\r\nContent-Disposition: form-data; name="f%d"; filename="a"\r\n\r\nx\r\n' % n
            for n in range(30)
        )
        + b"--x--\r\n",
    ),
    "binary": ("application/octet-stream", bytes(range(256))),
}


def _turns(kinds: Iterable[str], number: int) -> list[str]:
    """Return which kinds are tried at a door: all, or in each run the one whose turn it is."""
    every = list(kinds)
    return every if WHOLE else [every[number % len(every)]]


def test_another_kind_of_body_is_answered_at_every_door(hospital: people.Hospital) -> None:
    broken = []
    for number, (name, _world, sent) in enumerate(_each_undone(hospital)):
        address = reverse(sent.name, args=sent.parts) + sent.query
        client: Any = sent.client
        for kind in _turns(KINDS, number):
            content_type, body = KINDS[kind]
            with transaction.atomic():
                answer = client.generic(
                    sent.method,
                    address,
                    body,
                    content_type=content_type,
                    headers=sent.headers or None,
                )
                transaction.set_rollback(True)
            # A door without fields reads no body at all; every other one takes JSON only.
            is_read = sent.name.startswith("api:") and sent.body and kind != "json"
            if answer.status_code >= 500 or (is_read and answer.status_code not in {413, 415}):
                broken.append(f"{name}, {kind}: {answer.status_code}")
    assert broken == []


ASKED = ["q", "search", "cursor", "size", "sort", "order", "state", "kind", "unit", "site",
         "person", "role", "module", "since", "until", "from", "to", "act", "next", "key", "page",
         "factor", "format", "type", "id", "subject", "actor", "client", "outcome"]  # fmt: skip
IN_ADDRESSES = {
    "long": "x" * 3_000,
    "number": "9" * 400,
    "minus": "-1",
    "huge": "1e309",
    "sql": "' OR 1=1 --",
    "odd digits": "\u0663\u0662",
    "bytes": "%ff%fe",
    "surrogate": "%ed%a0%80",
    "markup": "<script>canary</script>",
    "list": "[]",
    "far": "9999-12-31T23:59:59+14:00",
    "never": "0000-00-00",
}


def test_no_question_in_an_address_breaks_a_page(hospital: people.Hospital) -> None:
    """Every door that is read, with every name that any of them asks for (SEC-I1)."""
    client = sign_in(Client(raise_request_exception=False), hospital.admin)
    everybody = sign_in(Client(raise_request_exception=False), hospital.person("privacy_officer"))
    subjects, broken = plant(hospital), []
    for number, route in enumerate(ROUTES):
        if "GET" not in DOORS[route.name]:
            continue
        who = everybody if DOORS[route.name]["GET"].startswith("audit.") else client
        for kind in {*_turns(IN_ADDRESSES, number), "markup"}:
            value = IN_ADDRESSES[kind]
            text = value if value.startswith("%") else quote(value)
            question = "&".join(f"{name}={text}" for name in ASKED)
            answer = who.get(f"{address_of(route, subjects.own)}?{question}")
            is_page = "html" in answer.get("Content-Type", "")
            is_run = is_page and b"<script>canary" in answer.getvalue()
            if answer.status_code >= 500 or is_run:
                broken.append(f"{route.name}, {kind}: {answer.status_code}")
    assert broken == []


HEADERS = {
    "no token": {"Authorization": "Bearer"},
    "two tokens": {"Authorization": "Bearer a b"},
    "a list": {"Authorization": "Bearer a, Bearer b"},
    "long": {"Authorization": "Bearer " + "x" * 50_000},
    "not ascii": {"Authorization": "Bearer \u00e9\u00ff"},
    "lower case": {"Authorization": "bearer x"},
    "another scheme": {"Authorization": "Basic eDp5"},
    "nonsense": {"Authorization": "\x01"},
    "length": {"Content-Length": "\u00b2"},
    "languages": {"Accept-Language": "x" * 5_000 + ";q=9"},
    "kinds": {"Accept": ";;;,*/*;q=x"},
    "version": {"If-Match": "\u00b2", "If-None-Match": "x" * 5_000},
    "key": {"Idempotency-Key": "\u00e9"},
    "cookies": {"Cookie": "hms_session=\x01; hms_csrf=" + "x" * 5_000},
    "request": {"X-Request-Id": "x\r\ny", "HX-Current-URL": "http://[x", "HX-Request": "true"},
    "address": {"X-Forwarded-For": "x" * 5_000, "X-Real-IP": "\u00e9"},
}


@pytest.mark.parametrize("name", HEADERS)
def test_no_header_breaks_or_opens_a_door(name: str, hospital: people.Hospital) -> None:
    for address in ("/people/", "/api/v1/org/people/", "/api/v1/org/me/", "/oauth/introspect"):
        for method in ("GET", "POST"):
            client = Client(raise_request_exception=False)
            answer = client.generic(method, address, headers=HEADERS[name])
            # A script is answered with nothing but where to sign in.
            is_told = answer.status_code == 204 and not answer.content
            told = (method, address, answer.status_code)
            assert is_told or 300 <= answer.status_code < 500, told


def test_the_key_of_one_person_repeats_nothing_to_another(hospital: people.Hospital) -> None:
    """An Idempotency-Key is its owner's: nobody reads an answer by guessing one (SEC-C6)."""
    world = World(hospital)
    sent = DEEDS["POST api:clients"](world)
    sent.headers = {"Idempotency-Key": "k1"}
    first = world.send(sent)
    assert first.status_code == 201
    again = people.person("second", family_name="Second")
    people.assign(again, "system_administrator", hospital.root)
    other = world.send(replace(sent, client=sign_in(Client(), again)))
    assert "Idempotent-Replay" not in other
    assert other.json()["client_id"] != first.json()["client_id"]
    nobody = world.send(replace(sent, client=sign_in(Client(), hospital.person("nurse"))))
    assert nobody.status_code == 403
