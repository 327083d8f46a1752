"""What became of a record: every version of its rows, less what the asker may not read."""

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from audit.selectors import history, policy
from core import clock
from org.models import User
from patients import services
from patients.models import Patient
from patients.rules.fields import CHANGES, GROUPS
from tests.factories import org as people
from tests.factories import patients
from tests.factories.sessions import sign_in


@pytest.fixture
def anna(desk: people.Hospital, clerk: User) -> Patient:
    made = patients.patient(
        desk.ward, clerk, cared_for=desk.ward, mobile="0611223344", street="Quince Lane"
    )
    services.allergy_record(made, substance="Latex", by=clerk.pk, at=clock.now())
    return made


@pytest.fixture
def auditor(desk: people.Hospital) -> Client:
    return sign_in(Client(), desk.person("auditor"))


def address(patient: Patient) -> str:
    return reverse("patients:patient-changes", args=[patient.public_id])


def page(client: Client, patient: Patient, query: str = "") -> str:
    answer = client.get(address(patient) + query)
    assert answer.status_code == 200
    return answer.content.decode()


def opened(client: Client, patient: Patient) -> None:
    """An act at a door: the trail knows of the record, its rows say who wrote them."""
    form = {"given": "Annika", "family": "Nowak", "sex": "female", "reason": "misheard"}
    shown = client.get(reverse("patients:patient-edit", args=[patient.public_id])).context["form"]
    values = {name: shown[name].value() for name in shown.fields}
    sent = {name: value for name, value in values.items() if value} | form
    answer = client.post(reverse("patients:patient-edit", args=[patient.public_id]), sent)
    assert answer.status_code < 400, answer.context["form"].errors


def test_before_and_after_who_and_why(anna: Patient, browser: Client, auditor: Client) -> None:
    opened(browser, anna)
    text = page(auditor, anna)
    assert "Annika" in text
    assert "FRONT DESK" in text
    rows = auditor.get(address(anna)).context["rows"]
    named = {row.shown.version.kind for row in rows}
    assert {"patients.patient", "patients.patientname", "patients.patientphone"} <= named
    seen = AuditEvent.objects.filter(patient=anna.public_id, door="patients:patient-changes")
    assert seen.filter(act="view").exists()


def test_values_that_the_role_does_not_read_are_counted_and_not_shown(
    anna: Patient, browser: Client, auditor: Client, desk: people.Hospital
) -> None:
    opened(browser, anna)
    text = page(auditor, anna, "?size=100")
    assert "Quince Lane" not in text
    assert "Latex" not in text
    assert "fields that your role does not read" in text
    kinds = {
        row.shown.version.kind: row.kept_back
        for row in auditor.get(address(anna) + "?size=100").context["rows"]
    }
    assert kinds["patients.allergy"] > 2
    assert kinds["patients.patientaddress"] == len(GROUPS["reach"].columns["PatientAddress"])
    both = desk.person("auditor")
    people.assign(both, "doctor", desk.root)
    text = page(sign_in(Client(), both), anna, "?size=100")
    assert "Quince Lane" in text
    assert "Latex" in text
    assert "0611223344" not in text


def test_filters_narrow_it_and_wrong_ones_say_so(
    anna: Patient, browser: Client, auditor: Client
) -> None:
    opened(browser, anna)
    rows = auditor.get(address(anna) + "?change=update").context["rows"]
    assert {row.shown.version.label for row in rows} == {"update"}
    assert auditor.get(address(anna) + "?person=nobody-of-this-name").context["rows"] == []
    assert auditor.get(address(anna) + "?since_on=2100-01-01").context["rows"] == []
    wrong = auditor.get(address(anna) + "?since_on=x")
    assert (wrong.status_code, wrong.context["rows"]) == (422, [])
    assert "Nothing was searched" in wrong.content.decode()
    assert auditor.get(address(anna) + "?cursor=x").status_code == 422
    first = auditor.get(address(anna) + "?size=1").context["pages"]
    assert first.next
    assert auditor.get(f"{address(anna)}?size=1&cursor={first.next}").context["rows"]


def test_nobody_else_and_nobody_of_another_site(
    anna: Patient, browser: Client, auditor: Client, desk: people.Hospital
) -> None:
    assert browser.get(address(anna)).status_code == 403
    opened(browser, anna)
    other = people.person("other-auditor", family_name="Other")
    people.assign(other, "auditor", desk.elsewhere_root)
    assert sign_in(Client(), other).get(address(anna)).status_code == 404


def test_of_every_table_of_this_room_is_said_who_reads_its_changes() -> None:
    of_room = {
        label
        for label in history.every()
        if policy.is_record(label) and label.startswith("patients.")
    }
    assert of_room == set(CHANGES)


def test_a_table_that_is_not_named_shows_no_value(
    anna: Patient, auditor: Client, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(browser, anna)
    monkeypatch.delitem(CHANGES, "patients.patientname")  # type: ignore[arg-type]
    rows = auditor.get(address(anna) + "?size=100").context["rows"]
    names = [row for row in rows if row.shown.version.kind == "patients.patientname"]
    assert names
    assert all(not row.shown.first for row in names)
    assert all(row.kept_back for row in names)
