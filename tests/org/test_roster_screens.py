"""The roster over HTTP: the grid, its commands, the file, the API; and sixteen planners at once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from core import clock
from org import services
from org.models import RosterEntry
from tests.factories import org as people
from tests.factories import roster
from tests.factories.org import Hospital
from tests.factories.sessions import sign_in
from tests.fixtures.rivals import one_winner

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
DAY = NOW.date() + timedelta(days=1)
HEAD = "unit_code,day,shift,username,role,on_call\n"


@pytest.fixture(autouse=True)
def _held() -> Any:
    with clock.at(NOW):
        yield


@pytest.fixture
def manager(hospital: Hospital) -> Client:
    return sign_in(Client(), hospital.person("ward_manager"))


def _form(hospital: Hospital, **changes: str) -> dict[str, str]:
    return {
        "who": f"{hospital.person('nurse').public_id}:nurse",
        "day_on": DAY.isoformat(),
        "shift": str(roster.shift(hospital.ward).public_id),
    } | changes


def test_a_ward_manager_adds_somebody_and_sees_them_in_the_grid(
    hospital: Hospital, manager: Client
) -> None:
    address = reverse("org:roster-add", args=[hospital.ward.public_id])
    answer = manager.post(address, _form(hospital, on_call="on"))
    assert answer.status_code == 303
    page = manager.get(answer["Location"])
    assert "NURSE" in page.content.decode()
    assert RosterEntry.objects.get().on_call


def test_a_refusal_stands_beside_its_field_and_keeps_what_was_typed(
    hospital: Hospital, manager: Client
) -> None:
    roster.entry(hospital.ward, hospital.person("nurse"), DAY)
    address = reverse("org:roster-add", args=[hospital.ward.public_id])
    page = manager.post(address, _form(hospital))
    assert page.status_code == 409
    assert "already stands in this shift" in page.content.decode()
    assert page.context["form"]["day_on"].value() == DAY.isoformat()


def test_a_nurse_sees_the_roster_without_reasons_of_absence_and_changes_nothing(
    hospital: Hospital,
) -> None:
    nurse = hospital.person("nurse")
    roster.entry(hospital.ward, nurse, DAY)
    roster.absence(nurse, NOW, NOW + timedelta(days=5))
    client = sign_in(Client(), nurse)
    page = client.get(reverse("org:roster"))
    text = page.content.decode()
    assert "Away" in text
    assert "Leave" not in text
    assert "roster/add" not in text
    address = reverse("org:roster-add", args=[hospital.ward.public_id])
    assert client.post(address, _form(hospital)).status_code == 403
    assert RosterEntry.objects.count() == 1


def test_a_week_is_copied_and_the_message_names_who_was_left_out(
    hospital: Hospital, manager: Client
) -> None:
    nurse = hospital.person("nurse")
    roster.entry(hospital.ward, nurse, DAY)
    roster.absence(nurse, NOW + timedelta(days=6), NOW + timedelta(days=12))
    address = reverse("org:roster-copy", args=[hospital.ward.public_id])
    days = {"from_day": DAY.isoformat(), "to_day": (DAY + timedelta(days=7)).isoformat()}
    answer = manager.post(address, days, follow=True)
    assert "NURSE – This person is away during that shift." in answer.content.decode()


def _upload(client: Client, text: str) -> Any:
    file = SimpleUploadedFile("roster.csv", text.encode())
    return client.post(reverse("org:roster-import"), {"file": file})


def test_a_good_file_is_checked_then_written_and_changes_nothing_twice(
    hospital: Hospital, manager: Client
) -> None:
    roster.shift(hospital.ward)
    text = f"{HEAD}W1,{DAY},D,nurse,nurse,yes\nW1,{DAY},d,doctor,doctor,\n"
    page = _upload(manager, text)
    assert RosterEntry.objects.count() == 0
    checked = page.context["confirm"].initial["checked"]
    manager.post(reverse("org:roster-import"), {"checked": checked})
    assert set(RosterEntry.objects.values_list("source", "on_call")) == {
        ("import", True),
        ("import", False),
    }
    assert [row.outcome for row in _upload(manager, text).context["report"].rows] == [
        "unchanged",
        "unchanged",
    ]


def test_each_bad_row_is_named_with_its_column_and_nothing_is_written(
    hospital: Hospital, manager: Client
) -> None:
    roster.shift(hospital.ward)
    rows = [
        f"W1,{DAY},D,nurse,nurse,",
        f"W9,{DAY},D,nurse,nurse,",
        f"W1,{DAY},X,nurse,nurse,",
        "W1,soon,D,nurse,nurse,",
        f"W1,{DAY},D,nobody,nurse,",
        f"W1,{DAY},D,nurse,doctor,",
        f"W1,{DAY},D,doctor,doctor,perhaps",
        f"W1,{DAY},D,nurse",
    ]
    page = _upload(manager, HEAD + "\n".join(rows))
    assert page.status_code == 422
    found = {row.line: row.column for row in page.context["report"].rows}
    assert found == {
        2: "",
        3: "unit_code",
        4: "shift",
        5: "day",
        6: "username",
        7: "username",
        8: "on_call",
        9: "",
    }
    assert RosterEntry.objects.count() == 0


def test_a_shift_is_made_by_who_plans_the_whole_site(hospital: Hospital, manager: Client) -> None:
    address = reverse("org:shift-new", args=[hospital.ward.site.public_id])
    late = {"name": "Late", "code": "L", "from_time": "14:00", "to_time": "22", "group": "day"}
    assert manager.post(address, late).status_code == 404
    admin = sign_in(Client(), hospital.admin)
    assert admin.post(address, late).status_code == 303
    assert "14:00–22:00" in admin.get(address.removesuffix("new/")).content.decode()


def test_the_api_says_who_is_on_now(hospital: Hospital, manager: Client) -> None:
    roster.entry(hospital.ward, hospital.person("nurse"), NOW.date())
    roster.entry(hospital.ward, hospital.person("doctor"), NOW.date(), role="doctor", on_call=True)
    address = f"{reverse('api:roster-now')}?unit={hospital.ward.public_id}"
    found = manager.get(address).json()
    assert [item["role"] for item in found["on_duty"]] == ["nurse"]
    assert [item["role"] for item in found["on_call"]] == ["doctor"]


def test_the_api_lists_moves_and_takes_off(hospital: Hospital, manager: Client) -> None:
    entry = roster.entry(hospital.ward, hospital.person("nurse"), DAY)
    query = f"?unit={hospital.ward.public_id}&first={DAY}&last={DAY}"
    listed = manager.get(reverse("api:roster") + query).json()["items"]
    assert [item["public_id"] for item in listed] == [str(entry.public_id)]
    late = str(roster.shift(hospital.ward, "N").public_id)
    moved = manager.post(
        reverse("api:roster-move", args=[entry.public_id]),
        {"shift": late},
        content_type="application/json",
        headers={"If-Match": '"1"'},
    )
    assert moved.json()["shift"] == "N"
    gone = manager.post(
        reverse("api:roster-remove", args=[entry.public_id]),
        {"reason": "swap"},
        content_type="application/json",
        headers={"If-Match": '"2"'},
    )
    assert gone.json()["removed_at"] is not None
    assert manager.get(reverse("api:roster") + query).json()["items"] == []


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_of_sixteen_planners_one_gets_the_person(committed_hospital: Hospital) -> None:
    hospital = committed_hospital
    nurse = people.person("wanted")
    people.assign(nurse, "nurse", hospital.root)
    units = [people.unit(hospital.root, f"X{number}") for number in range(16)]
    with clock.at(NOW):
        places = [roster.place(unit, nurse, DAY) for unit in units]

    def add(client: int) -> RosterEntry:
        return services.roster_add(unit=units[client], place=places[client], by=None, at=NOW)

    one_winner(add, "roster_overlaps")
    assert RosterEntry.objects.filter(user=nurse).count() == 1
