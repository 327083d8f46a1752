"""In a real browser: a task appears by itself, is taken, has a stand-in, and rises when late."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from core import clock
from org import services
from tests.factories import tasks
from tests.factories.org import STARTED, Hospital, assign, person
from worklist.models import Task
from worklist.services import tasks_escalate

SIZES = {"desktop": (1366, 768), "phone": (390, 844)}


@pytest.fixture
def ward(sign_in: Callable) -> Hospital:
    hospital: Hospital = sign_in("nurse")
    tasks.switched_on(hospital.ward)
    return hospital


def test_a_task_appears_is_taken_with_a_key_and_done(
    quiet_page: Page, live_server, ward: Hospital
) -> None:
    page, home = quiet_page, f"{live_server.url}/tasks/"
    page.goto(home)
    expect(page.locator("#results")).to_contain_text("Nothing waits here")
    tasks.task(ward.ward, detail="Fetch the wheelchair", role="nurse", at=clock.now())
    expect(page.locator("#results")).to_contain_text("Fetch the wheelchair", timeout=12_000)
    page.locator(".hms-row-link").first.focus()
    page.keyboard.press("c")
    expect(page.locator("#results")).to_contain_text("Nurse")
    task = Task.objects.get()
    assert task.owner_id == ward.person("nurse").pk
    page.goto(f"{home}{task.public_id}/")
    page.locator("#id_text").fill("It stands in the cellar")
    page.get_by_role("button", name="Add the note").click()
    expect(page.locator("ol.hms-list")).to_contain_text("It stands in the cellar")
    page.get_by_role("button", name="Done").click()
    expect(page.locator("h1")).to_be_visible()
    task.refresh_from_db()
    assert (task.state, task.completed_by_id) == ("done", ward.person("nurse").pk)


def test_a_stand_in_sees_and_takes_what_is_handed_to_them(
    quiet_page: Page, live_server, ward: Hospital, sign_in: Callable
) -> None:
    page, home = quiet_page, f"{live_server.url}/tasks/"
    stand_in = person("bea", family_name="Bea")
    assign(stand_in, "nurse", ward.ward)
    ward.people["stand_in"] = stand_in
    page.goto(f"{home}away/")
    page.locator("#id_to").select_option(label=stand_in.full_name)
    page.locator("#id_starts_on").fill("t")
    page.locator("#id_ends_on").fill("t+1")
    page.get_by_role("button", name="Name the stand-in").click()
    expect(page.locator("main")).to_contain_text(stand_in.full_name)
    tasks.task(
        ward.ward, detail="Call the family", owner_id=ward.person("nurse").pk, at=clock.now()
    )
    sign_in("stand_in")
    page.goto(home)
    expect(page.locator("#results")).to_contain_text("Call the family")
    expect(page.locator("main")).to_contain_text("You stand in for")


def test_a_late_task_rises_on_its_own_row(quiet_page: Page, live_server, ward: Hospital) -> None:
    page, home = quiet_page, f"{live_server.url}/tasks/"
    task = tasks.task(ward.ward, detail="Ask for the papers", at=clock.now() - timedelta(days=2))
    tasks_escalate(at=clock.now())
    page.goto(f"{home}?box=unit")
    expect(page.locator("tr.hms-row")).to_have_count(1)
    page.goto(f"{home}{task.public_id}/")
    expect(page.locator("ol.hms-list")).to_contain_text("Escalated")
    assert Task.objects.count() == 1


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_of_tasks_are_accessible(
    *,
    quiet_page: Page,
    live_server,
    ward: Hospital,
    sign_in: Callable,
    look: Callable,
    theme: str,
) -> None:
    nurse, admin = ward.person("nurse"), ward.person("system_administrator")
    for each in (nurse, admin):
        services.preferences_set(each, values={"theme": theme}, at=STARTED)
    task = tasks.task(ward.ward, detail="Fetch the wheelchair", at=clock.now()).public_id
    tasks.task(ward.ward, priority="stat", at=clock.now() - timedelta(days=1))
    home = f"{live_server.url}/tasks/"
    pages = ["", "new/", "away/", f"{task}/", f"{task}/hand-over/", f"{task}/hold/", "notices/"]
    findings = look(quiet_page, [home + page for page in pages], SIZES, theme)
    sign_in("system_administrator")
    pages = ["due-times/", "deliveries/", "scores/"]
    findings |= look(quiet_page, [home + page for page in pages], SIZES, theme)
    assert findings == {}
