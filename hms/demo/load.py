"""Makes the demo hospital exist: everything through the services, all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from core import clock
from hms.demo import coming, papers, patients, people, places, safety, tasks
from hms.demo.people import Colleague
from hms.tasks import drain
from org import selectors, services
from org.permissions import grants_of
from org.selectors.roster import candidates
from patients import selectors as registered
from patients import services as registration
from worklist import services as worklist

if TYPE_CHECKING:
    from org.models import Role, Site, Unit, User
    from patients.models import Patient

OPEN_FOR = timedelta(days=30)
Say = Callable[[str], None]


class NotADemo(Exception):
    """The database already holds a hospital that is not the demo's."""


def is_loaded() -> bool:
    """Say whether the demo hospital is there. Raises NotADemo when another hospital is."""
    hospital = selectors.installation()
    if hospital is None:
        return False
    if not hospital.is_demo:
        raise NotADemo()
    return True


@transaction.atomic
def load(*, now: datetime, say: Say) -> None:
    """Riverside General has been open for a month, with places, people and levels.

    Raises AlreadySetUp when a hospital is there.
    """
    opened = now - OPEN_FOR
    with clock.at(opened):
        admin = services.hospital_set_up(_hospital(), at=opened)
        units = _units_create(admin, at=opened)
        say(f"{len(units)} units")
        _calendar_set(admin, units[""].site, at=opened)
        _staff_create(admin, units, at=opened)
        say(f"{len(people.STAFF) + 1} people")
        _levels_set(admin, units, at=opened)
        say("modules switched on in the first units")
        planned = _roster_plan(admin, units, now=now, at=opened)
        say(f"{planned} entries of the roster")
        known = _patients_register(admin, units, at=opened)
        _duplicates_make(admin, units, at=opened)
        say(f"{len(patients.PATIENTS)} patients, {len(patients.TWICE)} of them twice")
        _coming_people(admin, units["FRONT"], now=now)
        _tasks_open(admin, units, known, now=now)
        say(f"{sum(map(len, tasks.TASKS.values()))} tasks")
        while drain():
            pass


def _roster_plan(admin: User, units: dict[str, Unit], *, now: datetime, at: datetime) -> int:
    """Yesterday and the two weeks to come: who stands in which shift, who is on call at night."""
    site = units[""].site
    shifts = {
        code: services.shift_create(
            site=site,
            values={
                "code": code,
                "name": name,
                "from_time": begins,
                "to_time": ends,
                "group": group,
            },
            by=admin.pk,
            at=at,
        )
        for code, name, begins, ends, group in places.SHIFTS
    }
    today = now.astimezone(ZoneInfo(site.time_zone)).date()
    count = 0
    for unit_code in places.ROSTERED:
        unit = units[unit_code]
        for user, role in candidates(unit_id=unit.pk, at=at):
            for shift, day, on_call in _stands(user.username, role.code, today):
                services.roster_add(
                    unit=unit,
                    place=services.Place(
                        day_on=day,
                        shift=shifts[shift],
                        user=user,
                        role_id=role.pk,
                        on_call=on_call,
                    ),
                    by=admin.pk,
                    at=at,
                )
                count += 1
    return count


def _patients_register(
    admin: User, units: dict[str, Unit], *, at: datetime
) -> dict[str, list[int]]:
    """In the care of their clinics for as long as the demo may run; returns who is where."""
    there: dict[str, list[int]] = {}
    for number, one in enumerate(patients.PATIENTS):
        made = registration.patient_register(
            values=one.values(), unit_id=units["FRONT"].pk, by=admin.pk, at=at
        )
        known = safety.known_of(one.family, one.given)
        registration.care_begin(
            made,
            unit_id=units[one.unit].pk,
            cause="demo",
            at=at,
            place=known.place,
            consultant=known.consultant,
        )
        safety.record(made, known, by=admin.pk, at=at)
        if number < papers.PICTURED:
            papers.record(made, number, by=admin.pk, at=at)
        if one.family == patients.RESTRICTED:
            _restrict(made, at=at)
        there.setdefault(one.unit, []).append(made.pk)
    return there


def _coming_people(admin: User, desk: Unit, *, now: datetime) -> None:
    """Some said before they come who they are, and wait to be checked; one has not answered."""
    asked = now - timedelta(days=3)
    for note, values, hours in coming.ANSWERED:
        _row, token = registration.preregistration_invite(
            unit_id=desk.pk, note=note, by=admin.pk, at=asked
        )
        registration.preregistration_send(token, values=values, at=now - timedelta(hours=hours))
    for note in coming.INVITED:
        registration.preregistration_invite(unit_id=desk.pk, note=note, by=admin.pk, at=asked)


def _stands(username: str, role: str, today: date) -> list[tuple[str, date, bool]]:
    """Return in which shifts a colleague stands: shift, day, and whether on call only."""
    groups = {person.username: person.shift for person in people.STAFF}
    group = groups.get(username)
    if role not in {"nurse", "doctor", "ward_manager"} or group is None:
        return []
    days = [today + timedelta(days=number) for number in range(-1, 14)]
    if group == "weekend":
        return [("D", day, False) for day in days if day.isoweekday() > 5]
    if group == "night":
        return [("N", day, role == "doctor") for day in days]
    work = [("D", day, False) for day in days if day.isoweekday() <= 5]
    # Where no doctor has the night, the one of the day is called from home.
    return work + [("N", day, True) for day in days] if role == "doctor" else work


def _restrict(patient: Patient, *, at: datetime) -> None:
    """One record is open to few, and one of the doctors has opened it at night."""
    officer, doctor = selectors.login_named("privacy_officer"), selectors.login_named("doctor")
    if officer is None or doctor is None:
        return
    registration.restriction_set(
        patient,
        kind="staff",
        reason="Sister of a midwife of this house",
        until=None,
        carers_keep=True,
        users=[],
        units=[],
        by=officer.pk,
        at=at,
    )
    night = at + timedelta(days=25)
    held = grants_of(doctor, at=night)
    registration.glass_break(
        registration.Sought(number=patient.mrn),
        kind="emergency",
        words="Came to the emergency room with severe pain, needed her medicines",
        grants=held,
        unit_id=held.held[0].unit_id,
        by=doctor.pk,
        at=night,
    )
    registration.glasses_expire(at=night + timedelta(hours=4))


def _tasks_open(
    admin: User, units: dict[str, Unit], there: dict[str, list[int]], *, now: datetime
) -> None:
    """A few in every unit, every other one about one of its patients."""
    for code, asked in tasks.TASKS.items():
        people_there = there.get(code, [])
        for number, one in enumerate(asked):
            about = people_there[number % len(people_there)] if people_there else None
            worklist.task_open(
                kind=one.kind,
                unit_id=units[code].pk,
                role=one.role,
                detail=one.detail,
                priority=one.priority,
                patient_id=None if number % 2 else about,
                by=admin.pk,
                at=now - timedelta(minutes=one.minutes_ago),
            )


def _duplicates_make(admin: User, units: dict[str, Unit], *, at: datetime) -> None:
    """Two people were registered twice: of one pair a merge is proposed."""
    for one in patients.TWICE:
        values = one.values()
        alike = registered.candidates(values, values["birth"], at=at)
        made = registration.patient_register(
            values=values,
            unit_id=units["FRONT"].pk,
            seen=[each.patient.public_id for each in alike],
            reason=patients.WHY_TWICE,
            by=admin.pk,
            at=at,
        )
        registration.care_begin(made, unit_id=units[one.unit].pk, cause="demo", at=at)
        if one.given == patients.PROPOSED:
            registration.merge_propose(
                alike[0].patient, made, reason=patients.WHY_ONE, by=admin.pk, at=at
            )


def _hospital() -> services.Hospital:
    return services.Hospital(
        name=places.NAME,
        site_code=places.SITE_CODE,
        site_name=places.SITE_NAME,
        time_zone=settings.TIME_ZONE,
        currency=settings.HMS_CURRENCY,
        language=settings.LANGUAGE_CODE,
        admin_username=people.ADMIN,
        admin_family_name=people.ADMINISTRATOR.family,
        admin_given_name=people.ADMINISTRATOR.given,
        admin_password=people.PASSWORD,
        logo=places.LOGO,
        is_demo=True,
    )


def _calendar_set(admin: User, site: Site, *, at: datetime) -> None:
    holidays = [
        services.HolidayOn(date(year, month, day), name)
        for year in (at.year, at.year + 1)
        for month, day, name in places.HOLIDAYS
    ]
    services.site_update(
        site,
        values={"business_hours": places.HOURS, "holidays": holidays},
        version=None,
        by=admin.pk,
        at=at,
    )


def _units_create(admin: User, *, at: datetime) -> dict[str, Unit]:
    root = selectors.unit_list(grants=grants_of(admin, at=at)).get(parent=None)
    units = {"": root}
    for place in places.PLACES:
        units[place.code] = services.unit_create(
            parent=units[place.below],
            code=place.code,
            name=place.name,
            kind=place.kind,
            beds=place.beds,
            by=admin.pk,
            at=at,
        )
    return units


def _staff_create(admin: User, units: dict[str, Unit], *, at: datetime) -> None:
    roles = {role.code: role for role in selectors.role_list()}
    with_password = {person.username for person in people.LOGINS}
    for number, person in enumerate(people.STAFF, start=1001):
        user = services.person_create(
            username=person.username,
            family_name=person.family,
            given_name=person.given,
            title=person.title,
            staff_number=f"RG{number}",
            email=f"{person.username}@riverside.example",
            is_demo=True,
            by=admin.pk,
            at=at,
        )
        if person.username in with_password:
            services.password_set(user, password=people.PASSWORD, by=admin.pk, at=at)
        else:
            services.account_activate(user, by=admin.pk, at=at, reason="Opening of the hospital")
        _employ(user, person, roles, units, admin=admin, at=at)


def _employ(
    user: User,
    person: Colleague,
    roles: dict[str, Role],
    units: dict[str, Unit],
    *,
    admin: User,
    at: datetime,
) -> None:
    services.assignment_start(
        user=user,
        role=roles[person.role],
        unit=units[person.unit],
        starts_at=at,
        shift_group=person.shift,
        by=admin.pk,
        at=at,
        reason="Opening of the hospital",
    )
    if person.profession:
        services.practitioner_save(
            user,
            values={"profession": person.profession, "specialty": person.specialty},
            by=admin.pk,
            at=at,
        )


def _levels_set(admin: User, units: dict[str, Unit], *, at: datetime) -> None:
    for code, modules, level, reason in places.LEVELS:
        for module in modules:
            services.activation_set(
                unit=units[code], module=module, level=level, reason=reason, by=admin.pk, at=at
            )
