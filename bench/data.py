"""Generated people and places of a given size, written set-based; every run makes the same rows."""

import random
from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from hms import roles
from org import services
from org.models import Assignment, Role, Unit, User
from org.services.grants import role_place_open, unit_grants_rebuild
from org.services.installation import Hospital

FAMILIES = ("Adeyemi", "Bernard", "Costa", "Dubois", "Eriksen", "Fischer", "Gupta", "Haddad")
PASSWORD = "lantern-otter-river-31"  # pragma: allowlist secret
GIVEN = ("Ada", "Bo", "Chloe", "Dev", "Elif", "Femi", "Gita", "Hugo", "Ines", "Jun")


def load(*, units: int, people: int, at: datetime, seed: int = 1) -> User:
    """A hospital with about `units` units and `people` people exists; returns its administrator."""
    dice = random.Random(seed)
    roles.sync("default")
    admin = services.hospital_set_up(
        Hospital(
            name="Bench General",
            site_code="BG",
            site_name="Bench General",
            time_zone="UTC",
            currency="EUR",
            language="en",
            admin_username="bench-admin",
            admin_family_name="Bench",
            admin_given_name="Ada",
            admin_password=PASSWORD,
        ),
        at=at,
    )
    root = Unit.objects.get(parent=None)
    wards = Unit.objects.bulk_create(
        Unit(site=root.site, parent=root, code=f"U{n:04}", name=f"Ward {n:04}", kind="ward")
        for n in range(units)
    )
    unit_grants_rebuild(site_id=root.site_id)
    nurse = Role.objects.get(code="nurse")
    places = {ward.pk: role_place_open(role=nurse, unit=ward) for ward in wards}
    unusable = make_password(None)
    users = User.objects.bulk_create(
        (
            User(
                username=f"person{n}",
                family_name=f"{dice.choice(FAMILIES)}{n % 997}",
                given_name=dice.choice(GIVEN),
                state="active",
                password=unusable,
            )
            for n in range(people)
        ),
        batch_size=2000,
    )
    period = DateTimeTZRange(at - timedelta(days=30), None)
    Assignment.objects.bulk_create(
        (
            Assignment(
                user=user,
                role=nurse,
                unit=(ward := wards[n % len(wards)]),
                place=places[ward.pk],
                period=period,
            )
            for n, user in enumerate(users)
        ),
        batch_size=2000,
    )
    return admin
