"""Sites, hours and practice in a real browser: read by axe, filled in, told apart."""

from collections.abc import Callable
from datetime import date

import pytest
from playwright.sync_api import Page, expect

from org import services
from tests.factories import org as people
from tests.factories.org import STARTED, Hospital

SIZES = {"desktop": (1366, 768), "phone": (390, 844)}
WEEK = {"1": [["08:00", "12:00"], ["13:00", "17:00"]], "6": [["09:00", "12:00"]]}


@pytest.fixture
def practice(sign_in: Callable) -> Hospital:
    hospital: Hospital = sign_in("system_administrator")
    services.site_update(
        hospital.root.site,
        values={
            "business_hours": WEEK,
            "holidays": [services.HolidayOn(date(2026, 12, 25), "Christmas Day")],
            "blackouts": [
                services.BlackoutFromTo(date(2026, 12, 20), date(2027, 1, 3), "Year-end close")
            ],
        },
        version=None,
        by=hospital.admin.pk,
        at=STARTED,
    )
    unit = people.unit(hospital.root, "TR", name="Practice ward", kind="training")
    people.assign(hospital.admin, "nurse", unit)
    return hospital


def addresses(hospital: Hospital) -> list[str]:
    site, ward = hospital.root.site.public_id, hospital.ward.public_id
    return [
        "/sites/",
        "/sites/new/",
        f"/sites/{site}/",
        f"/sites/{site}/edit/",
        f"/units/{ward}/",
        f"/units/{ward}/hours/",
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_of_sites_are_accessible(
    quiet_page: Page, live_server, practice: Hospital, look: Callable, theme: str
) -> None:
    services.preferences_set(practice.admin, values={"theme": theme}, at=STARTED)
    pages = [live_server.url + address for address in addresses(practice)]
    assert look(quiet_page, pages, SIZES, theme) == {}


def test_a_site_is_made_in_a_form(quiet_page: Page, live_server, practice: Hospital) -> None:
    quiet_page.goto(f"{live_server.url}/sites/new/")
    quiet_page.get_by_label("Name").fill("North clinic")
    quiet_page.get_by_label("Code").fill("NORTH")
    quiet_page.get_by_label("Time zone").select_option("Africa/Nairobi")
    quiet_page.get_by_label("Monday").first.fill("8-12, 13-17")
    quiet_page.get_by_role("button", name="Create site").click()
    expect(quiet_page.get_by_text("08:00–12:00, 13:00–17:00")).to_be_visible()
    expect(quiet_page.get_by_text("Africa/Nairobi")).to_be_visible()


def test_the_training_unit_says_so_on_top(
    quiet_page: Page, live_server, practice: Hospital, axe: Callable
) -> None:
    quiet_page.goto(live_server.url)
    expect(quiet_page.get_by_text("TRAINING", exact=True)).to_have_count(0)
    quiet_page.locator("summary.hms-where").click()
    quiet_page.get_by_role("button", name="Practice ward", exact=True).click()
    expect(quiet_page.get_by_text("TRAINING", exact=True)).to_be_visible()
    assert axe(quiet_page) == []
