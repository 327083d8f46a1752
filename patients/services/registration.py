"""New records: of a person, of somebody nobody knows, of a newborn."""

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from audit.services import Action, record
from core.context import asker
from core.errors import Invalid
from core.events import publish
from core.ids import number_draw, series_open
from core.states import state_change_record
from org.selectors import units_of
from patients.events import PatientRegistered
from patients.models import CaringUnit, Patient
from patients.rules import identity as rules
from patients.rules.identity import BirthOn, Question
from patients.rules.matching import REVIEW
from patients.rules.names import key_words, sound
from patients.rules.numbers import phone_key
from patients.selectors.matches import Candidate, candidates
from patients.services import details
from patients.services.checks import (
    CARE_AFTER_REGISTRATION,
    DuplicatesFound,
    Unusual,
    born_of,
    care_begin,
    check,
    check_birth,
    own_of,
)
from patients.services.duplicates import pair_put
from patients.services.naming import day_of, name_set, other_name_add
from patients.states import ChangeKind, ContactKind, IdentityState, NameUse, Sex

BABY_IN_CARE = timedelta(days=7)
MRN_DIGITS, SITE_RANGE = 9, 10_000_000
LOCKS, LOCK_ROOM = 44, 4096


def _lock_person(values: Mapping[str, object], born: BirthOn) -> None:
    """Two clerks with the same person before them: the second waits, and then sees the first."""
    words = (*key_words(str(values.get("given"))), *key_words(str(values.get("family"))))
    keys = {f"s {sound(word) or word}" for word in words}
    keys |= {f"b {born.day}"} if born.day else set()
    keys |= {f"p {phone_key(str(values.get(name) or ''))}" for name in ("mobile", "phone")}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, b) FROM (SELECT DISTINCT (hashtextextended(k, 44) & "
            "%s)::int AS b FROM unnest(%s::text[]) AS k ORDER BY b) AS wanted",
            [LOCKS, LOCK_ROOM - 1, sorted(keys - {"p "})],
        )


def _mrn(site_id: int) -> str:
    """Return the next number of the site: its place in front, a check digit behind (ROW-A2)."""
    code = f"mrn:{site_id}"
    first = site_id * SITE_RANGE + 1
    series_open(code, width=MRN_DIGITS, has_check_digit=True, first=first)
    return number_draw(code)


def _insert(
    *, unit_id: int, state: str, public_id: UUID | None, by: int | None, at: datetime, **own: object
) -> Patient:
    (unit,) = units_of({unit_id})
    row = Patient(
        public_id=public_id or uuid4(),
        site_id=unit.site_id,
        mrn=_mrn(unit.site_id),
        state=state,
        occurred_at=at,
        recorded_by_id=by,
        source=asker().source,
        **own,
    )
    row.save(force_insert=True)
    state_change_record(row, "", state, by=by, at=at, unit_id=unit_id)
    return row


def _announce(
    row: Patient, act: str, *, unit_id: int, reason: str, by: int | None, at: datetime
) -> None:
    shown = ("mrn", "family", "given", "sex", "birth_on", "birth_precision")
    record(
        act,
        action=Action.CREATE,
        at=at,
        by=by,
        subject=row,
        patient=row.public_id,
        unit_id=unit_id,
        reason=reason,
        after={name: getattr(row, name) for name in shown},
    )
    fact = PatientRegistered(patient_id=row.pk, public_id=row.public_id, site_id=row.site_id)
    publish(fact, at=at, order_key=f"patient:{row.pk}")


def _again(public_id: UUID | None, by: int | None) -> Patient | None:
    """Return what this very form stored before: a second press of the button changes nothing."""
    if public_id is None:
        return None
    return Patient.objects.filter(public_id=public_id, recorded_by_id=by).first()


@transaction.atomic
def patient_register(
    *,
    values: Mapping[str, object],
    unit_id: int,
    by: int,
    at: datetime,
    public_id: UUID | None = None,
    seen: Collection[UUID] = (),
    sure: Collection[str] = (),
    reason: str = "",
) -> Patient:
    """A person has a record, with a number of the site of the unit; the same form stores it once.

    `seen` are the likely duplicates that the asker looked at, `reason` why it is somebody else,
    `sure` the codes of unusual things that are right. Raises Invalid, Unusual, DuplicatesFound,
    NumberTaken.
    """
    if found := _again(public_id, by):
        return found
    (unit,) = units_of({unit_id})
    today = day_of(at, unit.site.time_zone)
    born = born_of(values)
    check(values, born=born, today=today, sure=sure)
    _lock_person(values, born)
    likely = _check_duplicates(values, born, seen=seen, reason=reason, at=at)
    row = _insert(
        unit_id=unit_id,
        state=IdentityState.REGISTERED,
        public_id=public_id,
        by=by,
        at=at,
        **own_of(values),
        family=str(values.get("family") or ""),
        given=str(values.get("given") or ""),
        birth_on=born.day,
        birth_precision=born.precision,
    )
    _store_details(row, values, today=today, by=by)
    if comes_to := values.get("comes_to"):
        until = at + CARE_AFTER_REGISTRATION
        care_begin(row, unit_id=int(str(comes_to)), cause="registration", at=at, until=until)
    for each in likely:
        pair_put(row, each.patient, each.match, by=by, at=at, note=reason)
    _announce(row, "patient_register", unit_id=unit_id, reason=reason, by=by, at=at)
    return row


def _check_duplicates(
    values: Mapping[str, object],
    born: BirthOn,
    *,
    seen: Collection[UUID],
    reason: str,
    at: datetime,
) -> list[Candidate]:
    national = str(values.get("national") or "")
    issuer = str(values.get("national_issuer") or "")
    details.number_check(
        system="national", value=national, issuer=issuer, but=None, field="national"
    )
    found = candidates(dict(values), born, at=at, least=REVIEW)
    if any(each.patient.public_id not in seen for each in found):
        raise DuplicatesFound(found)
    if found and not reason.strip():
        raise Invalid(_("Say why this is somebody else."), field="reason")
    return found


def _store_details(
    row: Patient, values: Mapping[str, object], *, today: date, by: int | None
) -> None:
    text = {name: str(value or "") for name, value in values.items()}
    name_set(
        row,
        family=row.family,
        given=row.given,
        title=row.title,
        use=NameUse.OFFICIAL,
        kind=ChangeKind.NEW,
        since=today,
        by=by,
    )
    if text.get("birth_family"):
        other_name_add(
            row,
            family=text["birth_family"],
            given=row.given,
            use=NameUse.MAIDEN,
            since=row.birth_on or today,
            by=by,
        )
    for field, use in details.PHONE_FIELDS.items():
        details.phone_put(
            row, use=use, value=text.get(field, ""), kind="new", since=today, by=by, field=field
        )
    details.address_put(row, values=values, kind="new", since=today, by=by)
    if text.get("national", "").strip():
        details.identifier_put(
            row,
            system="national",
            value=text["national"],
            issuer=text.get("national_issuer", ""),
            since=today,
            by=by,
            field="national",
        )
    if text.get("kin_name") or text.get("kin_phone"):
        details.contact_put(
            row,
            name=text.get("kin_name", ""),
            kinds=[ContactKind.NEXT_OF_KIN],
            relationship=text.get("kin_relationship", ""),
            phone=text.get("kin_phone", ""),
            since=today,
            by=by,
            field="kin_name",
        )


@transaction.atomic
def unknown_register(
    *,
    sex: str,
    born: BirthOn,
    description: str,
    unit_id: int,
    by: int,
    at: datetime,
    public_id: UUID | None = None,
) -> Patient:
    """Somebody nobody knows has a record under a provisional name, in the care of the unit.

    Raises Invalid.
    """
    if found := _again(public_id, by):
        return found
    (unit,) = units_of({unit_id})
    today = day_of(at, unit.site.time_zone)
    check_birth(born, today=today)
    row = _insert(
        unit_id=unit_id,
        state=IdentityState.PROVISIONAL,
        public_id=public_id,
        by=by,
        at=at,
        sex=sex,
        birth_on=born.day,
        birth_precision=born.precision,
        description=description,
    )
    name_set(
        row,
        family=_now("Unknown"),
        given=rules.unknown_name(row.pk),
        title="",
        use=NameUse.TEMP,
        kind=ChangeKind.NEW,
        since=today,
        by=by,
    )
    row.save(update_fields=["family", "given", "title"])
    care_begin(
        row, unit_id=unit_id, cause="registration", at=at, until=at + CARE_AFTER_REGISTRATION
    )
    _announce(row, "unknown_register", unit_id=unit_id, reason=description, by=by, at=at)
    return row


@transaction.atomic
def newborn_register(
    mother: Patient,
    *,
    sex: str,
    born_at: datetime,
    birth_order: int | None,
    given: str = "",
    unit_id: int,
    sure: Collection[str] = (),
    by: int,
    at: datetime,
    public_id: UUID | None = None,
) -> Patient:
    """A child has a record linked to its mother's, where she is. Raises Invalid, Unusual."""
    if found := _again(public_id, by):
        return found
    parent = details.locked(mother)
    today = day_of(born_at, parent.site.time_zone)
    _check_newborn(parent, born_at, today, sure, at)
    row = _insert(
        unit_id=unit_id,
        state=IdentityState.REGISTERED,
        public_id=public_id,
        by=by,
        at=at,
        sex=sex,
        birth_on=today,
        birth_precision="day",
        born_at=born_at,
        birth_order=birth_order,
        family=parent.family,
        given=given or _baby(parent, birth_order),
    )
    since = day_of(at, parent.site.time_zone)
    name_set(
        row,
        family=row.family,
        given=row.given,
        title="",
        use=NameUse.OFFICIAL if given else NameUse.TEMP,
        kind=ChangeKind.NEW,
        since=today,
        by=by,
    )
    details.contact_put(
        row,
        name=" ".join(part for part in (parent.given, parent.family) if part),
        kinds=[ContactKind.MOTHER, ContactKind.NEXT_OF_KIN, ContactKind.PROXY],
        relationship=_now("Mother"),
        other=parent,
        since=since,
        by=by,
        field="mother",
    )
    for care in CaringUnit.objects.filter(patient=parent, period__contains=at):
        care_begin(row, unit_id=care.unit_id, cause="birth", at=at, until=at + BABY_IN_CARE)
    _announce(row, "newborn_register", unit_id=unit_id, reason="", by=by, at=at)
    return row


def _baby(mother: Patient, order: int | None) -> str:
    name = mother.given or mother.family
    if order:
        return _now("Baby %(order)d of %(mother)s") % {"order": order, "mother": name}
    return _now("Baby of %(mother)s") % {"mother": name}


def _check_newborn(
    mother: Patient, born_at: datetime, born: date, sure: Collection[str], at: datetime
) -> None:
    if born_at > at:
        raise Invalid(_("Nobody is born after now."), field="born_on")
    if mother.sex == Sex.MALE:
        raise Invalid(_("This record says that the mother is male. Correct it first."))
    if mother.died_on and born > mother.died_on + timedelta(days=1):
        raise Invalid(_("This is after the death of the mother."), field="born_on")
    if rules.mother_fault(mother.birth_on, born) and "mother_age" not in sure:
        raise Unusual([Question("mother_age", "born_on")])


@transaction.atomic
def matches_noted(found: Collection[Patient], *, by: int, at: datetime) -> None:
    """The trail says whose records were shown as likely duplicates, or that none was found."""
    for row in found or (None,):
        record(
            "match",
            action=Action.EXECUTE,
            at=at,
            by=by,
            subject=row,
            patient=row.public_id if row else None,
            query={"count": len(found)},
        )
