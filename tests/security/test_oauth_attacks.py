"""What a thief of a code, a token or a registered name tries at the OAuth2 doors (RFC 9700)."""

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client
from oauth2_provider.models import Grant

from core import clock
from org import services
from org.models import Assignment, User
from org.services.clients import Registered
from tests.factories import org as people
from tests.factories import tokens
from tests.factories.org import PASSWORD
from tests.factories.sessions import sign_in
from tests.fixtures.oauth import (
    CHALLENGE,
    VERIFIER,
    ask,
    code_for,
    exchange,
    get,
    refresh,
    signed_in,
    token,
    tokens_for,
)

FORM = "application/x-www-form-urlencoded"
ME = "/api/v1/org/me/"
NEW = "walnut-harbour-twelve"


@pytest.fixture
def app(hospital: people.Hospital) -> Registered:
    return tokens.app()


@pytest.fixture
def other(hospital: people.Hospital) -> Registered:
    return tokens.app(name="Somebody else's")


@pytest.fixture
def server(hospital: people.Hospital) -> Registered:
    """A client with a secret, whose people sign in through a browser."""
    return services.client_register(
        name="Portal",
        purpose="Rounds",
        kind="server",
        scopes=["profile", "units.read"],
        addresses=["https://portal.example.org/back"],
        by=None,
        at=people.STARTED,
    )


def _name(made: Registered) -> str:
    return str(made.client.application.client_id)


ENDS: dict[str, Callable[[people.Hospital, User], Any]] = {
    "their own new password": lambda _h, user: services.password_change(
        user, password=NEW, keep_session="", at=clock.now()
    ),
    "a new password by a link": lambda _h, user: services.key_use(
        services.key_issue(user, kind="reset", by=None, at=clock.now()),
        password=NEW,
        at=clock.now(),
    ),
    "the end of their work here": lambda h, user: services.account_leave(
        user, by=h.admin.pk, at=clock.now(), reason="Left"
    ),
    "a stolen phone": lambda h, user: services.sessions_end(
        user, by=h.admin.pk, at=clock.now(), reason="Lost"
    ),
}


@pytest.mark.parametrize("name", ENDS)
def test_tokens_of_a_person_end_with(name: str, hospital: people.Hospital, app: Registered) -> None:
    code, held = code_for(hospital, app), tokens_for(hospital, app)
    assert get(ME, held["access_token"]).status_code == 200
    ENDS[name](hospital, hospital.person("ward_manager"))
    assert get(ME, held["access_token"]).status_code == 401
    assert refresh(app, held["refresh_token"]).json() == {"error": "invalid_grant"}
    assert exchange(app, code).status_code == 400


def test_a_token_loses_at_once_what_its_person_may_no_longer(
    hospital: people.Hospital, app: Registered
) -> None:
    raw = tokens_for(hospital, app)["access_token"]
    assert get("/api/v1/org/units/", raw).status_code == 200
    work, now = Assignment.objects.get(user=hospital.person("ward_manager")), clock.now()
    services.assignment_end(
        work, ends_at=now, reason="moved", version=None, by=hospital.admin.pk, at=now
    )
    answer = get("/api/v1/org/units/", raw)
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert get(ME, raw).status_code == 200


def test_a_code_is_worth_nothing_to_another_client(
    hospital: people.Hospital, app: Registered, other: Registered, server: Registered
) -> None:
    code = code_for(hospital, app)
    assert exchange(other, code).json()["error"] == "invalid_grant"
    answer = exchange(server, code, client_secret=server.secret)
    assert answer.json()["error"] == "invalid_grant"
    assert exchange(app, code).status_code == 200


def test_a_refresh_token_is_worth_nothing_to_another_client(
    hospital: people.Hospital, app: Registered, other: Registered
) -> None:
    held = tokens_for(hospital, app)
    for raw in (held["refresh_token"], held["access_token"]):
        assert refresh(other, raw).json() == {"error": "invalid_grant"}
    assert refresh(app, held["access_token"]).status_code == 400
    assert refresh(app, held["refresh_token"]).status_code == 200


def test_nobody_revokes_the_tokens_of_another_client(
    hospital: people.Hospital, app: Registered, other: Registered
) -> None:
    held = tokens_for(hospital, app)
    for raw in held["access_token"], held["refresh_token"]:
        for hint in ("", "access_token", "refresh_token"):
            sent = {"client_id": _name(other), "token": raw, "token_type_hint": hint}
            Client().post("/oauth/revoke", urlencode(sent), content_type=FORM)
    assert get(ME, held["access_token"]).status_code == 200
    assert refresh(app, held["refresh_token"]).status_code == 200


def test_a_client_with_a_secret_gets_nothing_without_it(
    hospital: people.Hospital, server: Registered, other: Registered
) -> None:
    back = {"redirect_uri": "https://portal.example.org/back", "scope": "profile"}
    answer = signed_in(hospital).post(ask(server, **back), {"answer": "allow"})
    code = parse_qs(urlsplit(answer["Location"]).query)["code"][0]
    sent = {"redirect_uri": back["redirect_uri"]}
    assert exchange(server, code, **sent).status_code == 401
    assert exchange(server, code, **sent, client_secret="").status_code == 401
    wrong = "x" * 64
    assert exchange(server, code, **sent, client_secret=wrong).status_code == 401
    stored = server.client.application.client_secret
    assert exchange(server, code, **sent, client_secret=stored).status_code == 401
    basic = base64.b64encode(f"{_name(other)}:".encode()).decode()
    body = {"grant_type": "authorization_code", "client_id": _name(server), "code": code}
    answer = Client().post(
        "/oauth/token",
        urlencode(body | sent | {"code_verifier": VERIFIER}),
        content_type=FORM,
        headers={"Authorization": f"Basic {basic}"},
    )
    assert answer.status_code in {400, 401}
    assert exchange(server, code, **sent, client_secret=server.secret).status_code == 200


def test_no_client_takes_a_grant_of_another_kind(
    hospital: people.Hospital, app: Registered, server: Registered
) -> None:
    for made in (app, server):
        answer = token(
            grant_type="client_credentials",
            client_id=_name(made),
            client_secret=made.secret,
            scope="units.read",
        )
        assert answer.status_code in {400, 401}
        assert "access_token" not in answer.json()
    system = tokens.system()
    answer = signed_in(hospital).post(ask(system, scope="units.read"), {"answer": "allow"})
    assert 400 <= answer.status_code < 500


def test_without_a_challenge_no_code_is_given(hospital: people.Hospital, app: Registered) -> None:
    asked = parse_qs(urlsplit(ask(app)).query)
    for gone in (
        {"code_challenge"},
        {"code_challenge_method"},
        {"code_challenge", "code_challenge_method"},
    ):
        rest = {name: value[0] for name, value in asked.items() if name not in gone}
        answer = signed_in(hospital).post(
            "/oauth/authorize?" + urlencode(rest), {"answer": "allow"}
        )
        assert parse_qs(urlsplit(answer["Location"]).query)["error"] == ["invalid_request"]
    assert not Grant.objects.exists()


@pytest.mark.parametrize("verifier", ["", CHALLENGE, "w" * 64, VERIFIER[:-1], VERIFIER + "v", "v"])
def test_a_code_opens_with_its_own_verifier_only(
    verifier: str, hospital: people.Hospital, app: Registered
) -> None:
    code = code_for(hospital, app)
    assert exchange(app, code, code_verifier=verifier).status_code == 400
    assert exchange(app, code).status_code == 200


def test_a_code_is_worth_nothing_after_a_minute(hospital: people.Hospital, app: Registered) -> None:
    code = code_for(hospital, app)
    Grant.objects.update(expires=clock.now() - timedelta(seconds=1))
    assert exchange(app, code).json()["error"] == "invalid_grant"


ELSEWHERE = [
    "http://127.0.0.1/back/more",
    "http://127.0.0.1/backdoor",
    "http://127.0.0.1/back/../other",
    "http://127.0.0.1/back?more=1",
    "http://127.0.0.1/back#part",
    "http://127.0.0.1/back%2e",
    "http://127.0.0.1/Back",
    "http://127.0.0.1.evil.example/back",
    "http://127.0.0.1@evil.example/back",
    "http://127.0.0.1:51234@evil.example/back",
    "http://user:word@127.0.0.1/back",  # pragma: allowlist secret
    "http://localhost:51234/back",
    "http://127.1/back",
    "http://2130706433/back",
    "http://[::1]/back",
    "https://127.0.0.1/back",
    "http://127.0.0.1:99999/back",
    "http://127.0.0.1\\@evil.example/back",
    "http://127.0.0.1/back\r\nX-Evil: 1",
    "http://127.0.0.1/ba\tck",
    "//127.0.0.1/back",
    "javascript:alert(1)",
    "data:text/html,x",
    "back",
]


@pytest.mark.parametrize("method", ["get", "post"])
def test_no_browser_is_sent_anywhere_but_to_the_registered_address(
    method: str, hospital: people.Hospital, app: Registered
) -> None:
    client, sent = signed_in(hospital), []
    for address in ELSEWHERE:
        answer = getattr(client, method)(
            ask(app, redirect_uri=address), {"answer": "allow"} if method == "post" else None
        )
        if not 400 <= answer.status_code < 500 or answer.has_header("Location"):
            sent.append(address)
    assert sent == []
    assert not Grant.objects.exists()


def test_an_app_that_sends_no_state_gets_none_back(
    hospital: people.Hospital, app: Registered
) -> None:
    asked = {name: value[0] for name, value in parse_qs(urlsplit(ask(app)).query).items()}
    del asked["state"]
    answer = signed_in(hospital).post("/oauth/authorize?" + urlencode(asked), {"answer": "allow"})
    found = parse_qs(urlsplit(answer["Location"]).query)
    assert set(found) == {"code", "iss"}


@pytest.mark.parametrize(
    "twice",
    [
        {"redirect_uri": "https://evil.example/"},
        {"client_id": "another"},
        {"scope": "profile people.write"},
        {"code_challenge_method": "plain"},
        {"response_type": "token"},
    ],
)
def test_what_is_said_twice_is_not_believed(
    twice: dict[str, str], hospital: people.Hospital, app: Registered
) -> None:
    for address in (
        ask(app) + "&" + urlencode(twice),
        ask(app).replace("?", f"?{urlencode(twice)}&"),
    ):
        answer = signed_in(hospital).post(address, {"answer": "allow"})
        assert "code=" not in answer.get("Location", "")
        assert "evil.example" not in answer.get("Location", "")
        assert answer.status_code < 500
    assert not Grant.objects.exists()


def test_the_form_of_consent_changes_nothing_of_what_was_shown(
    hospital: people.Hospital, app: Registered
) -> None:
    sent = {"answer": "allow", "scope": "profile", "redirect_uri": "https://evil.example/"}
    sent |= {"client_id": "another", "state": "theirs", "code_challenge": "x" * 43}
    answer = signed_in(hospital).post(ask(app, scope="units.read"), sent)
    assert answer["Location"].startswith("http://127.0.0.1:51234/back?")
    grant = Grant.objects.get()
    assert (grant.scope, grant.code_challenge) == ("units.read", CHALLENGE)
    assert parse_qs(urlsplit(answer["Location"]).query)["state"] == ["s1"]


@pytest.mark.parametrize("name", ["code", "code_verifier", "client_id", "grant_type"])
def test_a_form_for_tokens_says_nothing_twice(
    name: str, hospital: people.Hospital, app: Registered
) -> None:
    sent = {
        "grant_type": "authorization_code",
        "client_id": _name(app),
        "redirect_uri": "http://127.0.0.1:51234/back",
        "code": code_for(hospital, app),
        "code_verifier": VERIFIER,
    }
    body = urlencode(sent) + "&" + urlencode({name: sent[name]})
    answer = Client().post("/oauth/token", body, content_type=FORM)
    assert 400 <= answer.status_code < 500
    assert "access_token" not in answer.content.decode()


def test_consent_cannot_be_framed_nor_given_at_a_locked_screen(
    hospital: people.Hospital, app: Registered
) -> None:
    client = signed_in(hospital)
    page = client.get(ask(app))
    assert page["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
    client.post("/lock/")
    for answer in (client.get(ask(app)), client.post(ask(app), {"answer": "allow"})):
        assert answer["Location"].startswith("/unlock/")
    assert not Grant.objects.exists()


def test_a_stale_sign_in_gives_no_fresh_token_whoever_signs_in_beside_it(
    hospital: people.Hospital, app: Registered
) -> None:
    """A sign-in at another place does not make this session's app fresh (SEC-A11)."""
    admin = hospital.admin
    stale = sign_in(Client(), admin, fresh=False)
    Client().post("/sign-in/", {"username": admin.username, "password": PASSWORD})
    fresh = sign_in(Client(), admin)
    nurse = hospital.person("nurse")
    address = f"/api/v1/org/people/{nurse.public_id}/suspend"
    codes = {}
    for name, browser in {"stale": stale, "fresh": fresh}.items():
        answer = browser.post(ask(app, scope="people.write"), {"answer": "allow"})
        code = parse_qs(urlsplit(answer["Location"]).query)["code"][0]
        program = tokens.holding(exchange(app, code).json()["access_token"])
        said = program.post(address, {"reason": "x"}, content_type="application/json")
        codes[name] = said.status_code, said.json().get("code", "")
    assert codes["stale"] == (403, "reauthentication_needed")
    assert codes["fresh"] == (200, "")
