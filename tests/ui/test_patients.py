"""Patients in a real browser: registered by keyboard alone, found while typing, read by axe."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from org import services
from patients.models import Patient
from tests.factories import patients
from tests.factories.org import STARTED, Hospital

SIZES = {"desktop": (1366, 768), "phone": (390, 844)}


@pytest.fixture
def desk(sign_in: Callable) -> Hospital:
    hospital: Hospital = sign_in("front_desk")
    patients.switched_on(hospital.ward)
    return hospital


def typed(page: Page, text: str) -> None:
    page.keyboard.type(text)
    page.keyboard.press("Tab")


def test_somebody_is_registered_with_the_keyboard_alone(
    quiet_page: Page, live_server, desk: Hospital
) -> None:
    page = quiet_page
    page.goto(f"{live_server.url}/patients/")
    expect(page.locator("#id_q")).to_be_focused()
    page.locator("main").focus()
    page.keyboard.press("F2")
    expect(page.locator("#id_family")).to_be_focused()
    typed(page, "Nowak")
    typed(page, "Anna")
    typed(page, "7 3 81")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".hms-banner-name")).to_contain_text("NOWAK")
    found = Patient.objects.get()
    assert (found.family, found.given, str(found.birth_on)) == ("Nowak", "Anna", "1981-03-07")


def test_likely_duplicates_appear_while_the_clerk_types(
    quiet_page: Page, live_server, desk: Hospital
) -> None:
    patients.patient(desk.ward, desk.person("front_desk"))
    page = quiet_page
    page.goto(f"{live_server.url}/patients/new/")
    typed(page, "Novak")
    typed(page, "Ana")
    page.keyboard.type("7 3 81")
    expect(page.locator("#matches")).to_contain_text("NOWAK")
    expect(page.locator("#id_birth")).to_be_focused()
    expect(page.locator("#id_birth")).to_have_value("7 3 81")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-hms-errors]")).to_be_visible()
    expect(page.locator("#id_given")).to_have_value("Ana")
    assert Patient.objects.count() == 1
    page.locator("#id_reason").fill("Cousin, papers seen")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".hms-banner-name")).to_contain_text("NOVAK")


def test_the_list_follows_what_is_typed_and_the_address_stays(
    quiet_page: Page, live_server, desk: Hospital
) -> None:
    clerk = desk.person("front_desk")
    patients.patient(desk.ward, clerk)
    patients.patient(desk.ward, clerk, family="Diaz", given="Rosa", birth=None)
    page = quiet_page
    page.goto(f"{live_server.url}/patients/")
    page.locator("#id_q").press_sequentially("nowa")
    expect(page.locator("#results tbody tr")).to_have_count(1)
    expect(page.locator("#results")).to_contain_text("NOWAK")
    assert page.url == f"{live_server.url}/patients/"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_of_patients_are_accessible(
    quiet_page: Page, live_server, desk: Hospital, look: Callable, theme: str
) -> None:
    clerk = desk.person("front_desk")
    services.preferences_set(clerk, values={"theme": theme}, at=STARTED)
    who = patients.patient(
        desk.ward,
        clerk,
        cared_for=desk.ward,
        mobile="0611223344",
        kin_name="Piotr Nowak",
        national="2810375123456",
        needs=["hearing"],
        locality="Riverside",
    ).public_id
    pages = ["", "new/", "unknown/", f"{who}/", f"{who}/edit/", f"{who}/death/", f"{who}/newborn/"]
    addresses = [f"{live_server.url}/patients/{address}" for address in pages]
    assert look(quiet_page, addresses, SIZES, theme) == {}
