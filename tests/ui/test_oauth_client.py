"""A client library that others wrote (authlib) signs in here: a phone's app, another system.

The person answers in a real browser, with password, code of an app and consent; the browser then
carries the answer to the app, which listens on the device itself (RFC 8252).
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata, get_well_known_url
from playwright.sync_api import Page, expect

from core import clock
from org import services
from org.services.clients import Registered
from tests.factories import org as people
from tests.factories.org import PASSWORD, Hospital
from tests.fixtures.deeds.world import code_of

SCOPES = "profile units.read"
ME, UNITS, PEOPLE = "/api/v1/org/me/", "/api/v1/org/units/", "/api/v1/org/people/"


@dataclass
class Listener:
    """The app on the device: it waits for the browser to bring the answer."""

    server: ThreadingHTTPServer
    heard: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Return where the answer is to be sent."""
        return f"http://127.0.0.1:{self.server.server_port}/back"

    def answer(self) -> dict[str, str]:
        """Return what the one answer said."""
        (found,) = self.heard
        return {name: values[0] for name, values in parse_qs(urlsplit(found).query).items()}


@pytest.fixture
def listener() -> Iterator[Listener]:
    heard: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/back"):
                heard.append(f"http://{self.headers['Host']}{self.path}")
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<title>Ward phone</title><h1>Back in the app</h1>")

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Listener(server, heard)
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def seed(committed_hospital: Hospital) -> str:
    """The ward's manager has a password and an app that shows codes; return its seed."""
    manager = committed_hospital.person("ward_manager")
    services.password_set(manager, password=PASSWORD, by=None, at=clock.now())
    made = services.seed_new()
    services.app_add(manager, seed=made, code=code_of(made, steps=-1), at=clock.now())
    return made


@pytest.fixture
def registered(committed_hospital: Hospital) -> Registered:
    return services.client_register(
        name="Ward phone",
        purpose="Rounds at the bed",
        kind="app",
        scopes=["profile", "units.read", "people.read"],
        addresses=["http://127.0.0.1/back"],
        by=committed_hospital.admin.pk,
        at=clock.now(),
    )


def session_of(
    site: str, client_id: str, secret: str | None = None, **more: object
) -> OAuth2Session:
    """Return the library's session, which learns every address from the server."""
    made = OAuth2Session(client_id, secret, default_timeout=15, **more)
    made.trust_env = False
    told = made.get(get_well_known_url(site, external=True), withhold_token=True)
    metadata = AuthorizationServerMetadata(told.json())
    metadata.validate()
    assert metadata["issuer"] == site
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    made.metadata.update(metadata)
    return made


@dataclass
class App:
    """The app of a phone, as its maker would write it with the library."""

    session: OAuth2Session
    site: str
    verifier: str
    told: list[dict[str, str]]

    def start(self) -> tuple[str, str]:
        """Return the address to open in the browser, and the state to expect."""
        where = self.session.metadata["authorization_endpoint"]
        asked: tuple[str, str] = self.session.create_authorization_url(
            where, code_verifier=self.verifier
        )
        return asked

    def finish(self, heard: str, state: str, **changes: str) -> dict[str, str]:
        """Exchange the code that the browser brought."""
        sent = {"code_verifier": self.verifier} | changes
        where = self.session.metadata["token_endpoint"]
        held: dict[str, str] = self.session.fetch_token(
            where, authorization_response=heard, state=state, **sent
        )
        return held

    def status(self, path: str) -> int:
        """Return what the API answers; the library refreshes a token that is out of date."""
        return int(self.session.get(self.site + path).status_code)


@pytest.fixture
def app(live_server, listener: Listener, registered: Registered) -> App:
    told: list[dict[str, str]] = []
    session = session_of(
        live_server.url,
        registered.client.application.client_id,
        scope=SCOPES,
        redirect_uri=listener.address,
        code_challenge_method="S256",
        update_token=lambda token, **_old: told.append(dict(token)),
    )
    return App(session, live_server.url, generate_token(64), told)


@pytest.fixture
def consent(quiet_page: Page, seed: str, listener: Listener) -> Callable[[str, str], Page]:
    """Open the app's address as a browser without a session, sign in, and answer."""

    def run(where: str, answer: str) -> Page:
        quiet_page.goto(where)
        quiet_page.locator("#id_username").fill("ward-manager")
        quiet_page.locator("#id_password").fill(PASSWORD)
        quiet_page.locator("#id_password").press("Enter")
        quiet_page.locator("#id_code").fill(code_of(seed))
        quiet_page.locator("#id_code").press("Enter")
        expect(quiet_page.get_by_text("Allow Ward phone to act for you?")).to_be_visible()
        expect(quiet_page.get_by_text("Rounds at the bed")).to_be_visible()
        expect(quiet_page.locator("main li")).to_have_count(len(SCOPES.split()))
        quiet_page.get_by_role("button", name=answer).click()
        expect(quiet_page.get_by_role("heading", name="Back in the app")).to_be_visible()
        assert quiet_page.url.startswith(listener.address)
        return quiet_page

    return run


def test_an_app_signs_a_person_in_with_password_code_and_consent_and_works_until_given_back(
    app: App, listener: Listener, consent: Callable[[str, str], Page]
) -> None:
    where, state = app.start()
    consent(where, "Allow")
    assert listener.answer()["iss"] == app.site
    first = dict(app.finish(listener.heard[0], state))
    assert first["scope"].split() == SCOPES.split()
    assert app.session.get(app.site + ME).json()["username"] == "ward-manager"
    assert app.status(UNITS) == 200
    refused = app.session.get(app.site + PEOPLE)
    assert (refused.status_code, refused.json()["scopes"]) == (403, ["people.read"])

    app.session.token["expires_at"] = 1  # the library looks at it, and refreshes by itself
    assert app.status(ME) == 200
    (second,) = app.told
    assert second["access_token"] != first["access_token"]
    assert second["refresh_token"] != first["refresh_token"]

    given_back = app.session.revoke_token(
        app.session.metadata["revocation_endpoint"], token_type_hint="refresh_token"
    )
    assert given_back.status_code == 200
    assert app.status(ME) == 401
    with pytest.raises(OAuthError, match="invalid_grant"):
        app.session.refresh_token()


def test_a_refresh_token_that_somebody_copied_ends_what_both_have(
    app: App, listener: Listener, consent: Callable[[str, str], Page]
) -> None:
    where, state = app.start()
    consent(where, "Allow")
    copied = app.finish(listener.heard[0], state)["refresh_token"]
    app.session.refresh_token()
    assert app.status(ME) == 200
    thief = session_of(app.site, app.session.client_id)
    with pytest.raises(OAuthError, match="invalid_grant"):
        thief.refresh_token(refresh_token=copied)
    assert app.status(ME) == 401
    with pytest.raises(OAuthError, match="invalid_grant"):
        app.session.refresh_token()


def test_a_code_that_another_app_caught_is_worth_nothing_without_the_verifier(
    app: App, listener: Listener, consent: Callable[[str, str], Page]
) -> None:
    where, state = app.start()
    consent(where, "Allow")
    with pytest.raises(OAuthError, match="invalid_grant"):
        app.finish(listener.heard[0], state, code_verifier=generate_token(64))


def test_an_app_that_is_refused_gets_no_code(
    app: App, listener: Listener, consent: Callable[[str, str], Page]
) -> None:
    where, state = app.start()
    consent(where, "Refuse")
    answer = listener.answer()
    assert (answer["error"], answer["state"]) == ("access_denied", state)
    assert "code" not in answer


def test_a_system_signs_in_by_itself_and_asks_again_when_its_token_is_out_of_date(
    committed_hospital: Hospital, live_server
) -> None:
    made = services.client_register(
        name="Laboratory link",
        purpose="Results",
        kind="system",
        scopes=["units.read", "tokens.introspect"],
        by=committed_hospital.admin.pk,
        at=clock.now(),
    )
    login = made.client.application.user
    people.assign(login, "integration_client", committed_hospital.ward)
    name, site = made.client.application.client_id, live_server.url
    session = session_of(
        site,
        name,
        made.secret,
        scope="units.read tokens.introspect",
        grant_type="client_credentials",
    )
    first = dict(session.fetch_token())
    assert "refresh_token" not in first
    assert session.get(site + UNITS).status_code == 200
    assert session.get(site + PEOPLE).status_code == 403
    session.token["expires_at"] = 1
    assert session.get(site + UNITS).status_code == 200
    assert session.token["access_token"] != first["access_token"]

    facts = session.introspect_token(
        session.metadata["introspection_endpoint"],
        token=first["access_token"],
        auth=session.token_auth,
    ).json()
    assert facts["active"] is True
    assert (facts["client_id"], facts["username"]) == (name, login.username)
    with pytest.raises(OAuthError, match="invalid_client"):
        session_of(site, name, "wrong", grant_type="client_credentials").fetch_token(
            scope="units.read"
        )
