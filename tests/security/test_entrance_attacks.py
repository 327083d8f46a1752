"""Attacks on the way in: sent elsewhere, planted sessions, poisoned links, names guessed."""

import re
import time
from typing import Any
from urllib.parse import quote

import pytest
from django.core import mail
from django.test import Client

from core import clock
from core.events import deliver_next
from org import services
from org.models import AccountKey, LoginSession, User
from tests.factories import org as people
from tests.factories import tokens
from tests.factories.org import PASSWORD
from tests.factories.sessions import sign_in
from tests.fixtures.deeds.world import code_of

NEW = "walnut-harbour-twelve"
WRONG = "wrong-wrong-wrong-1"
# What differs from page to page whoever asks.
VARIES = re.compile(rb'value="[A-Za-z0-9]{64}"|[0-9a-f]{32}|data-left="[0-9.]+"')


@pytest.fixture(autouse=True)
def _no_brake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.limits.seconds_to_wait", lambda *_args, **_named: 0.0)


@pytest.fixture
def nurse(hospital: people.Hospital) -> User:
    user = hospital.person("nurse")
    User.objects.filter(pk=user.pk).update(email="nurse@example.org")
    user.refresh_from_db()
    return services.password_set(user, password=PASSWORD, by=None, at=people.STARTED)


def _enter(client: Client, name: str = "nurse", password: str = PASSWORD, **more: str) -> Any:
    return client.post("/sign-in/", {"username": name, "password": password} | more)


def _is_in(client: Client) -> bool:
    return client.get("/preferences/").status_code == 200


def _app_of(user: User) -> str:
    seed = services.seed_new()
    services.app_add(user, seed=seed, code=code_of(seed, steps=-1), at=clock.now())
    return seed


ELSEWHERE = [
    "https://evil.example/",
    "http://testserver.evil.example/",
    "http://testserver@evil.example/",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "http:evil.example",
    "http:///evil.example",
    "https:/evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "data:text/html,x",
    "\thttps://evil.example",
    "/\t/evil.example",
    "/units/\r\nLocation: https://evil.example",
    "http://[evil",
    "ftp://testserver/",
    "\x01//evil.example",
]


def _stays_here(address: str) -> bool:
    return bool(re.fullmatch(r"/([^/\\\s][^\\\s]*)?", address))


@pytest.mark.parametrize("door", ["/sign-in/", "/account/confirm/", "/unlock/", "/preferences/"])
@pytest.mark.parametrize("where", ["form", "address"])
def test_nobody_is_led_to_another_site(door: str, where: str, nurse: User) -> None:
    led = []
    for address in ELSEWHERE:
        client = Client()
        body = {"username": "nurse", "password": PASSWORD, "theme": "dark"}
        if door != "/sign-in/":
            sign_in(client, nurse)
        if door == "/unlock/":
            client.post("/lock/")
        target = door
        if where == "form":
            body["next"] = address
        else:
            target += f"?next={quote(address)}"
        answer = client.post(target, body)
        if answer.status_code not in {302, 303} or not _stays_here(answer["Location"]):
            led.append((address, answer.status_code, answer.get("Location", "")))
    assert led == []


def test_nor_after_the_second_factor(nurse: User) -> None:
    seed = _app_of(nurse)
    client = Client()
    _enter(client, next="https://evil.example/")
    answer = client.post(
        "/sign-in/code/?next=//evil.example", {"code": code_of(seed), "next": "//evil.example"}
    )
    assert answer["Location"] == "/"
    assert _is_in(client)


def test_a_script_s_page_elsewhere_is_not_gone_back_to(db: None) -> None:
    for page in ("https://evil.example/x", "//evil.example", "http://testserver//evil.example"):
        headers = {"HX-Request": "true", "HX-Current-URL": page}
        answer = Client().get("/people/", headers=headers)
        target = answer["HX-Redirect"]
        assert target.startswith("/sign-in/")
        assert "next=https" not in target


def test_a_planted_session_is_not_signed_in(nurse: User) -> None:
    """The key changes at the password and again at the second factor; the old ones open nothing."""
    seed = _app_of(nurse)
    victim = Client()
    victim.cookies["hms_session"] = "a" * 32
    _enter(victim)
    waiting = victim.cookies["hms_session"].value
    assert waiting != "a" * 32
    victim.post("/sign-in/code/", {"code": code_of(seed)})
    assert _is_in(victim)
    assert victim.cookies["hms_session"].value not in {waiting, "a" * 32}
    for key in ("a" * 32, waiting):
        thief = Client()
        thief.cookies["hms_session"] = key
        assert not _is_in(thief)
    assert LoginSession.objects.filter(user=nurse).count() == 1


@pytest.mark.parametrize("key", ["", "x", "' OR 1=1 --", "a" * 5_000, "\x00", "é", "../../x"])
def test_an_invented_session_key_is_nobody_s(key: str, nurse: User) -> None:
    client = Client()
    client.cookies["hms_session"] = key
    assert client.get("/preferences/").status_code in {302, 400}


def test_a_password_that_was_changed_leads_no_further_than_it_had(nurse: User) -> None:
    """Whoever showed the old password still waits for the code: the new one ends that too."""
    seed = _app_of(nurse)
    thief = Client()
    _enter(thief)
    services.password_change(nurse, password=NEW, keep_session="", at=clock.now())
    assert thief.post("/sign-in/code/", {"code": code_of(seed)})["Location"] == "/sign-in/"
    assert not _is_in(thief)
    own = Client()
    _enter(own, password=NEW)
    own.post("/sign-in/code/", {"code": code_of(seed)})
    assert _is_in(own)


def _voided(nurse: User, how: str, by: int) -> None:
    now = clock.now()
    if how == "a new password":
        services.password_change(nurse, password=NEW, keep_session="", at=now)
    elif how == "a new address":
        values = {"email": "new@example.org"}
        services.person_update(nurse, values=values, version=None, by=by, at=now)
    else:
        services.account_suspend(nurse, by=by, at=now, reason="Stolen")
        nurse.refresh_from_db()
        services.account_activate(nurse, by=by, at=now, reason="Back")


@pytest.mark.parametrize("how", ["a new password", "a new address", "a closed login"])
def test_a_link_in_an_old_mailbox_is_void_after(
    how: str, nurse: User, hospital: people.Hospital
) -> None:
    link = services.key_issue(nurse, kind="reset", by=None, at=clock.now())
    _voided(nurse, how, hospital.admin.pk)
    address = f"/password/choose/?key={link}"
    assert Client().get(address).status_code == 410
    chosen = "thief-of-a-mailbox"
    stolen = {"password": chosen, "again": chosen}
    assert Client().post(address, stolen).status_code == 410
    assert not User.objects.get(pk=nurse.pk).check_password(chosen)


POISON = {
    "X-Forwarded-Host": "evil.example",
    "X-Host": "evil.example",
    "X-Original-Host": "evil.example",
    "Forwarded": "host=evil.example",
    "X-Forwarded-Server": "evil.example",
    "X-Rewrite-URL": "https://evil.example/",
    "Referer": "https://evil.example/",
    "Origin": "https://evil.example",
}


def test_links_in_mails_lead_here_whatever_the_asker_says(nurse: User) -> None:
    client = Client(raise_request_exception=False)
    sent = {"name": "nurse"}
    assert (
        client.post("/password/forgotten/", sent, headers={"Host": "evil.example"}).status_code
        == 400
    )
    assert client.post("/password/forgotten/", sent, headers=POISON).status_code == 200
    while deliver_next(at=clock.now()):
        pass
    letters = [letter.body for letter in mail.outbox if "/password/choose/" in letter.body]
    assert letters
    for body in letters:
        assert re.findall(r"https?://[^/\s]+", body) == ["http://localhost:8000"]
    found = client.get("/.well-known/oauth-authorization-server", headers=POISON).content
    assert b"evil" not in found


def _plain(page: Any) -> bytes:
    """The page without what was typed, and without the time of day."""
    return re.sub(rb'value="[^"]*"|\d\d:\d\d', b"", VARIES.sub(b"", page.content))


def _same(pages: list[Any]) -> bool:
    return len({(page.status_code, VARIES.sub(b"", page.content)) for page in pages}) == 1


def _strangers(hospital: people.Hospital, nurse: User) -> dict[str, str]:
    """Names that do not open, each for another reason, with what is typed beside them."""
    now, by = clock.now(), hospital.admin.pk
    for code, move in (("doctor", services.account_suspend), ("cashier", services.account_leave)):
        user = services.password_set(hospital.person(code), password=PASSWORD, by=None, at=now)
        move(user, by=by, at=now, reason="x")
    people.person("invited", active=False, email="invited@example.org")
    system = tokens.system().client.application.user
    return {
        "nobody-here": PASSWORD,
        "nurse": WRONG,
        "doctor": PASSWORD,
        "cashier": PASSWORD,
        "invited": PASSWORD,
        system.username: PASSWORD,
        "patient": PASSWORD,
    }


def test_the_sign_in_page_says_the_same_whoever_does_not_come_in(
    hospital: people.Hospital, nurse: User
) -> None:
    typed = _strangers(hospital, nurse)
    pages = [_enter(Client(), name, password) for name, password in typed.items()]
    assert {page.status_code for page in pages} == {422}
    assert len({_plain(page) for page in pages}) == 1
    for _each in range(4):
        for name in ("nobody-here", "nurse"):
            _enter(Client(), name, WRONG)
    known, unknown = (_plain(_enter(Client(), name)) for name in ("nobody-here", "nurse"))
    assert b"Too many wrong passwords" in known
    assert known == unknown


def test_the_sign_in_takes_as_long_whoever_does_not_come_in(
    hospital: people.Hospital, nurse: User
) -> None:
    """Each reason costs one password hash (SEC-A6)."""
    typed = _strangers(hospital, nurse)
    hashed: dict[str, list[float]] = {name: [] for name in typed}
    for _round in range(4):
        for name, password in typed.items():
            started = time.thread_time()
            _enter(Client(), name, password)
            hashed[name].append(time.thread_time() - started)
    best = [min(times) for times in hashed.values()]
    assert max(best) - min(best) < max(0.05, 0.3 * min(best))


def test_a_forgotten_password_is_answered_the_same_whoever_asks(
    hospital: people.Hospital, nurse: User
) -> None:
    names = [*_strangers(hospital, nurse), "nurse@example.org", "nobody@example.org", "a\u202eb"]
    taken, pages = {}, []
    for name in names:
        started = time.thread_time()
        pages.append(Client().post("/password/forgotten/", {"name": name}))
        taken[name] = time.thread_time() - started
    assert _same(pages[:-1])
    assert max(taken.values()) - min(taken.values()) < 0.1


def test_a_link_says_the_same_whether_it_was_used_or_never_was(nurse: User) -> None:
    used, old = (services.key_issue(nurse, kind="reset", by=None, at=clock.now()) for _ in "ab")
    sent = {"password": NEW, "again": NEW}
    assert Client().post(f"/password/choose/?key={old}", sent).status_code == 303
    late = services.key_issue(nurse, kind="reset", by=None, at=clock.now())
    AccountKey.objects.filter(used_at=None).update(expires_at=clock.now())
    keys = [used, old, late, "x" * 43, "", "\u00e9", "a" * 5_000]
    pages = [Client().get("/password/choose/", {"key": key}) for key in keys]
    assert {page.status_code for page in pages} == {410}
    assert _same(pages)


def test_the_cookie_that_signs_in_is_hidden_and_goes_with_the_sign_out(nurse: User) -> None:
    client = Client()
    _enter(client)
    morsel = client.cookies["hms_session"]
    assert (morsel["httponly"], morsel["samesite"], morsel["path"]) == (True, "Lax", "/")
    assert morsel["domain"] == ""
    key = morsel.value
    client.post("/sign-out/")
    thief = Client()
    thief.cookies["hms_session"] = key
    assert not _is_in(thief)


def test_the_factor_of_somebody_else_is_not_there(nurse: User, hospital: people.Hospital) -> None:
    from allauth.mfa.models import Authenticator

    _app_of(nurse)
    theirs = Authenticator.objects.get(user=nurse).pk
    other = sign_in(Client(), hospital.person("doctor"))
    for number in (theirs, 0, "", "x", "9" * 30, "-1", "\u0663"):
        answer = other.post(f"/security/remove/?factor={number}")
        assert answer.status_code == 404
    assert Authenticator.objects.filter(pk=theirs).exists()
