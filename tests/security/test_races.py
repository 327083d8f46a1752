"""Sixteen at once with one secret: each opens once, limits of guesses hold (SEC-A4, A5, A10)."""

import os
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from axes.models import AccessAttempt
from django.http import HttpResponse
from django.test import Client
from oauth2_provider.models import AccessToken, RefreshToken

from audit.models import AuditEvent
from core import clock
from org import services
from org.models import FactorTries, LoginSession, RecoveryCode, User
from tests.factories import org as people
from tests.factories import tokens
from tests.factories.org import PASSWORD
from tests.factories.sessions import sign_in
from tests.fixtures.deeds.world import code_of
from tests.fixtures.oauth import code_for, exchange, get, refresh, tokens_for
from tests.fixtures.rivals import CLIENTS, race

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
ROUNDS = 10 if os.environ.get("HMS_WHOLE") else 2
WRONG = "wrong-wrong-wrong-1"


@pytest.fixture(autouse=True)
def _no_brake(monkeypatch: pytest.MonkeyPatch) -> None:
    """The brake per address would hide what the database holds back by itself."""
    monkeypatch.setattr("core.limits.seconds_to_wait", lambda *_args, **_named: 0.0)


@pytest.fixture
def nurse(committed_hospital: people.Hospital) -> User:
    user = committed_hospital.person("nurse")
    return services.password_set(user, password=PASSWORD, by=None, at=clock.now())


def _app_of(user: User) -> str:
    seed = services.seed_new()
    services.app_add(user, seed=seed, code=code_of(seed, steps=-1), at=clock.now())
    return seed


def _enter(name: str, password: str = PASSWORD, *, client: Client | None = None) -> HttpResponse:
    client = client or Client(raise_request_exception=False)
    return client.post("/sign-in/", {"username": name, "password": password})


def _is_in(client: Client) -> bool:
    return client.get("/preferences/").status_code == 200


def _before_the_code(count: int) -> list[Client]:
    """Browsers that have shown the nurse's password and are asked for the second factor."""
    browsers = [Client(raise_request_exception=False) for _each in range(count)]
    for browser in browsers:
        assert _enter("nurse", client=browser)["Location"] == "/sign-in/code/"
    return browsers


def _same(browser: Client) -> Client:
    """Another tab of the same browser."""
    tab = Client(raise_request_exception=False)
    tab.cookies.update(browser.cookies)
    return tab


def _at_once(act: Callable[[int], Any], *, clients: int = CLIENTS) -> tuple[list[Any], Counter]:
    found = race(act, clients=clients)
    assert found.broken == []
    return found.won, found.refused


def _reuses() -> int:
    return AuditEvent.objects.filter(act="token_reuse").count()


def test_of_sixteen_refreshes_with_one_token_one_wins_and_its_family_ends(
    committed_hospital: people.Hospital,
) -> None:
    app = tokens.app()
    for number in range(1, ROUNDS + 1):
        raw = tokens_for(committed_hospital, app)["refresh_token"]
        won, refused = _at_once(lambda _n, raw=raw: refresh(app, raw))
        assert (len(won), refused) == (1, Counter({"400": CLIENTS - 1}))
        assert get("/api/v1/org/me/", won[0].json()["access_token"]).status_code == 401
        assert refresh(app, won[0].json()["refresh_token"]).status_code == 400
        assert not RefreshToken.objects.filter(revoked=None).exists()
        assert not AccessToken.objects.exists()
        assert _reuses() >= number * (CLIENTS - 1)


def test_of_sixteen_exchanges_of_one_code_one_wins_and_its_family_ends(
    committed_hospital: people.Hospital,
) -> None:
    app = tokens.app()
    for _round in range(ROUNDS):
        code = code_for(committed_hospital, app)
        won, refused = _at_once(lambda _n, code=code: exchange(app, code))
        assert (len(won), refused) == (1, Counter({"400": CLIENTS - 1}))
        assert get("/api/v1/org/me/", won[0].json()["access_token"]).status_code == 401
        assert refresh(app, won[0].json()["refresh_token"]).status_code == 400


def test_no_token_outlives_the_end_of_all_tokens_that_runs_beside_its_renewal(
    committed_hospital: people.Hospital,
) -> None:
    app, person = tokens.app(), committed_hospital.person("ward_manager")
    for _round in range(ROUNDS):
        held = [tokens_for(committed_hospital, app)["refresh_token"] for _each in range(5)]

        def act(number: int, held: list[str] = held) -> Any:
            if number == len(held):
                return services.sessions_end(person, by=None, at=clock.now(), reason="Lost")
            return refresh(app, held[number])

        won, _refused = _at_once(act, clients=len(held) + 1)
        for answer in won:
            if not isinstance(answer, int):
                raw = answer.json()["access_token"]
                assert get("/api/v1/org/me/", raw).status_code == 401


@pytest.mark.parametrize("kind", ["app", "recovery"])
@pytest.mark.parametrize("browsers", ["one", "many"])
def test_one_code_lets_one_of_sixteen_in(kind: str, browsers: str, nurse: User) -> None:
    seed = _app_of(nurse)
    codes = services.recovery_codes_make(nurse, at=clock.now())
    if browsers == "many":
        rivals = _before_the_code(CLIENTS)
    else:
        first = _before_the_code(1)[0]
        rivals = [_same(first) for _each in range(CLIENTS)]
    code = code_of(seed) if kind == "app" else codes[0]
    _at_once(lambda number: rivals[number].post("/sign-in/code/", {"code": code}))
    assert sum(_is_in(rival) for rival in rivals) == 1
    assert LoginSession.objects.filter(user=nurse).count() == 1
    used = AuditEvent.objects.filter(act="sign_in", outcome="0", actor=nurse.pk)
    assert used.count() == 1
    assert RecoveryCode.objects.filter(used_at=None).count() == 10 - (kind == "recovery")


def test_one_code_of_the_app_confirms_one_of_sixteen_sessions(nurse: User) -> None:
    seed = _app_of(nurse)
    rivals = [sign_in(Client(), nurse, fresh=False) for _each in range(CLIENTS)]
    code = code_of(seed)
    won, refused = _at_once(lambda number: rivals[number].post("/account/confirm/", {"code": code}))
    assert len([answer for answer in won if answer.status_code == 302]) == 1
    assert refused == Counter({"422": CLIENTS - 1})
    opened = [rival.get("/security/app/").status_code for rival in rivals]
    assert opened.count(200) == 1


def test_sixteen_wrong_codes_at_once_are_no_more_than_five_guesses(nurse: User) -> None:
    seed = _app_of(nurse)
    rivals = _before_the_code(CLIENTS)
    _won, refused = _at_once(
        lambda number: rivals[number].post("/sign-in/code/", {"code": f"00000{number % 10}"})
    )
    assert refused == Counter({"422": CLIENTS})
    assert len(FactorTries.objects.get(user=nurse).wrong) == 5
    assert AuditEvent.objects.filter(act="sign_in", reason="code").count() == 5
    assert rivals[0].post("/sign-in/code/", {"code": code_of(seed)}).status_code == 422
    assert not _is_in(rivals[0])


def test_sixteen_wrong_passwords_at_once_are_no_more_than_five_guesses(nurse: User) -> None:
    """From sixteen addresses, in three spellings, at three doors that take a password."""
    browsers = [Client(REMOTE_ADDR=f"10.0.0.{number}") for number in range(CLIENTS)]
    for browser in browsers[: CLIENTS // 2]:
        sign_in(browser, nurse, fresh=False)
    for browser in browsers[: CLIENTS // 4]:
        browser.post("/lock/")

    def act(number: int) -> HttpResponse:
        if number < CLIENTS // 4:
            return browsers[number].post("/unlock/", {"password": WRONG})
        if number < CLIENTS // 2:
            return browsers[number].post("/account/confirm/", {"password": WRONG})
        spelling = ["nurse", "NURSE", " Nurse "][number % 3]
        return _enter(spelling, WRONG, client=browsers[number])

    _won, refused = _at_once(act)
    assert refused == Counter({"422": CLIENTS})
    counted = AccessAttempt.objects.values_list("failures_since_start", flat=True)
    assert sum(counted) == 5
    tried = AuditEvent.objects.filter(act="sign_in", outcome="4").values_list("reason", flat=True)
    assert Counter(tried) == Counter({"password": 5, "locked": CLIENTS - 5})
    assert _enter("nurse").status_code == 422
    assert AuditEvent.objects.filter(act="lock").count() == 1


@pytest.mark.parametrize("kind", ["invitation", "reset"])
def test_of_sixteen_who_choose_a_password_by_one_link_one_does(kind: str, nurse: User) -> None:
    for number in range(ROUNDS):
        user = nurse if kind == "reset" else people.person(f"new-{number}", active=False)
        link = services.key_issue(user, kind=kind, by=None, at=clock.now())

        def choose(client: int, link: str = link) -> Any:
            words = f"walnut-harbour-{client:02d}"
            sent = {"password": words, "again": words}
            answer = Client(raise_request_exception=False).post(
                f"/password/choose/?key={link}", sent
            )
            return words if answer.status_code == 303 else answer

        won, refused = _at_once(choose)
        assert refused == Counter({"410": CLIENTS - 1})
        user = User.objects.get(pk=user.pk)
        assert [user.check_password(words) for words in won] == [True]


def test_nobody_is_left_in_who_signed_in_with_the_old_password_while_it_changed(
    nurse: User,
) -> None:
    own = sign_in(Client(raise_request_exception=False), nurse)
    browsers = [Client(raise_request_exception=False) for _each in range(8)]

    def act(number: int) -> Any:
        if number == len(browsers):
            new = "walnut-harbour-twelve"
            return own.post("/password/change/", {"password": new, "again": new})
        return _enter("nurse", client=browsers[number])

    _at_once(act, clients=len(browsers) + 1)
    assert [_is_in(browser) for browser in browsers] == [False] * len(browsers)


def _locked(nurse: User) -> list[Client]:
    services.quick_pin_set(nurse, pin="4927", at=clock.now())
    browser = sign_in(Client(raise_request_exception=False), nurse)
    browser.post("/lock/")
    return [_same(browser) for _each in range(CLIENTS)]


def test_sixteen_wrong_pins_at_once_are_no_more_than_three_guesses(
    nurse: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    real = services.sessions.check_password
    monkeypatch.setattr(
        "org.services.sessions.check_password",
        lambda pin, stored: looked.append(pin) or real(pin, stored),
    )
    tabs = _locked(nurse)
    _won, refused = _at_once(lambda number: tabs[number].post("/unlock/", {"pin": "5038"}))
    assert refused == Counter({"422": CLIENTS})
    assert len(looked) == 3
    assert tabs[0].post("/unlock/", {"pin": "4927"}).status_code == 422
    assert not _is_in(tabs[0])


def test_sixteen_right_pins_at_once_open_one_screen_under_one_new_key(nurse: User) -> None:
    tabs = _locked(nurse)
    old = tabs[0].cookies["hms_session"].value
    _at_once(lambda number: tabs[number].post("/unlock/", {"pin": "4927"}))
    session = LoginSession.objects.get(user=nurse)
    assert session.session_key != old
    assert session.locked_at is None
    assert sum(_is_in(tab) for tab in tabs) == 1


def test_of_sixteen_who_remove_one_factor_one_does(nurse: User) -> None:
    seed = _app_of(nurse)
    first = _before_the_code(1)[0]
    first.post("/sign-in/code/", {"code": code_of(seed)})
    tabs = [_same(first) for _each in range(CLIENTS)]
    factor = Authenticator.objects.get(user=nurse)
    won, refused = _at_once(lambda n: tabs[n].post(f"/security/remove/?factor={factor.pk}"))
    assert len(won) == 1
    assert sum(refused.values()) == CLIENTS - 1
    assert AuditEvent.objects.filter(act="factor_remove").count() == 1
