"""In a real browser: a record is restricted, its glass is broken, and somebody else judges that."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from org import services
from patients.models import Glass, Patient
from tests.factories import patients
from tests.factories.org import STARTED, Hospital

SIZES = {"desktop": (1366, 768), "phone": (390, 844)}


@pytest.fixture
def house(sign_in: Callable) -> Hospital:
    hospital: Hospital = sign_in("nurse")
    patients.switched_on(hospital.ward)
    return hospital


@pytest.fixture
def hidden(house: Hospital) -> Patient:
    """Somebody of the ward whose record nobody keeps open."""
    row = patients.patient(house.ward, house.person("front_desk"), cared_for=house.ward)
    patients.restriction(row, house.person("privacy_officer"))
    return row


def broken(page: Page, home: str, number: str) -> None:
    """The nurse opens the record of this number for a while."""
    page.goto(f"{home}glass/new/")
    page.locator("#id_number").fill(number)
    page.get_by_label("Emergency").check()
    page.locator("#id_words").fill("Unconscious, no papers")
    page.get_by_role("button", name="Open the record").click()
    expect(page.locator(".hms-banner-name")).to_contain_text("NOWAK")


def test_a_broken_glass_opens_one_record_and_is_judged(
    quiet_page: Page, live_server, hidden: Patient, sign_in: Callable
) -> None:
    page, home = quiet_page, f"{live_server.url}/patients/"
    page.goto(f"{home}?q=nowak")
    expect(page.locator("main")).not_to_contain_text("NOWAK")
    page.goto(f"{home}glass/new/")
    page.locator("#id_number").fill(hidden.mrn)
    page.get_by_role("button", name="Open the record").click()
    expect(page.locator("[data-hms-errors]")).to_be_visible()
    expect(page.locator("#id_number")).to_have_value(hidden.mrn)
    assert not Glass.objects.exists()
    broken(page, home, hidden.mrn)
    page.goto(f"{home}?q=nowak")
    expect(page.locator("main")).not_to_contain_text("NOWAK")

    sign_in("privacy_officer")
    page.goto(f"{home}glass/?which=open")
    page.locator("#results tbody a").first.click()
    expect(page.locator("main")).to_contain_text("Unconscious, no papers")
    expect(page.get_by_role("heading", name="What was seen and done meanwhile")).to_be_visible()
    page.get_by_role("link", name="Review").click()
    page.get_by_label("Justified", exact=True).check()
    page.locator("#id_words").fill("Came by ambulance at that hour")
    page.get_by_role("button", name="Save the verdict").click()
    expect(page.locator("main")).to_contain_text("Came by ambulance at that hour")
    glass = Glass.objects.get()
    assert (glass.state, glass.verdict) == ("reviewed", "justified")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_of_restricted_records_are_accessible(
    *,
    quiet_page: Page,
    live_server,
    hidden: Patient,
    house: Hospital,
    sign_in: Callable,
    look: Callable,
    theme: str,
) -> None:
    home = f"{live_server.url}/patients/"
    nurse, officer = house.person("nurse"), house.person("privacy_officer")
    for person in (nurse, officer):
        services.preferences_set(person, values={"theme": theme}, at=STARTED)
    broken(quiet_page, home, hidden.mrn)
    findings = look(quiet_page, [f"{home}glass/new/"], SIZES, theme)
    sign_in("privacy_officer")
    glass = Glass.objects.get().public_id
    pages = ["glass/", f"glass/{glass}/", f"glass/{glass}/review/", "restricted/"]
    pages += ["restricted/new/", "seen/"]
    pages += [f"{hidden.public_id}/seen/", f"{hidden.public_id}/changes/"]
    findings |= look(quiet_page, [home + page for page in pages], SIZES, theme)
    assert findings == {}
