"""The audit trail in a real browser: read by axe, searched by keyboard, right on a phone."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from audit.models import AuditEvent, VerifyRun
from core import clock
from org import services
from tests.audit.test_search import ROW, event
from tests.factories import org as people
from tests.factories.org import STARTED, Hospital

SIZES = {"desktop": (1366, 768), "phone": (390, 844)}


@pytest.fixture
def trail(sign_in: Callable) -> Hospital:
    """A trail with something of every kind in it, and a privacy officer of the whole house."""
    hospital: Hospital = sign_in("privacy_officer")
    officer = hospital.person("privacy_officer")
    people.assign(officer, "privacy_officer", hospital.elsewhere_root)
    nurse = hospital.person("nurse")
    for number in range(60):
        event(timedelta(minutes=number), actor=nurse.pk, actor_name=nurse.full_name, act="view")
    event(**ROW)
    now = clock.now()
    VerifyRun.objects.create(
        started_at=now,
        finished_at=now,
        rows=60,
        unsealed=0,
        seals=2,
        chains=3,
        result="broken",
        problem_count=1,
        problems=[{"text": "row changed: audit_auditevent, row 7, seal 1"}],
    )
    return hospital


def addresses() -> list[str]:
    row = AuditEvent.objects.get(act="unit_close")
    return [
        "/audit/",
        "/audit/?period=all&kind=org.role&since=never",
        f"/audit/events/{row.public_id}/",
        "/audit/history/?period=all",
        "/audit/disclosures/",
        "/audit/disclosures/new/",
        "/audit/seals/",
        "/audit/seals/acknowledge/",
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_of_the_trail_are_accessible(
    quiet_page: Page, live_server, trail: Hospital, look: Callable, theme: str
) -> None:
    officer = trail.person("privacy_officer")
    services.preferences_set(officer, values={"theme": theme}, at=STARTED)
    pages = [live_server.url + address for address in addresses()]
    assert look(quiet_page, pages, SIZES, theme) == {}


def test_the_trail_is_searched_and_opened_without_a_mouse(
    quiet_page: Page, live_server, trail: Hospital
) -> None:
    quiet_page.goto(f"{live_server.url}/audit/")
    quiet_page.get_by_label("Act", exact=True).focus()
    quiet_page.keyboard.type("unit_close")
    quiet_page.keyboard.press("Enter")
    expect(quiet_page.get_by_role("heading", name="1 row")).to_be_visible()
    assert "act=unit_close" in quiet_page.url
    quiet_page.locator(".hms-row-link").first.focus()
    quiet_page.keyboard.press("Enter")
    expect(quiet_page.get_by_role("heading", name="What changed")).to_be_visible()
    expect(quiet_page.get_by_text("Water damage")).to_be_visible()


def test_sorting_paging_and_taking_a_filter_away_keep_the_rest(
    quiet_page: Page, live_server, trail: Hospital
) -> None:
    quiet_page.goto(f"{live_server.url}/audit/?act=view&period=7d")
    quiet_page.get_by_role("link", name="Next").click()
    expect(quiet_page.get_by_role("link", name="Previous")).to_be_visible()
    quiet_page.locator("th a.hms-sort", has_text="When").click()
    expect(quiet_page.locator('th[aria-sort="ascending"]')).to_have_text("When")
    assert "period=7d" in quiet_page.url
    assert "cursor" not in quiet_page.url
    quiet_page.get_by_role("link", name="Remove the filter Act: view").click()
    expect(quiet_page.get_by_role("link", name="Remove the filter Act: view")).to_have_count(0)
    assert "sort=occurred_at" in quiet_page.url


def test_a_break_is_acknowledged_in_a_form(quiet_page: Page, live_server, trail: Hospital) -> None:
    quiet_page.goto(f"{live_server.url}/audit/seals/")
    alarm = quiet_page.get_by_role("alert").filter(has_text="not what was sealed")
    expect(alarm).to_be_visible()
    alarm.get_by_role("link", name="Acknowledge").click()
    quiet_page.get_by_label("What was found out").fill("Disk was restored from a copy")
    quiet_page.get_by_role("button", name="Acknowledge").click()
    expect(quiet_page.get_by_text("Disk was restored from a copy")).to_be_visible()
    expect(alarm).to_have_count(0)
