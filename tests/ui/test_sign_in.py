"""Second factors in a real browser: codes of an app, recovery codes, passkeys, the lock."""

import re
from collections.abc import Callable

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import Page, expect

from core import clock
from org import services
from tests.factories.org import PASSWORD, Hospital

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(autouse=True)
def _no_brake(monkeypatch) -> None:
    """The brake per name and address (tests/core/test_limits.py) would stop so many sign-ins."""
    monkeypatch.setattr("core.limits.seconds_to_wait", lambda *_args, **_named: 0.0)


@pytest.fixture(autouse=True)
def nurse(committed_hospital: Hospital) -> None:
    person = committed_hospital.person("nurse")
    services.password_set(person, password=PASSWORD, by=None, at=clock.now())


@pytest.fixture
def site(live_server) -> str:
    """A passkey belongs to a name, never to a number."""
    return live_server.url.replace("127.0.0.1", "localhost")


def enter(page: Page, site: str, password: str = PASSWORD) -> None:
    page.goto(f"{site}/sign-in/")
    page.locator("#id_username").fill("nurse")
    page.locator("#id_password").fill(password)
    page.locator("#id_password").press("Enter")


def leave(page: Page) -> None:
    page.context.clear_cookies()


def code_of(seed: str, *, steps: int = 0) -> str:
    counter = int(clock.now().timestamp()) // 30 + steps
    return format_hotp_value(hotp_value(seed, counter))


def in_the_house(page: Page) -> None:
    expect(page.locator("main h1").first).to_contain_text("Good")


def test_an_app_then_its_code_then_a_recovery_code(
    quiet_page: Page, site: str, axe: Callable
) -> None:
    enter(quiet_page, site)
    in_the_house(quiet_page)
    quiet_page.goto(f"{site}/security/app/")
    assert axe(quiet_page) == []
    seed = re.search(r"into the app:\s*([A-Z2-7 ]+)", quiet_page.inner_text("main"))[1]
    seed = seed.replace(" ", "")
    quiet_page.locator("#id_code").fill(code_of(seed, steps=-1))
    quiet_page.get_by_role("button", name="Set up").click()
    quiet_page.get_by_role("button", name="Make and show codes").click()
    expect(quiet_page.get_by_text("shown only now")).to_be_visible()
    assert axe(quiet_page) == []
    words = quiet_page.inner_text("main")
    codes = re.findall(r"\b[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}\b", words)
    assert len(codes) == 10

    leave(quiet_page)
    enter(quiet_page, site)
    expect(quiet_page.locator("#id_code")).to_be_focused()
    assert axe(quiet_page) == []
    quiet_page.locator("#id_code").fill("000000")
    quiet_page.locator("#id_code").press("Enter")
    expect(quiet_page.get_by_role("alert").first).to_contain_text("wrong or was used")
    quiet_page.locator("#id_code").fill(code_of(seed))
    quiet_page.locator("#id_code").press("Enter")
    in_the_house(quiet_page)

    for is_new in (True, False):
        leave(quiet_page)
        enter(quiet_page, site)
        quiet_page.locator("#id_code").fill(codes[0])
        quiet_page.locator("#id_code").press("Enter")
        if is_new:
            in_the_house(quiet_page)
        else:
            expect(quiet_page.get_by_role("alert").first).to_contain_text("was used before")


def test_a_passkey_opens_alone_after_the_password_and_in_front_of_a_locked_name(
    quiet_page: Page, site: str, axe: Callable
) -> None:
    line = quiet_page.context.new_cdp_session(quiet_page)
    line.send("WebAuthn.enable")
    line.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    enter(quiet_page, site)
    in_the_house(quiet_page)
    quiet_page.goto(f"{site}/security/passkey/")
    assert axe(quiet_page) == []
    quiet_page.get_by_role("button", name="Make the passkey").click()
    expect(quiet_page.get_by_role("button", name="Make and show codes")).to_be_visible()

    leave(quiet_page)
    quiet_page.goto(f"{site}/sign-in/")
    quiet_page.get_by_role("button", name="Sign in with a passkey").click()
    in_the_house(quiet_page)

    leave(quiet_page)
    enter(quiet_page, site)
    quiet_page.get_by_role("button", name="Use a passkey").click()
    in_the_house(quiet_page)

    leave(quiet_page)
    for _number in range(5):
        enter(quiet_page, site, "wrong-wrong-wrong")
        expect(quiet_page.get_by_role("alert").first).to_be_visible()
    enter(quiet_page, site)
    expect(quiet_page.get_by_role("alert").first).to_contain_text("Too many wrong passwords")
    quiet_page.get_by_role("button", name="Sign in with a passkey").click()
    in_the_house(quiet_page)


def test_a_link_lets_its_person_choose_a_password(
    page: Page, site: str, committed_hospital: Hospital
) -> None:
    nurse, admin = committed_hospital.person("nurse"), committed_hospital.admin
    token = services.key_issue(nurse, kind="reset", by=admin.pk, at=clock.now())
    page.goto(f"{site}/password/choose/?key={token}")
    page.locator("#id_password").fill("short")
    page.locator("#id_again").fill("short")
    page.get_by_role("button", name="Save password").click()
    expect(page.locator("[data-hms-errors]")).to_be_visible()
    chosen = "seven grey herons at dusk"
    page.locator("#id_password").fill(chosen)
    page.locator("#id_again").fill(chosen)
    page.get_by_role("button", name="Save password").click()
    expect(page.get_by_text("Your password is set.").first).to_be_visible()
    enter(page, site, chosen)
    in_the_house(page)
