"""The shell in a real browser: sign-in, home per role, administration, errors, gallery."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from org import services
from tests.factories.org import PASSWORD, STARTED, Hospital

SIZES = {"desktop": (1366, 768), "phone": (390, 844), "narrow": (320, 640)}
PAGES = ["/", "/units/", "/people/", "/roles/", "/modules/", "/preferences/", "/keys/"]
PAGES.append("/gallery/")


def wide(page: Page) -> int:
    """Return by how many pixels the page is wider than the window."""
    return page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


def test_signing_in_by_keyboard(
    quiet_page: Page, live_server, committed_hospital: Hospital, axe: Callable
) -> None:
    quiet_page.goto(f"{live_server.url}/")
    expect(quiet_page.locator("#id_username")).to_be_focused()
    assert axe(quiet_page) == []
    quiet_page.keyboard.type("Admin")
    quiet_page.keyboard.press("Tab")
    quiet_page.keyboard.type("wrong")
    quiet_page.keyboard.press("Enter")
    expect(quiet_page.get_by_role("alert").first).to_be_visible()
    assert quiet_page.locator("#id_username").input_value() == "Admin"
    quiet_page.locator("#id_password").fill(PASSWORD)
    quiet_page.keyboard.press("Enter")
    expect(quiet_page.locator("main h1").first).to_be_visible()
    assert quiet_page.url == f"{live_server.url}/"


@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
def test_pages_of_the_administrator_are_accessible(
    quiet_page: Page, live_server, sign_in: Callable, look: Callable, theme: str
) -> None:
    hospital = sign_in("system_administrator")
    services.preferences_set(hospital.admin, values={"theme": theme}, at=STARTED)
    addresses = [live_server.url + address for address in PAGES]
    assert look(quiet_page, addresses, SIZES, theme) == {}


@pytest.mark.parametrize("role", ["nurse", "auditor", "cashier"])
def test_home_shows_a_role_what_it_may_open(
    quiet_page: Page, live_server, sign_in: Callable, axe: Callable, role: str
) -> None:
    sign_in(role)
    quiet_page.goto(live_server.url)
    expect(quiet_page.locator("main h1").first).to_be_visible()
    links = quiet_page.locator('a[href="/modules/"]')
    assert (links.count() > 0) == (role == "auditor")
    assert axe(quiet_page) == []


def test_search_opens_by_keyboard_and_gives_focus_back(
    quiet_page: Page, live_server, sign_in: Callable, axe: Callable
) -> None:
    sign_in("system_administrator")
    quiet_page.goto(live_server.url)
    quiet_page.keyboard.press("Control+k")
    dialog = quiet_page.locator("dialog[open]")
    expect(dialog).to_be_visible()
    quiet_page.keyboard.type("Medical")
    expect(dialog.get_by_text("Medical A")).to_be_visible()
    assert axe(quiet_page) == []
    quiet_page.keyboard.press("Escape")
    expect(quiet_page.locator("dialog[open]")).to_have_count(0)


def test_a_missing_page_looks_like_the_house(
    quiet_page: Page, live_server, sign_in: Callable, axe: Callable
) -> None:
    sign_in("nurse")
    for address in ("/nothing-here/", "/units/"):
        answer = quiet_page.goto(live_server.url + address)
        assert answer.status in (403, 404)
        expect(quiet_page.locator("h1").first).to_be_visible()
        assert axe(quiet_page) == []
