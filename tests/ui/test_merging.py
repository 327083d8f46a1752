"""In a real browser: an unknown emergency patient is identified, merged, and taken apart again."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from org import services
from patients.models import DuplicatePair, MergeCase, Patient
from patients.services import merge_propose
from tests.factories import patients
from tests.factories.org import STARTED, Hospital

SIZES = {"desktop": (1366, 768), "phone": (390, 844)}


@pytest.fixture
def desk(sign_in: Callable) -> Hospital:
    hospital: Hospital = sign_in("front_desk")
    patients.switched_on(hospital.ward)
    return hospital


@pytest.fixture
def records(sign_in: Callable) -> Hospital:
    hospital: Hospital = sign_in("records_officer")
    patients.switched_on(hospital.ward)
    return hospital


def pressed(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).first.click()


def test_an_unknown_person_is_identified_merged_and_taken_apart(
    quiet_page: Page, live_server, desk: Hospital, sign_in: Callable
) -> None:
    page, home = quiet_page, f"{live_server.url}/patients/"
    known = patients.patient(desk.ward, desk.person("front_desk"), mobile="0611223344")
    page.goto(home)
    pressed(page, "Unknown person")
    page.locator("#id_description").fill("Found at the bus stop, blue coat")
    page.get_by_role("button", name="Register without a name").click()
    expect(page.locator(".hms-banner")).to_contain_text("Unknown person")
    unknown = Patient.objects.get(state="provisional")

    pressed(page, "Has a record already")
    page.locator("#id_into").fill(known.mrn)
    page.locator("#id_reason").fill("Her daughter came with her papers")
    page.get_by_role("button", name="Propose").click()
    expect(page.locator("main")).to_contain_text("You proposed this merge")

    sign_in("records_officer")
    page.goto(f"{home}merges/")
    page.locator("#results tbody a").first.click()
    expect(page.locator("#compared")).to_be_visible()
    pressed(page, "They are one person")
    page.get_by_role("button", name="Confirm").click()
    pressed(page, "Merge")
    page.get_by_role("button", name="Merge").click()
    expect(page.locator("main")).to_contain_text("What went along")
    page.goto(f"{home}{unknown.public_id}/")
    pressed(page, "Open the record that stays")
    expect(page.locator(".hms-banner-name")).to_contain_text("NOWAK")
    expect(page.locator("#numbers").locator("..").locator("..")).to_contain_text(
        "Earlier record number"
    )

    case = MergeCase.objects.get()
    assert case.state == "executed"
    page.goto(f"{home}merges/{case.public_id}/")
    pressed(page, "Take apart")
    page.locator("#id_reason").fill("It was her sister")
    page.get_by_role("button", name="Take apart").click()
    expect(page.locator("main h1")).to_contain_text("Merge of two records")
    page.goto(f"{home}{unknown.public_id}/")
    expect(page.locator(".hms-banner")).to_contain_text("Unknown person")
    unknown.refresh_from_db()
    assert (unknown.state, unknown.merged_into_id) == ("provisional", None)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_of_merging_are_accessible(
    quiet_page: Page, live_server, records: Hospital, look: Callable, theme: str
) -> None:
    clerk, officer = records.person("front_desk"), records.person("records_officer")
    services.preferences_set(officer, values={"theme": theme}, at=STARTED)
    one = patients.patient(records.ward, clerk, mobile="0611223344", locality="Riverside")
    two = patients.patient(
        records.ward,
        clerk,
        given="Ana",
        birth=None,
        mobile="0611223344",
        locality="Riverside",
        seen=[one.public_id],
    )
    pair = DuplicatePair.objects.get().public_id
    new = f"{two.public_id}/merge/?into={one.public_id}"
    addresses = ["duplicates/", f"duplicates/{pair}/", new]
    home = f"{live_server.url}/patients/"
    findings = look(quiet_page, [home + page for page in addresses], SIZES, theme)
    case = merge_propose(one, two, reason="same", by=clerk.pk, at=STARTED).public_id
    addresses = ["merges/", f"merges/{case}/", f"merges/{case}/review/", f"{two.public_id}/"]
    findings |= look(quiet_page, [home + page for page in addresses], SIZES, theme)
    assert findings == {}
