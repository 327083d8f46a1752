"""Clients sign in for people and for themselves over HTTP; SQL shows nothing but hashes."""

import hashlib
import secrets
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.db import connection
from django.test import Client
from oauth2_provider.models import RefreshToken

from core import clock
from org import services
from org.services.clients import Registered
from tests.factories import org as people
from tests.fixtures.oauth import (
    ALL,
    BACK,
    ask,
    code_for,
    exchange,
    get,
    refresh,
    signed_in,
    token,
    tokens_for,
)


@pytest.fixture
def app(hospital: people.Hospital) -> Registered:
    return services.client_register(
        name="Ward phone",
        purpose="Rounds",
        kind="app",
        scopes=ALL,
        addresses=[BACK],
        by=hospital.admin.pk,
        at=clock.now(),
    )


@pytest.fixture
def system(hospital: people.Hospital) -> Registered:
    made = services.client_register(
        name="Laboratory link",
        purpose="Results",
        kind="system",
        scopes=["units.read", "tokens.introspect"],
        by=hospital.admin.pk,
        at=clock.now(),
    )
    people.assign(made.client.application.user, "integration_client", hospital.ward)
    return made


def test_an_app_acts_for_the_person_within_its_scopes(
    hospital: people.Hospital, app: Registered
) -> None:
    page = signed_in(hospital).get(ask(app))
    assert b"Ward phone" in page.content
    assert "http://127.0.0.1:51234" in page["Content-Security-Policy"]
    held = tokens_for(hospital, app)
    assert held["expires_in"] == 600
    me = get("/api/v1/org/me/", held["access_token"])
    assert me.json()["username"] == "ward-manager"
    assert get("/api/v1/org/units/", held["access_token"]).status_code == 200


def test_a_right_that_was_not_allowed_to_the_app_names_its_scope(
    hospital: people.Hospital, app: Registered
) -> None:
    raw = tokens_for(hospital, app)["access_token"]
    answer = get("/api/v1/org/activation/", raw)
    assert answer.status_code == 403
    assert answer.json()["code"] == "insufficient_scope"
    assert answer.json()["scopes"] == ["activation.read"]
    assert 'scope="activation.read"' in answer["WWW-Authenticate"]


def test_a_bad_token_never_falls_back_to_the_session(
    hospital: people.Hospital, app: Registered
) -> None:
    client = signed_in(hospital)
    answer = client.get("/api/v1/org/me/", headers={"Authorization": "Bearer wrong"})
    assert answer.status_code == 401
    assert answer.json()["code"] == "invalid_token"
    assert 'error="invalid_token"' in answer["WWW-Authenticate"]
    assert client.get("/api/v1/org/me/").status_code == 200


def test_a_token_opens_no_page(hospital: people.Hospital, app: Registered) -> None:
    raw = tokens_for(hospital, app)["access_token"]
    assert get("/units/", raw).status_code in {302, 401}


def test_sql_shows_only_hashes(hospital: people.Hospital, app: Registered) -> None:
    code = code_for(hospital, app)
    with connection.cursor() as cursor:
        cursor.execute("SELECT code FROM oauth2_provider_grant")
        assert cursor.fetchall() == [(hashlib.sha256(code.encode()).hexdigest(),)]
    held = exchange(app, code).json()
    seen = ""
    with connection.cursor() as cursor:
        for table in ("accesstoken", "refreshtoken", "grant", "application"):
            cursor.execute(f"SELECT row_to_json(t)::text FROM oauth2_provider_{table} t")
            seen += "".join(row for (row,) in cursor.fetchall())
    assert held["access_token"] not in seen
    assert held["refresh_token"] not in seen
    checksum = hashlib.sha256(held["access_token"].encode()).hexdigest()
    assert get("/api/v1/org/me/", checksum).status_code == 401


def test_a_used_refresh_token_ends_its_family(hospital: people.Hospital, app: Registered) -> None:
    first = tokens_for(hospital, app)
    second = refresh(app, first["refresh_token"]).json()
    assert get("/api/v1/org/me/", second["access_token"]).status_code == 200
    assert refresh(app, first["refresh_token"]).json() == {"error": "invalid_grant"}
    assert get("/api/v1/org/me/", second["access_token"]).status_code == 401
    assert refresh(app, second["refresh_token"]).status_code == 400


def test_a_replayed_code_ends_what_it_brought(hospital: people.Hospital, app: Registered) -> None:
    code = code_for(hospital, app)
    held = exchange(app, code).json()
    assert exchange(app, code).status_code == 400
    assert get("/api/v1/org/me/", held["access_token"]).status_code == 401


def test_refreshing_does_not_lengthen_a_family(hospital: people.Hospital, app: Registered) -> None:
    held = tokens_for(hospital, app)
    held = refresh(app, held["refresh_token"]).json()
    first = RefreshToken.objects.order_by("id").first()
    RefreshToken.objects.filter(pk=first.pk).update(created=clock.now() - timedelta(hours=12))
    assert refresh(app, held["refresh_token"]).json() == {"error": "invalid_grant"}


@pytest.mark.parametrize(
    "changes",
    [{"code_verifier": "w" * 64}, {"redirect_uri": "http://127.0.0.1:1/back"}, {"code": "x"}],
)
def test_a_code_is_worth_nothing_to_somebody_else(
    hospital: people.Hospital, app: Registered, changes: dict[str, str]
) -> None:
    sent = {"code": code_for(hospital, app)} | changes
    answer = exchange(app, **sent)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/json"


def test_a_refresh_cannot_ask_for_more(hospital: people.Hospital, app: Registered) -> None:
    held = tokens_for(hospital, app)
    answer = refresh(app, held["refresh_token"], scope="profile people.write")
    assert answer.json()["error"] == "invalid_scope"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"scope": "Profile"}, "invalid_scope"),
        ({"scope": "profile people.write"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge": "x" * 200}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
    ],
)
def test_the_app_learns_what_was_wrong(
    hospital: people.Hospital, app: Registered, changes: dict[str, str], error: str
) -> None:
    answer = signed_in(hospital).get(ask(app, **changes))
    assert answer.status_code == 302
    assert parse_qs(urlsplit(answer["Location"]).query)["error"] == [error]


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "http://127.0.0.1:9/other"},
        {"redirect_uri": "http://localhost/back"},
        {"redirect_uri": "https://evil.example/back"},
        {"client_id": "nobody"},
        {"client_id": "a\ufffd'"},
    ],
)
def test_nobody_is_sent_to_an_address_that_is_not_registered(
    hospital: people.Hospital, app: Registered, changes: dict[str, str]
) -> None:
    answer = signed_in(hospital).get(ask(app, **changes))
    assert 400 <= answer.status_code < 500


def test_refusing_tells_the_app(hospital: people.Hospital, app: Registered) -> None:
    answer = signed_in(hospital).post(ask(app), {"answer": "refuse"})
    assert parse_qs(urlsplit(answer["Location"]).query)["error"] == ["access_denied"]


def test_closing_a_client_ends_its_tokens(hospital: people.Hospital, app: Registered) -> None:
    held = tokens_for(hospital, app)
    services.client_close(app.client, by=hospital.admin.pk, at=clock.now(), reason="lost")
    assert get("/api/v1/org/me/", held["access_token"]).status_code == 401
    assert refresh(app, held["refresh_token"]).status_code in {400, 401}


def test_suspending_a_person_ends_their_tokens(hospital: people.Hospital, app: Registered) -> None:
    held = tokens_for(hospital, app)
    person = hospital.person("ward_manager")
    services.account_suspend(person, by=hospital.admin.pk, at=clock.now(), reason="left")
    assert get("/api/v1/org/me/", held["access_token"]).status_code == 401
    assert refresh(app, held["refresh_token"]).status_code == 400


def test_a_system_signs_in_with_its_own_secret(
    hospital: people.Hospital, system: Registered
) -> None:
    name = system.client.application.client_id
    asked = {"grant_type": "client_credentials", "client_id": name, "scope": "units.read"}
    assert token(**asked, client_secret="wrong").status_code == 401  # pragma: allowlist secret
    answer = token(**asked, client_secret=system.secret)
    assert answer.status_code == 200
    assert "refresh_token" not in answer.json()
    assert get("/api/v1/org/units/", answer.json()["access_token"]).status_code == 200
    new = services.client_secret_renew(
        system.client, by=hospital.admin.pk, at=clock.now(), reason="yearly"
    )
    assert token(**asked, client_secret=system.secret).status_code == 401
    assert token(**asked, client_secret=new.secret).status_code == 200


def test_only_a_system_with_the_scope_may_introspect(
    hospital: people.Hospital, app: Registered, system: Registered
) -> None:
    raw = tokens_for(hospital, app)["access_token"]
    name, secret = system.client.application.client_id, system.secret
    own = token(
        grant_type="client_credentials",
        client_id=name,
        client_secret=secret,
        scope="tokens.introspect",
    ).json()["access_token"]
    kind = "application/x-www-form-urlencoded"

    def introspect(by: str) -> Any:
        headers = {"Authorization": f"Bearer {by}"}
        body = urlencode({"token": raw})
        return Client().post("/oauth/introspect", body, content_type=kind, headers=headers)

    assert introspect(own).json()["username"] == "ward-manager"
    assert introspect(raw).status_code == 403
    assert introspect("wrong").status_code == 401


@pytest.mark.parametrize(
    "body", [b"", b"\x00", b"grant_type=\x00&client_id=%00", b"%zz", b"a" * 100_000, b"\xff=\xfe"]
)
@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/revoke"])
@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "application/json", "multipart/form-data"]
)
def test_hostile_bodies_are_refused(db: None, body: bytes, path: str, kind: str) -> None:
    answer = Client().post(path, body, content_type=kind)
    assert 400 <= answer.status_code < 500
    assert "error" in answer.json()


def test_no_other_grant_is_taken(hospital: people.Hospital, app: Registered) -> None:
    for kind in ("password", "implicit", "urn:ietf:params:oauth:grant-type:device_code"):
        answer = token(grant_type=kind, client_id=app.client.application.client_id)
        assert answer.json()["error"] == "unsupported_grant_type"


def test_the_purge_leaves_what_lives(hospital: people.Hospital, app: Registered) -> None:
    held = tokens_for(hospital, app)
    services.tokens_purge(at=clock.now())
    assert get("/api/v1/org/me/", held["access_token"]).status_code == 200
    services.tokens_purge(at=clock.now() + timedelta(hours=26))
    services.tokens_purge(at=clock.now() + timedelta(hours=26))
    assert RefreshToken.objects.count() == 0
    assert secrets.compare_digest(held["token_type"], "Bearer")
