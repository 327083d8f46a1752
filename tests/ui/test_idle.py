"""A screen that is left warns, covers itself, and opens again for the same person (SEC-A7)."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from core import clock
from org import services
from org.models import LoginSession
from tests.factories.org import PASSWORD, STARTED, Hospital

PIN = "4711"
TYPED = "Unsaved ward"


@pytest.fixture
def hospital(sign_in: Callable[[str], Hospital]) -> Hospital:
    return sign_in("system_administrator")


@pytest.fixture
def form_page(quiet_page: Page, live_server: object, hospital: Hospital) -> Page:
    """A form with something typed; the screen locks after the default five minutes."""
    services.quick_pin_set(hospital.admin, pin=PIN, at=STARTED)
    quiet_page.goto(f"{live_server.url}/units/new/")
    quiet_page.get_by_label("Name", exact=True).fill(TYPED)
    return quiet_page


def kept(page: Page) -> None:
    """The page is there again, with what was typed."""
    expect(page.locator("#hms-lock")).to_be_hidden()
    expect(page.get_by_label("Name", exact=True)).to_have_value(TYPED)
    expect(page.get_by_label("Name", exact=True)).to_be_visible()


def locked(page: Page) -> None:
    expect(page.locator("#hms-lock")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_be_hidden()


def locked_on_server() -> bool:
    return LoginSession.objects.get().locked_at is not None


def unlock(page: Page, field: str, value: str) -> None:
    page.locator("#hms-lock").get_by_label(field).fill(value)
    page.get_by_role("button", name="Unlock").click()


@pytest.fixture
def lasts_18_s(settings) -> None:
    """The warning comes after nine seconds: time enough to look at it."""
    settings.LOCK_MINUTES = 0.3


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.usefixtures("lasts_18_s")
def test_it_warns_with_a_countdown_and_stay_keeps_it_open(
    quiet_page: Page, live_server, hospital: Hospital, axe, theme: str
) -> None:
    services.preferences_set(hospital.admin, values={"theme": theme}, at=STARTED)
    quiet_page.goto(f"{live_server.url}/units/")
    warning = quiet_page.locator("#hms-idle")
    expect(warning).to_be_visible(timeout=12_000)
    expect(warning.locator("[data-hms-left]")).to_have_text(re.compile(r"^[1-9]$"))
    assert axe(quiet_page) == []
    warning.get_by_role("button", name="Stay").click()
    expect(warning).to_be_hidden()
    assert not locked_on_server()
    seen = LoginSession.objects.get().last_seen_at
    assert (clock.now() - seen).total_seconds() < 5


def test_left_alone_it_locks_here_and_on_the_server(
    quiet_page: Page, live_server, hospital: Hospital, settings
) -> None:
    settings.LOCK_MINUTES = 0.15
    quiet_page.goto(f"{live_server.url}/units/new/")
    expect(quiet_page.locator("#hms-lock")).to_be_visible(timeout=15_000)
    locked(quiet_page)
    quiet_page.wait_for_timeout(500)
    assert locked_on_server()


def test_escape_does_not_open_it(form_page: Page) -> None:
    form_page.get_by_role("button", name="Lock screen").click()
    for _time in range(3):
        form_page.keyboard.press("Escape")
    locked(form_page)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_password_opens_it_and_what_was_typed_is_there(
    quiet_page: Page, live_server, hospital: Hospital, axe, theme: str
) -> None:
    services.preferences_set(hospital.admin, values={"theme": theme}, at=STARTED)
    quiet_page.goto(f"{live_server.url}/units/new/")
    quiet_page.get_by_label("Name", exact=True).fill(TYPED)
    quiet_page.get_by_role("button", name="Lock screen").click()
    locked(quiet_page)
    assert axe(quiet_page) == []
    unlock(quiet_page, "password", "x" * 12)
    expect(quiet_page.get_by_role("alert")).to_contain_text("not the password")
    unlock(quiet_page, "password", PASSWORD)
    kept(quiet_page)
    assert not locked_on_server()


def test_shift_l_locks_and_the_pin_opens(form_page: Page) -> None:
    form_page.locator("h1").click()
    form_page.keyboard.press("Shift+L")
    locked(form_page)
    unlock(form_page, "PIN", PIN)
    kept(form_page)


def test_three_wrong_pins_leave_the_password(form_page: Page) -> None:
    form_page.get_by_role("button", name="Lock screen").click()
    for _time in range(3):
        unlock(form_page, "PIN", "9382")
        expect(form_page.get_by_role("alert")).to_be_visible()
        form_page.wait_for_timeout(300)
    expect(form_page.locator("#hms-lock").get_by_label("PIN")).to_have_count(0)
    unlock(form_page, "password", PASSWORD)
    kept(form_page)


def test_a_save_that_meets_a_locked_server_can_be_sent_again(form_page: Page) -> None:
    LoginSession.objects.update(locked_at=clock.now())
    night = form_page.get_by_role("button", name="Night mode")
    night.click()
    locked(form_page)
    unlock(form_page, "PIN", PIN)
    kept(form_page)
    with form_page.expect_response("**/preferences/") as saved:
        night.click()
    assert saved.value.status == 204


def test_one_tab_opens_all(form_page: Page, live_server) -> None:
    other = form_page.context.new_page()
    other.goto(f"{live_server.url}/units/")
    other.get_by_role("button", name="Lock screen").click()
    locked(form_page)
    unlock(other, "PIN", PIN)
    kept(form_page)
    form_page.get_by_role("button", name="Create unit").click()
    expect(form_page.locator("[data-hms-errors]")).to_be_visible()


def test_someone_else_starts_at_the_sign_in(form_page: Page) -> None:
    form_page.get_by_role("button", name="Lock screen").click()
    form_page.on("dialog", lambda dialog: dialog.accept())
    form_page.get_by_role("button", name="Someone else").click()
    form_page.wait_for_url("**/sign-in/")
    assert LoginSession.objects.count() == 0


def test_nothing_typed_is_stored_in_the_browser(form_page: Page) -> None:
    form_page.get_by_role("button", name="Lock screen").click()
    locked(form_page)
    stored = "JSON.stringify([{...localStorage}, {...sessionStorage}])"
    assert TYPED not in form_page.evaluate(stored)
