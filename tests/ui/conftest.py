"""A real browser against a live server; a console error, a script error or a CSP block fails."""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect

from tests.factories import org as people
from tests.factories import sessions

WIDER = "document.documentElement.scrollWidth - window.innerWidth"
AXE = next(Path(__file__).parent.parent.glob("assets/**/axe.min.js"))
Axe = Callable[..., list[str]]
Look = Callable[..., dict[tuple[str, str], list[str]]]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test in this folder needs a browser; only NO_BROWSER=1 skips it."""
    for item in items:
        if "tests/ui/" in str(item.path):
            item.add_marker(pytest.mark.ui)
            item.add_marker(pytest.mark.enable_socket)
            if os.environ.get("NO_BROWSER") == "1":
                item.add_marker(pytest.mark.skip(reason="NO_BROWSER=1"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    """Debian's Chromium where scripts/browser.sh found it, else Playwright's own."""
    found = os.environ.get("HMS_BROWSER", "")
    extra = {"executable_path": found} if found and Path(found).exists() else {}
    return {**browser_type_launch_args, **extra, "headless": True, "args": QUIET}


@pytest.fixture
def quiet_page(page: Page) -> Iterator[Page]:
    """A page whose console must stay silent; expected 4xx answers are not errors of the page."""
    bad: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        is_refusal = "the server responded with a status of 4" in message.text
        if message.type == "error" and not is_refusal:
            bad.append(message.text)

    page.on("console", heard)
    page.on("pageerror", lambda error: bad.append(str(error)))
    page.set_default_timeout(15_000)
    yield page
    assert not bad, bad


@pytest.fixture
def axe() -> Axe:
    """Return the accessibility findings of the page as it is now."""
    source = AXE.read_text(encoding="utf-8")

    def run(page: Page, rules: list[str] = RULES) -> list[str]:
        page.evaluate(source)
        found = page.evaluate(f"axe.run(document, {{runOnly: {rules}}})")
        return [
            f"{item['id']} ({item['impact']}): {[node['target'] for node in item['nodes']]}"
            for item in found["violations"]
        ]

    return run


@pytest.fixture
def look(axe: Axe) -> Look:
    """Return what is wrong with pages: what axe finds, and where one has to scroll sideways.

    Where things stand and what they are called does not depend on the theme: light is looked at in
    every size, of the others the contrast in the first.
    """

    def over(
        page: Page, addresses: Iterable[str], sizes: dict[str, tuple[int, int]], theme: str
    ) -> dict[tuple[str, str], list[str]]:
        findings = {}
        wanted = list(sizes.items())[: None if theme == "light" else 1]
        for address in addresses:
            for number, (name, (width, height)) in enumerate(wanted):
                page.set_viewport_size({"width": width, "height": height})
                if number == 0:
                    page.goto(address)
                expect(page.locator("main h1").first).to_be_visible()
                rules = RULES if theme == "light" else ["color-contrast"]
                found = axe(page, rules) if name != "narrow" else []
                if (wide := page.evaluate(WIDER)) > 0:
                    found.append(f"{wide} px too wide")
                if found:
                    findings[name, address] = found
        return findings

    return over


@pytest.fixture
def sign_in(
    committed_hospital: people.Hospital, live_server: object, context: BrowserContext
) -> Callable[[str], people.Hospital]:
    """Put the session of a role's person into the browser."""

    def put(role: str) -> people.Hospital:
        client = Client()
        sessions.sign_in(client, committed_hospital.person(role))
        name = settings.SESSION_COOKIE_NAME
        context.add_cookies(
            [{"name": name, "value": client.cookies[name].value, "url": live_server.url}]
        )
        return committed_hospital

    return put
