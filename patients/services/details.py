"""Numbers, phones, addresses and people of a patient: sealed, marked, with periods."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext_lazy as _

from audit.services import Action, record
from core.errors import Invalid, ServiceError, VersionConflict
from core.events import publish
from org.services.vault import marks, sealed
from patients.events import PatientChanged
from patients.models import Contact, Patient, PatientAddress, PatientIdentifier, PatientPhone
from patients.rules.numbers import ending, number_key, phone_digits, phone_key
from patients.selectors.search import NUMBER, PHONE
from patients.services.naming import day_of
from patients.states import ChangeKind, ContactKind, IdentifierSystem, PhoneUse

ADDRESS = ("street", "house_number", "locality", "region", "postcode", "country")


class NumberTaken(ServiceError):
    """Another record has this number: nobody saves over that (feature-bar 2.A)."""

    code = "number_taken"
    message = _("Another record already has this number. Find it, and use that record.")


class PatientMerged(ServiceError):
    """Another record took the place of this one; `merged_into` says which."""

    code = "patient_merged"
    status = 410
    message = _("This record was merged into another one. Use that record.")


class NoPhone(Invalid):
    """What was typed is no phone number."""

    code = "phone"
    message = _("This is no phone number: use digits, blanks, and + in front.")


def locked(patient: Patient, version: int | None = None) -> Patient:
    """Return the patient's row, locked until the transaction ends.

    Raises VersionConflict, PatientMerged.
    """
    rows = Patient.objects.select_for_update(no_key=True, of=("self",)).select_related("site")
    row = rows.get(pk=patient.pk)
    if row.merged_into is not None:
        raise PatientMerged(merged_into=str(row.merged_into.public_id))
    if version is not None and row.version != version:
        raise VersionConflict(current=row.version)
    return row


def in_place_of(patient: Patient) -> Patient:
    """Return the record that stands for this one now, locked: after merges that of the winner."""
    rows = Patient.objects.select_for_update(no_key=True)
    row = rows.get(pk=patient.pk)
    while row.merged_into_id is not None:
        row = rows.get(pk=row.merged_into_id)
    return row


def identifier_put(
    patient: Patient,
    *,
    system: str,
    value: str,
    issuer: str,
    since: date,
    until: date | None = None,
    by: int | None,
    field: str,
) -> PatientIdentifier:
    """The patient has this number. Raises NumberTaken, Invalid."""
    plain = " ".join(value.split())
    key = number_key(plain)
    if not key:
        raise Invalid(_("A number has 3 to 40 letters and digits."), field=field)
    if system not in IdentifierSystem.values:
        raise Invalid(field="system")
    if until is not None and until <= since:
        raise Invalid(_("It must end after it began."), field="until_on")
    try:
        with transaction.atomic():
            return PatientIdentifier.objects.create(
                patient=patient,
                system=system,
                issuer=issuer.strip(),
                ending=ending(key),
                value_sealed=sealed(plain, purpose=NUMBER),
                mark=marks(key, purpose=NUMBER)[0],
                period=(since, until),
                recorded_by_id=by,
            )
    except IntegrityError as error:
        raise NumberTaken(field=field) from error


def number_check(*, system: str, value: str, issuer: str, but: int | None, field: str) -> None:
    """Raises NumberTaken when a record has the number under a key that is being replaced."""
    found = PatientIdentifier.objects.filter(
        system=system,
        issuer__iexact=issuer.strip(),
        mark__in=marks(number_key(value), purpose=NUMBER),
        period__upper_inf=True,
    )
    if number_key(value) and found.exclude(patient=but).exists():
        raise NumberTaken(field=field)


def phone_put(
    patient: Patient, *, use: str, value: str, kind: str, since: date, by: int | None, field: str
) -> bool:
    """The patient's phone of this use is the given one; "" ends it. Returns whether it changed.

    Raises NoPhone.
    """
    key = phone_key(value)
    if value.strip() and not key:
        raise NoPhone(field=field)
    rows = PatientPhone.objects.filter(patient=patient, use=use, period__contains=since)
    old = rows.order_by("-id").first()
    if old is not None and key and old.mark in marks(key, purpose=PHONE):
        return False
    if old is not None:
        is_wrong = kind == ChangeKind.CORRECTION or old.period.lower == since
        if is_wrong:
            old.delete()
        else:
            rows.filter(pk=old.pk).update(period=(old.period.lower, since), version=old.version + 1)
    if key and not _has_phone(patient, key, since):
        PatientPhone.objects.create(
            patient=patient,
            use=use,
            ending=ending(key),
            value_sealed=sealed(" ".join(value.split()), purpose=PHONE),
            mark=marks(key, purpose=PHONE)[0],
            period=(since, None),
            recorded_by_id=by,
        )
    return old is not None or bool(key)


def _has_phone(patient: Patient, key: str, on: date) -> bool:
    found = PatientPhone.objects.filter(patient=patient, mark__in=marks(key, purpose=PHONE))
    return found.filter(period__contains=on).exists()


def address_put(
    patient: Patient, *, values: Mapping[str, object], kind: str, since: date, by: int | None
) -> bool:
    """The patient lives there; nothing given ends the address. Returns whether it changed."""
    given = {name: str(values.get(name) or "").strip() for name in ADDRESS}
    given["number"] = given.pop("house_number")
    given["country"] = given["country"].upper()
    rows = PatientAddress.objects.filter(patient=patient, period__contains=since)
    old = rows.order_by("-id").first()
    if old is not None and all(getattr(old, name) == text for name, text in given.items()):
        return False
    is_empty = not any(given[name] for name in ("street", "locality", "region", "postcode"))
    if old is None and is_empty:
        return False
    is_wrong = kind == ChangeKind.CORRECTION or (old is not None and old.period.lower == since)
    if old is not None and is_wrong and not is_empty:
        rows.filter(pk=old.pk).update(**given, version=old.version + 1)
        return True
    if old is not None:
        rows.filter(pk=old.pk).update(period=(old.period.lower, since), version=old.version + 1)
    if not is_empty:
        PatientAddress.objects.create(
            patient=patient, period=(since, None), recorded_by_id=by, **given
        )
    return True


def contact_put(
    patient: Patient,
    *,
    name: str,
    kinds: Sequence[str],
    relationship: str = "",
    phone: str = "",
    address: str = "",
    other: Patient | None = None,
    since: date,
    by: int | None,
    field: str,
) -> Contact:
    """Somebody matters to the patient. Raises Invalid, NoPhone."""
    if not name.strip():
        raise Invalid(_("Say who it is."), field=field)
    if not kinds or set(kinds) - set(ContactKind.values):
        raise Invalid(_("Say what the person is to the patient."), field="kinds")
    key = phone_key(phone)
    if phone.strip() and not phone_digits(phone):
        raise NoPhone(field="phone" if field == "name" else "kin_phone")
    return Contact.objects.create(
        patient=patient,
        kinds=list(kinds),
        full_name=" ".join(name.split()),
        relationship=relationship.strip(),
        phone_ending=ending(key),
        phone_sealed=sealed(" ".join(phone.split()), purpose=PHONE) if key else "",
        address=address.strip(),
        other=other,
        period=(since, None),
        recorded_by_id=by,
    )


def changed(
    row: Patient,
    act: str,
    *,
    at: datetime,
    by: int | None,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    reason: str = "",
) -> Patient:
    """The patient has one version more; the trail and whoever subscribes learn of it."""
    row.version += 1
    Patient.objects.filter(pk=row.pk).update(version=row.version)
    record(
        act,
        action=Action.UPDATE,
        at=at,
        by=by,
        subject=row,
        patient=row.public_id,
        reason=reason,
        before=before,
        after=after,
    )
    publish(
        PatientChanged(patient_id=row.pk, public_id=row.public_id),
        at=at,
        order_key=f"patient:{row.pk}",
    )
    return row


@transaction.atomic
def identifier_add(
    patient: Patient,
    *,
    system: str,
    value: str,
    issuer: str = "",
    since_on: date | None = None,
    until_on: date | None = None,
    by: int,
    at: datetime,
) -> PatientIdentifier:
    """The patient also has this number. Raises NumberTaken, Invalid."""
    row = locked(patient)
    number_check(system=system, value=value, issuer=issuer, but=None, field="value")
    made = identifier_put(
        row,
        system=system,
        value=value,
        issuer=issuer,
        since=since_on or day_of(at, row.site.time_zone),
        until=until_on,
        by=by,
        field="value",
    )
    after = {"system": system, "issuer": issuer, "ending": made.ending}
    changed(row, "identifier_add", at=at, by=by, after=after)
    return made


@transaction.atomic
def identifier_end(identifier: PatientIdentifier, *, reason: str, by: int, at: datetime) -> Patient:
    """The number counts no longer from today on; it stays in the record."""
    row = locked(identifier.patient)
    found = PatientIdentifier.objects.select_for_update(no_key=True).get(pk=identifier.pk)
    today = day_of(at, row.site.time_zone)
    if _is_over(found.period, today):
        raise Invalid(_("This number has ended already."))
    found.period = (min(found.period.lower, today), today)
    found.version += 1
    found.save(update_fields=["period", "version"])
    before = {"system": found.system, "issuer": found.issuer, "ending": found.ending}
    return changed(row, "identifier_end", at=at, by=by, before=before, reason=reason)


@transaction.atomic
def contact_add(
    patient: Patient,
    *,
    name: str,
    kinds: Sequence[str],
    relationship: str = "",
    phone: str = "",
    address: str = "",
    by: int,
    at: datetime,
) -> Contact:
    """Somebody matters to the patient from today on. Raises Invalid, NoPhone."""
    row = locked(patient)
    made = contact_put(
        row,
        name=name,
        kinds=kinds,
        relationship=relationship,
        phone=phone,
        address=address,
        since=day_of(at, row.site.time_zone),
        by=by,
        field="name",
    )
    after = {"full_name": made.full_name, "kinds": made.kinds, "relationship": relationship}
    changed(row, "contact_add", at=at, by=by, after=after)
    return made


@transaction.atomic
def contact_end(contact: Contact, *, reason: str, by: int, at: datetime) -> Patient:
    """The person matters to the patient no longer; the row stays."""
    row = locked(contact.patient)
    found = Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
    today = day_of(at, row.site.time_zone)
    if _is_over(found.period, today):
        raise Invalid(_("This has ended already."))
    found.period = (min(found.period.lower, today), today)
    found.version += 1
    found.save(update_fields=["period", "version"])
    before = {"full_name": found.full_name, "kinds": found.kinds}
    return changed(row, "contact_end", at=at, by=by, before=before, reason=reason)


def _is_over(period: DateRange, today: date) -> bool:
    """A period that ended on the day on which it began is empty, and has no days at all."""
    return period.isempty or (period.upper is not None and period.upper <= today)


PHONE_FIELDS = {"mobile": PhoneUse.MOBILE, "phone": PhoneUse.HOME}
