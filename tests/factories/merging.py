"""Rows in every table that a merge carries: each room that keys to patients adds itself here."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Model

from org.models import User
from patients import services
from patients.models import Contact, MergeCase, NoneKnown, Patient
from patients.rules.identity import NOT_KNOWN
from patients.selectors.merging import keys, text_of
from tests.factories import papers, patients
from tests.factories.org import STARTED, Hospital
from worklist import services as tasks
from worklist.models import AlertEvent

Give = Callable[[Hospital, Patient, Patient, User], None]


def _contacts(hospital: Hospital, winner: Patient, loser: Patient, by: User) -> None:
    """Both know a mother; the loser is the mother in a third record."""
    for patient in (winner, loser):
        Contact.objects.create(
            patient=patient,
            kinds=["mother"],
            full_name="Maria Nowak",
            period=DateRange(date(2020, 1, 1), None),
        )
    third = services.unknown_register(
        sex="female",
        born=NOT_KNOWN,
        description="x",
        unit_id=hospital.ward.pk,
        by=by.pk,
        at=STARTED,
    )
    Contact.objects.create(
        patient=third,
        other=loser,
        kinds=["mother"],
        full_name="A. Nowak",
        period=DateRange(date(2020, 1, 1), None),
    )


def _care(hospital: Hospital, winner: Patient, loser: Patient, by: User) -> None:
    for patient, unit in (
        (winner, hospital.ward),
        (loser, hospital.ward),
        (loser, hospital.clinic),
    ):
        services.care_begin(patient, unit_id=unit.pk, cause="merge", at=STARTED)


def _number(hospital: Hospital, winner: Patient, loser: Patient, by: User) -> None:
    services.identifier_add(loser, system="passport", value="XY 12345", by=by.pk, at=STARTED)


def _safety(hospital: Hospital, winner: Patient, loser: Patient, by: User) -> None:
    """One says that no allergy is known, the other has two; both have the same flag."""
    services.none_known_state(winner, scope="all", by=by.pk, at=STARTED)
    services.allergy_record(loser, substance="Latex", by=by.pk, at=STARTED)
    services.allergy_record(loser, substance="Penicillin", by=by.pk, at=STARTED)


def _flags(hospital: Hospital, winner: Patient, loser: Patient, by: User) -> None:
    for patient in (winner, loser):
        services.flag_set(patient, kind="vip", by=by.pk, at=STARTED)


def _statement(hospital: Hospital, winner: Patient, loser: Patient, by: User) -> None:
    """What was said and has ended goes along too."""
    row = NoneKnown.objects.create(
        patient=loser,
        scope="medication",
        state="ended",
        ended_at=STARTED,
        end_reason="asked again",
        occurred_at=STARTED,
        source="screen",
    )
    assert row.pk


def _consent(hospital: Hospital, winner: Patient, loser: Patient, by: User) -> None:
    for patient in (winner, loser):
        services.consent_record(patient, kind="blood", witness="Sister Ruiz", by=by.pk, at=STARTED)


def _task(hospital: Hospital, winner: Patient, loser: Patient, by: User) -> None:
    tasks.task_open(kind="request", unit_id=hospital.ward.pk, patient_id=loser.pk, at=STARTED)


def _glass(hospital: Hospital, winner: Patient, loser: Patient, by: User) -> None:
    """Both records were opened through a broken glass, by one person."""
    for patient in (winner, loser):
        patients.glass(patient, hospital.ward, by)


def _restriction(hospital: Hospital, winner: Patient, loser: Patient, by: User) -> None:
    """Both records are open to few."""
    for patient in (winner, loser):
        patients.restriction(patient, by, users=[by.pk])


def _told(hospital: Hospital, winner: Patient, loser: Patient, by: User) -> None:
    """Each said before coming who they are."""
    for patient in (winner, loser):
        row = patients.told(hospital.ward, by, family="Before")
        fresh = Patient.objects.get(pk=patient.pk)
        services.preregistration_match(
            row,
            fresh,
            values={"mobile": "+48 600 100 20" + str(patient.pk)[-1]},
            version=fresh.version,
            kind="new",
            by=by.pk,
            at=STARTED,
        )


def _document(hospital: Hospital, winner: Patient, loser: Patient, by: User) -> None:
    for patient in (winner, loser):
        paper = papers.paper()
        services.document_add(patient, paper=paper, kind="identity", by=by.pk, at=STARTED)


def _photo(hospital: Hospital, winner: Patient, loser: Patient, by: User) -> None:
    """Each record has a picture; one is enough for the two."""
    for patient in (winner, loser):
        pictures = (papers.picture(), papers.picture())
        services.photo_set(patient, pictures=pictures, by=by.pk, at=STARTED)


def _alert(hospital: Hospital, winner: Patient, loser: Patient, by: User) -> None:
    AlertEvent.objects.create(
        rule="dose_limit",
        patient=loser,
        unit=hospital.ward,
        group_key=f"dose_limit:{loser.pk}",
        shown_to=by,
        shown_at=STARTED,
        expires_at=STARTED + timedelta(hours=1),
    )


def _registered(*_who: Any) -> None:
    """Registering the two records left such rows."""


# (table, column) -> what gives both records rows of it, some of which exclude each other.
GROWING = {(Patient, "version"), (NoneKnown, "version")}
EVERYWHERE: dict[tuple[str, str], Give] = {
    ("patients.allergy", "patient_id"): _safety,
    ("patients.caringunit", "patient_id"): _care,
    ("patients.consent", "patient_id"): _consent,
    ("patients.contact", "patient_id"): _contacts,
    ("patients.contact", "other_id"): _registered,
    ("patients.document", "patient_id"): _document,
    ("patients.glass", "patient_id"): _glass,
    ("patients.noneknown", "patient_id"): _statement,
    ("patients.patientaddress", "patient_id"): _registered,
    ("patients.patientflag", "patient_id"): _flags,
    ("patients.patientidentifier", "patient_id"): _number,
    ("patients.patientname", "patient_id"): _registered,
    ("patients.patientphoto", "patient_id"): _photo,
    ("patients.patientphone", "patient_id"): _registered,
    ("patients.patientword", "patient_id"): _registered,
    ("patients.preregistration", "patient_id"): _told,
    ("patients.restriction", "patient_id"): _restriction,
    ("worklist.alertevent", "patient_id"): _alert,
    ("worklist.task", "patient_id"): _task,
}


def filled(hospital: Hospital, winner: Patient, loser: Patient, by: User) -> None:
    """Both records have rows in every table that keys to patients."""
    for give in EVERYWHERE.values():
        give(hospital, winner, loser, by)


def tables() -> dict[str, dict[int, dict[str, str | None]]]:
    """Every row of every table that a merge may touch, column by column.

    Versions of what the merge itself writes only ever grow: whoever edits an older one is told.
    """
    models: set[type[Model]] = {Patient, *(key.model for key in keys())}
    return {
        model._meta.label_lower: {
            row.pk: {
                field.attname: text_of(row, field.attname)
                for field in model._meta.concrete_fields
                if (model, field.attname) not in GROWING
            }
            for row in model._base_manager.all()
        }
        for model in models
    }


def merged(winner: Patient, loser: Patient, *, by: User, second: User, **rest: Any) -> MergeCase:
    """The two records are one, proposed by one person and done by another."""
    case = services.merge_propose(winner, loser, reason="same papers", by=by.pk, at=STARTED)
    return executed(case, second=second, **rest)


def executed(case: MergeCase, *, second: User, sure: tuple[str, ...] = ()) -> MergeCase:
    """A proposed merge is reviewed and done by the second person."""
    case = services.merge_review(case, version=case.version, by=second.pk, at=STARTED)
    seen = Patient.objects.in_bulk([case.winner_id, case.loser_id])
    return services.merge_execute(
        case,
        version=case.version,
        seen=(seen[case.winner_id].version, seen[case.loser_id].version),
        sure=sure,
        by=second.pk,
        at=STARTED,
    )


def parted(case: MergeCase, *, by: User) -> MergeCase:
    """The merge is taken apart."""
    return services.merge_reverse(
        case, version=case.version, reason="two persons", by=by.pk, at=STARTED
    )
