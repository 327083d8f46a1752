"""Who somebody is: changed, identified, verified, deceased, with notes for those who treat them."""

from collections.abc import Collection, Mapping
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.services import changes
from core.errors import Invalid
from core.events import publish
from core.states import move
from org.services.vault import sealed
from patients.events import PatientDied
from patients.models import Patient
from patients.rules.identity import BirthOn
from patients.selectors.records import CARE
from patients.services import details
from patients.services.checks import IDENTITY, OWN, born_of, check
from patients.services.naming import day_of, name_set
from patients.states import IdentityState, NameUse, Sex


@transaction.atomic
def patient_change(
    patient: Patient,
    *,
    values: Mapping[str, object],
    version: int,
    kind: str,
    by: int,
    at: datetime,
    sure: Collection[str] = (),
    reason: str = "",
) -> Patient:
    """Who the patient is, is as given; fields left out stay. An unknown person is identified.

    Raises VersionConflict, Invalid, Unusual, NumberTaken.
    """
    row = details.locked(patient, version)
    today = day_of(at, row.site.time_zone)
    named = {"family": row.family, "given": row.given} | {
        name: str(values[name] or "")
        for name in ("family", "given", "birth_family")
        if name in values
    }
    born = born_of(values) if "birth" in values else BirthOn(row.birth_on, row.birth_precision)
    check(named, born=born, today=today, sure=sure, died_on=row.died_on)
    before, after = changes(_stored(row), _wanted(row, values, named, born))
    if {"family", "given", "title"} & set(after):
        name_set(
            row,
            family=named["family"],
            given=named["given"],
            title=str(values.get("title", row.title) or ""),
            use=NameUse.OFFICIAL,
            kind=kind,
            since=today,
            by=by,
        )
    for name, value in after.items():
        setattr(row, name, value)
    if after:
        # The hour belongs to the day that was believed until now.
        row.born_at = None if "birth_on" in after else row.born_at
        row.save(update_fields=[*after, "born_at"])
    touched = _details_change(row, values, kind=kind, today=today, by=by)
    if not (after or touched):
        return row
    _settle(row, after, reason=reason, by=by, at=at)
    after = {**after, **dict.fromkeys(touched, "…")}
    return details.changed(
        row, "patient_change", at=at, by=by, before=before, after=after, reason=reason
    )


def _stored(row: Patient) -> dict[str, object]:
    names = ("family", "given", "birth_on", "birth_precision", *OWN)
    return {name: getattr(row, name) for name in names}


def _wanted(
    row: Patient, values: Mapping[str, object], named: Mapping[str, str], born: BirthOn
) -> dict[str, object]:
    own = {name: values[name] for name in OWN if name in values}
    if own.get("sex", row.sex) not in Sex.values:
        raise Invalid(field="sex")
    whole = {"birth_on": born.day, "birth_precision": str(born.precision)}
    return {"family": named["family"], "given": named["given"], **own, **whole}


def _details_change(
    row: Patient, values: Mapping[str, object], *, kind: str, today: date, by: int
) -> list[str]:
    touched = []
    for field, use in details.PHONE_FIELDS.items():
        if field in values and details.phone_put(
            row,
            use=use,
            value=str(values[field] or ""),
            kind=kind,
            since=today,
            by=by,
            field=field,
        ):
            touched.append(field)
    if set(details.ADDRESS) & set(values) and details.address_put(
        row, values=values, kind=kind, since=today, by=by
    ):
        touched.append("address")
    return touched


def _settle(
    row: Patient, after: Mapping[str, object], *, reason: str, by: int, at: datetime
) -> None:
    """An unknown person with a name is registered; of a verified one the papers are asked anew."""
    who = {"family", "given", "birth_on", "sex"} & set(after)
    is_named = row.state == IdentityState.PROVISIONAL and {"family", "given"} & set(after)
    if is_named or (row.state == IdentityState.VERIFIED and who):
        move(row, IdentityState.REGISTERED, machine=IDENTITY, by=by, at=at, reason=reason)


@transaction.atomic
def patient_verify(patient: Patient, *, paper: str, version: int, by: int, at: datetime) -> Patient:
    """Somebody saw the papers that say who this is. Raises TransitionRefused, VersionConflict."""
    row = details.locked(patient, version)
    before = row.state
    move(row, IdentityState.VERIFIED, machine=IDENTITY, by=by, at=at, reason=paper)
    return details.changed(
        row,
        "patient_verify",
        at=at,
        by=by,
        before={"state": before},
        after={"state": row.state},
        reason=paper,
    )


@transaction.atomic
def death_record(
    patient: Patient,
    *,
    died_on: date | None,
    died_at: datetime | None,
    reason: str,
    version: int,
    by: int,
    at: datetime,
) -> Patient:
    """The patient has died on that day, or (None) lives after all.

    Raises Invalid, VersionConflict.
    """
    row = details.locked(patient, version)
    today = day_of(at, row.site.time_zone)
    if (died_on is not None and died_on > today) or (died_at is not None and died_at > at):
        raise Invalid(_("This is in the future."), field="died_on")
    if died_on and row.birth_on and died_on < row.birth_on:
        raise Invalid(_("This is before the day of birth."), field="died_on")
    if died_on is None and row.died_on is None:
        raise Invalid(_("No death is recorded."), field="died_on")
    stored = {"died_on": row.died_on, "died_at": row.died_at}
    before, after = changes(stored, {"died_on": died_on, "died_at": died_at})
    row.died_on, row.died_at = died_on, died_at
    row.save(update_fields=["died_on", "died_at"])
    fact = PatientDied(patient_id=row.pk, public_id=row.public_id, is_dead=died_on is not None)
    publish(fact, at=at, order_key=f"patient:{row.pk}")
    act = "death_record" if died_on else "death_revoke"
    return details.changed(row, act, at=at, by=by, before=before, after=after, reason=reason)


@transaction.atomic
def care_notes_set(patient: Patient, *, text: str, version: int, by: int, at: datetime) -> Patient:
    """The notes of special care are as given; the trail says that, not what.

    Raises VersionConflict.
    """
    row = details.locked(patient, version)
    row.special_care_sealed = sealed(text, purpose=CARE) if text.strip() else ""
    row.save(update_fields=["special_care_sealed"])
    return details.changed(row, "care_notes_set", at=at, by=by, after={"care_notes": "…"})
