"""The smallest legal people and places, made by the real services."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import Group, Permission

from hms import roles
from org import services
from org.models import Role, Unit, User
from org.services.installation import Hospital as Setup
from tests.factories.photograph import Photograph, photograph

STARTED = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
PASSWORD = "river-otter-lantern-9"  # pragma: allowlist secret


@dataclass
class Hospital:
    """What most tests need: an administrator, a root, a ward, a clinic, another site's ward."""

    admin: User
    root: Unit
    ward: Unit
    clinic: Unit
    elsewhere_root: Unit
    elsewhere: Unit
    people: dict[str, User]

    def person(self, role: str) -> User:
        """Return the person who has `role` in the ward (administrator and auditor: at the root)."""
        return self.people[role]


def person(username: str, *, family_name: str = "Marsh", active: bool = True, **rest: str) -> User:
    """A person; active without a password unless told otherwise."""
    user = services.person_create(
        username=username, family_name=family_name, by=None, at=STARTED, **rest
    )
    if active:
        user = services.account_activate(user, by=None, at=STARTED, reason="test")
    return user


def assign(user: User, role: str, unit: Unit, *, days: int | None = None) -> None:
    """`user` works in `unit` as `role` from the start of the test's world."""
    services.assignment_start(
        user=user,
        role=Role.objects.get(code=role),
        unit=unit,
        starts_at=STARTED,
        ends_at=STARTED + timedelta(days=days) if days else None,
        by=None,
        at=STARTED,
    )


def planner(at: Unit) -> User:
    """Somebody who plans who works in a unit, and holds nothing else there."""
    wanted = ["view_unit", "view_people", "manage_assignments"]
    group = Group.objects.create(name="role:planner")
    group.permissions.set(
        Permission.objects.filter(content_type__app_label="org", codename__in=wanted)
    )
    Role.objects.create(code="planner", name="Planner", group=group)
    user = person("planner", family_name="Planner")
    assign(user, "planner", at)
    return user


def unit(parent: Unit, code: str, *, name: str = "", kind: str = "ward") -> Unit:
    """A unit below `parent`."""
    return services.unit_create(
        parent=parent, code=code, name=name or f"Ward {code}", kind=kind, by=None, at=STARTED
    )


UNITS = ("root", "ward", "clinic", "elsewhere_root", "elsewhere")
AT_ROOT = {"system_administrator", "auditor", "privacy_officer", "rollout_manager"}


def hospital() -> Hospital:
    """Two sites, one person per role of roles.yaml, as the services make them.

    They make them once for each process of tests; after that their rows are put back.
    """
    if not _photographs:
        _photographs.append(photograph(_names_made))
    _photographs[0].put_back()
    return _loaded(_photographs[0].names)


_photographs: list[Photograph] = []


def _names_made() -> dict[str, int]:
    made = hospital_made()
    units = {name: getattr(made, name).pk for name in UNITS}
    return units | {f"person:{role}": user.pk for role, user in made.people.items()}


def _loaded(names: dict[str, int]) -> Hospital:
    units = Unit.objects.select_related("site", "parent").in_bulk(names[name] for name in UNITS)
    roles_of = {pk: name.removeprefix("person:") for name, pk in names.items() if ":" in name}
    users = {roles_of[user.pk]: user for user in User.objects.filter(pk__in=roles_of)}
    people = {role: users[role] for role in roles_of.values()}
    places = {name: units[names[name]] for name in UNITS}
    return Hospital(admin=people["system_administrator"], people=people, **places)


def hospital_made() -> Hospital:
    """The hospital, made through the services."""
    admin = services.hospital_set_up(
        Setup(
            name="Riverside General",
            site_code="RG",
            site_name="Riverside General",
            time_zone="Europe/Paris",
            currency="EUR",
            language="en",
            admin_username="admin",
            admin_family_name="Okafor",
            admin_given_name="Ada",
            admin_password=PASSWORD,
        ),
        at=STARTED,
    )
    root = Unit.objects.get(parent__isnull=True)
    ward = unit(root, "W1", name="Medical A")
    clinic = unit(root, "C1", name="Medicine clinic", kind="clinic")
    elsewhere_root = services.site_create(
        code="HS", name="Hillside", time_zone="Europe/Paris", by=None, at=STARTED
    )
    elsewhere = unit(elsewhere_root, "W1", name="Hillside ward")
    people = {"system_administrator": admin}
    for code in roles.declared():
        if code not in people:
            people[code] = person(
                code.replace("_", "-"), family_name=code.replace("_", " ").title()
            )
            assign(people[code], code, root if code in AT_ROOT else ward)
    return Hospital(admin, root, ward, clinic, elsewhere_root, elsewhere, people)
