"""In a real browser: a patient answers on a phone, the desk checks it and registers."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from core import clock
from patients.models import Patient, PreRegistration
from tests.factories import patients
from tests.factories.org import Hospital

SIZES = {"desktop": (1366, 768), "phone": (390, 844)}


@pytest.fixture
def house(sign_in: Callable) -> Hospital:
    hospital: Hospital = sign_in("front_desk")
    patients.switched_on(hospital.ward)
    return hospital


def answered(page: Page, link: str) -> None:
    """Somebody fills in the page of the link, first with a mistake."""
    page.goto(link)
    page.locator("#id_family").fill("Nowak")
    page.locator("#id_given").fill("Anna")
    page.locator("#id_mobile").fill("06 11 22 33 44")
    page.get_by_role("button", name="Send to the hospital").click()
    expect(page.locator("[data-hms-errors]")).to_be_visible()
    expect(page.locator("#id_mobile")).to_have_value("06 11 22 33 44")
    page.locator("#id_birth").fill("7 3 1981")
    page.get_by_text("Female", exact=True).click()
    page.get_by_role("button", name="Send to the hospital").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()


def test_a_patient_answers_on_a_phone_and_the_desk_registers(
    *, quiet_page: Page, live_server, house: Hospital, browser: Browser
) -> None:
    page, home = quiet_page, f"{live_server.url}/patients/"
    page.goto(f"{home}pre/")
    page.get_by_role("link", name="Invite").click()
    page.get_by_role("button", name="Invite").click()
    shown = page.locator("main .hms-id").inner_text()
    key = re.search(r"key=[\w-]+", shown)
    assert key
    # A phone of their own, which nobody has signed in on.
    phone = browser.new_context(viewport={"width": 390, "height": 844})
    try:
        answered(phone.new_page(), f"{home}welcome/?{key.group(0)}")
    finally:
        phone.close()
    page.goto(f"{home}pre/")
    page.locator("#results tbody a").first.click()
    expect(page.locator("main")).to_contain_text("06 11 22 33 44")
    page.get_by_role("link", name="Register as new").click()
    expect(page.locator("#id_family")).to_have_value("Nowak")
    page.get_by_role("button", name="Register", exact=True).click()
    expect(page.locator(".hms-banner-name")).to_contain_text("NOWAK")
    row = PreRegistration.objects.get()
    assert (row.state, row.patient) == ("accepted", Patient.objects.get())


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_of_pre_registration_are_accessible(
    *,
    quiet_page: Page,
    live_server,
    house: Hospital,
    look: Callable,
    theme: str,
) -> None:
    clerk = house.person("front_desk")
    patients.patient(house.ward, clerk)
    told = patients.told(house.ward, clerk, at=clock.now(), mobile="06 11 22 33 44").public_id
    record = Patient.objects.get().public_id
    _row, token = patients.invited(house.ward, clerk, at=clock.now())
    home = f"{live_server.url}/patients/"
    pages = ["pre/", "pre/new/", f"pre/{told}/", f"pre/{told}/register/"]
    pages += [f"pre/{told}/match/{record}/", f"pre/{told}/reject/"]
    pages += [f"welcome/?key={token}", "welcome/?key=x", "welcome/thanks/"]
    assert look(quiet_page, [home + page for page in pages], SIZES, theme) == {}
