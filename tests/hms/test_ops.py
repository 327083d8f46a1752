"""Health, limits and errors of the roof."""

import json
import time
from collections import namedtuple
from datetime import timedelta

import pytest
from django.test import Client

from audit.services import Action, record, seal, unsealed_age
from core import clock, health
from hms import operations, readiness
from hms.middleware import client_address
from tests.factories.org import Hospital


def test_livez_needs_nothing() -> None:
    answer = Client().get("/livez")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.usefixtures("transactional_db")
def test_readyz_says_what_is_degraded() -> None:
    health.beat("worker", at=clock.now())
    body = Client().get("/readyz").json()
    assert body["status"] == "degraded"
    assert body["checks"]["worker"]["status"] == "ok"
    assert body["checks"]["relay"] == {
        "status": "degraded",
        "code": "never_seen",
        "detail": "Not heard of yet.",
    }
    assert body["checks"]["migrations"]["status"] == "ok"
    assert body["checks"]["deliveries"] == {"status": "ok", "code": "", "detail": ""}


def test_a_request_keeps_its_id() -> None:
    assert (
        Client().get("/livez", headers={"X-Request-Id": "abc-12345"})["X-Request-Id"] == "abc-12345"
    )
    made = Client().get("/livez", headers={"X-Request-Id": "bad id\t"})["X-Request-Id"]
    assert len(made) == 32


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "malformed"),
        (b"[" * 20_000 + b"]" * 20_000, 400, "malformed"),
        (b"\xff\xfe", 400, "malformed"),
        (b'{"name": "\\u0000"}', 422, "invalid"),
        (b"[]", 422, "invalid"),
        (b'{"surprise": 1}', 422, "invalid"),
    ],
)
def test_odd_bodies_are_refused_with_a_code(as_role, body: bytes, status: int, code: str) -> None:
    client = as_role("system_administrator")
    answer = client.post("/api/v1/org/units/", body, content_type="application/json")
    assert (answer.status_code, json.loads(answer.content)["code"]) == (status, code)


@pytest.mark.django_db
def test_a_body_over_the_limit_is_413(as_role) -> None:
    client = as_role("system_administrator")
    answer = client.post("/api/v1/org/units/", b"x" * 2_700_000, content_type="application/json")
    assert answer.status_code == 413


@pytest.mark.django_db
def test_nobody_is_sent_to_sign_in_and_programs_get_401(hospital: Hospital) -> None:
    page = Client().get("/preferences/")
    assert (page.status_code, page["Location"]) == (302, "/sign-in/?next=%2Fpreferences%2F")
    answer = Client().get("/api/v1/org/me/")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


@pytest.mark.parametrize(
    ("proxies", "expected"), [(0, "127.0.0.1"), (1, "203.0.113.9"), (2, "198.51.100.7")]
)
def test_only_our_own_proxies_are_believed(settings, rf, proxies: int, expected: str) -> None:
    settings.PROXIES = proxies
    request = rf.get("/", headers={"X-Forwarded-For": "192.0.2.1, 198.51.100.7, 203.0.113.9"})
    assert client_address(request) == expected


def _sign(name: str) -> health.Sign:
    [found] = [each for each in readiness.of_database() + readiness.of_disk() if each.name == name]
    return found


@pytest.mark.django_db
def test_clocks_that_disagree_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _sign("clock").state == "ok"
    with clock.shifted(timedelta(seconds=90)):
        sign = _sign("clock")
    assert (sign.state, sign.code) == ("degraded", "clocks_apart")
    assert "differ by 90.0 s" in sign.detail


@pytest.mark.django_db
def test_a_disk_that_fills_up_is_seen_before_it_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(readiness.shutil, "disk_usage", lambda _at: usage(2**40, 0, 2**38))
    assert (_sign("disk").state, _sign("disk").detail) == ("ok", "256.0 GB free.")
    monkeypatch.setattr(readiness.shutil, "disk_usage", lambda _at: usage(2**40, 0, 2**30))
    assert (_sign("disk").state, _sign("disk").code) == ("degraded", "low")


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_rows_that_stay_without_a_seal_are_seen() -> None:
    health.beat("sealing", at=clock.now() + timedelta(seconds=90))
    record("probe", action=Action.READ, at=clock.now(), by=None)
    assert _sign("sealing").state == "ok"
    with clock.shifted(timedelta(seconds=90)):
        sign = _sign("sealing")
    assert (sign.state, sign.code) == ("degraded", "unsealed")
    for _attempt in range(4_000):  # a transaction of another test holds seals up
        seal(at=clock.now())
        if not unsealed_age(at=clock.now()):
            break
        time.sleep(0.05)
    # However long that took, the process that seals is alive.
    health.beat("sealing", at=clock.now() + timedelta(seconds=90))
    with clock.shifted(timedelta(seconds=90)):
        assert _sign("sealing").state == "ok"


def test_a_sign_is_a_code_for_programs_and_a_sentence_for_people() -> None:
    sign = health.Sign(
        "relay", "degraded", "Heard of %(seconds)s s ago.", {"seconds": 90}, "silent"
    )
    assert sign.detail == "Heard of 90 s ago."
    assert readiness.told(sign)["code"] == "silent"
    assert health.Sign("disk", "ok", "100 %").detail == "100 %"


def test_every_part_has_a_name_that_people_read(db: None) -> None:
    names = {each.name for each in readiness.of_database() + readiness.of_disk()}
    assert names | {"redis"} <= set(operations._PARTS)
