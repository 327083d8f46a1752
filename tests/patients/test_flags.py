"""Flags and the banner: who is warned of what, and who is not told."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from core import clock
from core.errors import Invalid, TransitionRefused
from org.models import User
from org.permissions import grants_of
from patients import selectors, services
from patients.models import CaringUnit, Patient, PatientFlag
from patients.rules.flags import FLAGS, Sight
from patients.services import FlagSet
from patients.states import FlagKind
from patients.views.shown import banner_of
from tests.factories import org as people
from tests.factories import patients
from tests.factories.org import STARTED
from tests.factories.sessions import sign_in

CONFIDENTIAL = [kind for kind, rule in FLAGS.items() if rule.sight == Sight.CONFIDENTIAL]


@pytest.fixture
def nurse(desk: people.Hospital) -> User:
    return desk.person("nurse")


@pytest.fixture
def anna(desk: people.Hospital, nurse: User) -> Patient:
    return patients.patient(desk.ward, nurse, cared_for=desk.ward)


def flag(patient: Patient, kind: str, **rest: Any) -> PatientFlag:
    return services.flag_set(patient, kind=kind, **{"by": None, "at": STARTED, **rest})


def seen_by(person: User, patient: Patient) -> str:
    """The banner as the person reads it."""
    page = sign_in(Client(), person).get(f"/patients/{patient.public_id}/").content.decode()
    return page[page.index("hms-banner-alerts") : page.index("hms-chips")]


def test_every_kind_has_its_rule() -> None:
    assert set(FLAGS) == set(FlagKind)


def test_a_flag_is_set_and_warns_on_every_page(nurse: User, anna: Patient) -> None:
    ward = sign_in(Client(), nurse)
    form = {"kind": "fall_risk", "note": "two helpers"}
    answer = ward.post(f"/patients/{anna.public_id}/flags/new/", form, follow=True)
    assert answer.status_code == 200
    assert "Risk of falling" in seen_by(nurse, anna)
    page = ward.get(f"/patients/{anna.public_id}/care-notes/").content.decode()
    assert "Risk of falling" in page


@pytest.mark.parametrize("kind", CONFIDENTIAL)
def test_what_not_everybody_may_know_is_told_to_few(
    desk: people.Hospital, nurse: User, clerk: User, anna: Patient, kind: str
) -> None:
    row = flag(anna, kind)
    label = str(FlagKind(kind).label)
    assert label in seen_by(desk.person("doctor"), anna)
    for person in (nurse, clerk):
        banner = seen_by(person, anna)
        assert label not in banner
        assert "More warnings" not in banner
    ward = sign_in(Client(), nurse)
    assert label not in ward.get(f"/patients/{anna.public_id}/safety/").content.decode()
    address = f"/patients/{anna.public_id}/flags/{row.public_id}/end/"
    assert ward.post(address, {"reason": "x"}).status_code == 404
    assert ward.get(f"/api/v1/patients/{anna.public_id}/flags").json()["items"] == []
    row.refresh_from_db()
    assert row.state == "active"


def test_a_nurse_cannot_set_what_few_may_set(nurse: User, anna: Patient) -> None:
    ward = sign_in(Client(), nurse)
    answer = ward.post(f"/patients/{anna.public_id}/flags/new/", {"kind": "vip"})
    assert answer.status_code == 422
    sent = ward.post(
        f"/api/v1/patients/{anna.public_id}/flags", {"kind": "vip"}, content_type="application/json"
    )
    assert sent.status_code == 403
    assert not PatientFlag.objects.exists()


def test_a_clerk_learns_that_there_is_something_and_not_what(
    desk: people.Hospital, clerk: User, anna: Patient
) -> None:
    flag(anna, "bleeding")
    flag(anna, "isolation_contact")
    services.allergy_record(anna, substance="Latex", by=None, at=STARTED)
    banner = seen_by(clerk, anna)
    assert "More warnings: ask whoever treats the patient" in banner
    assert "Allergies: ask whoever treats the patient" in banner
    assert "Isolation: contact" in banner
    assert "Bleeds" not in banner
    assert "Latex" not in banner
    page = sign_in(Client(), clerk).get(f"/patients/{anna.public_id}/safety/").content.decode()
    assert "Latex" not in page
    assert "Bleeds" not in page


def test_a_flag_of_one_kind_counts_once(anna: Patient) -> None:
    flag(anna, "fall_risk")
    with pytest.raises(FlagSet):
        flag(anna, "fall_risk")
    assert PatientFlag.objects.count() == 1


def test_a_flag_ends_by_itself_at_its_time(nurse: User, anna: Patient) -> None:
    flag(anna, "isolation_droplet", until=STARTED + timedelta(days=5))
    with clock.at(STARTED + timedelta(days=4)):
        assert "Isolation: droplets" in seen_by(nurse, anna)
    with clock.at(STARTED + timedelta(days=6)):
        assert "Isolation: droplets" not in seen_by(nurse, anna)


def test_a_flag_ends_with_a_reason_and_stays_in_the_record(nurse: User, anna: Patient) -> None:
    row = flag(anna, "fall_risk")
    ward = sign_in(Client(), nurse)
    address = f"/patients/{anna.public_id}/flags/{row.public_id}/end/"
    assert ward.post(address, {"reason": " "}).status_code == 422
    ward.post(address, {"reason": "walks safely"})
    row.refresh_from_db()
    assert (row.state, row.end_reason, row.ended_by_id) == ("inactive", "walks safely", nurse.pk)
    assert row.period.upper is not None
    assert "Risk of falling" not in seen_by(nurse, anna)
    assert "walks safely" in ward.get(f"/patients/{anna.public_id}/safety/").content.decode()


def test_an_error_is_the_last_word(anna: Patient, nurse: User) -> None:
    row = services.flag_end(
        flag(anna, "vip"), reason="wrong person", is_error=True, by=nurse.pk, at=clock.now()
    )
    with pytest.raises(TransitionRefused):
        services.flag_end(row, reason="x", is_error=False, by=nurse.pk, at=clock.now())


@pytest.mark.parametrize("values", [{"kind": "x"}, {"kind": "vip", "until": STARTED}])
def test_a_flag_that_cannot_be_is_refused(anna: Patient, values: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        flag(anna, **values)
    assert not PatientFlag.objects.exists()


# The banner


def test_place_and_consultant_come_from_the_unit_that_cares(
    desk: people.Hospital, nurse: User, anna: Patient
) -> None:
    services.care_begin(
        anna, unit_id=desk.ward.pk, cause="stay", at=STARTED, place="Bed 4", consultant="Dr Osei"
    )
    services.care_begin(anna, unit_id=desk.ward.pk, cause="stay", at=STARTED, place="Bed 7")
    row = CaringUnit.objects.get(patient=anna, cause="stay")
    assert (row.place, row.consultant, row.version) == ("Bed 7", "", 2)
    page = sign_in(Client(), nurse).get(f"/patients/{anna.public_id}/").content.decode()
    assert f"Bed 7, {desk.ward.name}" in page


def test_a_newborn_is_hours_old(desk: people.Hospital, clerk: User, anna: Patient) -> None:
    born = clock.now() - timedelta(hours=5)
    baby = services.newborn_register(
        anna,
        sex="female",
        born_at=born,
        birth_order=None,
        unit_id=desk.ward.pk,
        sure=("mother_age",),
        by=clerk.pk,
        at=clock.now(),
    )
    page = sign_in(Client(), clerk).get(f"/patients/{baby.public_id}/").content.decode()
    assert "(5hrs)" in page[page.index("hms-banner") : page.index("hms-chips")]


def test_the_banner_is_part_of_the_one_question_for_the_patient(
    anna: Patient, nurse: User, django_assert_num_queries: Any
) -> None:
    for kind in ("vip", "fall_risk", "bleeding"):
        flag(anna, kind)
    for name in ("Latex", "Egg", "Morphine"):
        services.allergy_record(
            anna,
            substance=name,
            reactions=[{"manifestation": "rash"}, {"manifestation": "fever"}],
            by=None,
            at=STARTED,
        )
    grants = grants_of(nurse, at=clock.now())
    with django_assert_num_queries(1):
        found = selectors.patient_get(grants=grants, public_id=anna.public_id, at=clock.now())
    assert found is not None
    assert found.alerts is not None
    assert len(found.alerts.allergies or ()) == 3


def test_the_most_dangerous_allergy_comes_first(nurse: User, anna: Patient) -> None:
    services.allergy_record(anna, substance="Egg", criticality="low", by=None, at=STARTED)
    services.allergy_record(anna, substance="Latex", criticality="high", by=None, at=STARTED)
    banner = seen_by(nurse, anna)
    assert banner.index("Latex") < banner.index("Egg")


def test_what_was_not_read_is_never_shown_as_none(anna: Patient) -> None:
    state = banner_of(Patient.objects.get(pk=anna.pk)).alerts.state
    assert state is not None
    assert "not available" in str(state.word)
