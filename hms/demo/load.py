"""Makes the demo hospital exist: everything through the services, all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

from core import clock
from hms.demo import patients, people, places
from hms.demo.people import Colleague
from hms.tasks import drain
from org import selectors, services
from org.permissions import grants_of
from patients import services as registration

if TYPE_CHECKING:
    from org.models import Role, Site, Unit, User

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
        _patients_register(admin, units, at=opened)
        say(f"{len(patients.PATIENTS)} patients")
        while drain():
            pass


def _patients_register(admin: User, units: dict[str, Unit], *, at: datetime) -> None:
    """In the care of their clinics for as long as the demo may run."""
    for one in patients.PATIENTS:
        made = registration.patient_register(
            values=one.values(), unit_id=units["FRONT"].pk, by=admin.pk, at=at
        )
        registration.care_begin(made, unit_id=units[one.unit].pk, cause="demo", at=at)


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
