"""Health, limits and errors of the roof."""

import json

import pytest
from django.test import Client

from core import clock, health
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
    assert body["checks"]["relay"] == {"status": "degraded", "detail": "never seen"}
    assert body["checks"]["migrations"]["status"] == "ok"
    assert body["checks"]["deliveries"] == {"status": "ok", "detail": ""}


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
