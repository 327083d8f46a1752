"""Acts of the staff and the administrator: sign in and out, shifts, contracts, levels."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from core import clock
from hms.demo import people
from hms.simulation.scene import Scene
from org import selectors, services
from org.states import Level, ShiftGroup

if TYPE_CHECKING:
    from org.models import Assignment

# The published logins stay as they are, whatever happens around them.
_KEPT = {person.username for person in (*people.LOGINS, people.ADMINISTRATOR)}
_NOT_PEOPLE = {"integration_client", "patient"}
_FEWEST, _MOST = 50, 72
_NOTICE = timedelta(days=7)
_ROLES = ("nurse", "front_desk", "doctor", "cashier", "lab_technician")
_UNITS = {
    "nurse": ("W-MED-A", "W-MED-B", "W-SURG", "ED"),
    "front_desk": ("FRONT", "ED"),
    "doctor": ("CL-MED", "ED", "W-SURG"),
    "cashier": ("BILLING",),
    "lab_technician": ("LAB",),
}
_OBSERVERS = ("W-MED-B", "W-SURG", "W-MAT")
_OBSERVED = ("beds", "orders", "tasks")


def sign_in(scene: Scene) -> str | None:
    """Somebody on shift signs in."""
    free = {
        row.user.username: row.user
        for row in scene.working()
        if row.role.code not in _NOT_PEOPLE and row.user.username not in scene.signed_in
    }
    name = scene.pick(sorted(free))
    if name is None:
        return None
    services.sign_in_noted(free[name], at=clock.now())
    scene.signed_in.add(name)
    return name


def sign_out(scene: Scene) -> str | None:
    """Somebody signs out: first of all a person whose shift is over."""
    working = {row.user.username for row in scene.working()}
    name = scene.pick(sorted(scene.signed_in - working) or sorted(scene.signed_in))
    if name is None:
        return None
    scene.signed_in.discard(name)
    user = selectors.login_named(name)
    if user is None:
        return None
    services.sign_out_noted(user, at=clock.now())
    return name


def _movable(scene: Scene, *, at: datetime) -> list[Assignment]:
    """Assignments that an administrator may touch: no published login, no end in sight."""
    return [
        row
        for row in scene.assignments()
        if row.user.username not in _KEPT
        and row.period.upper is None
        and row.period.lower + timedelta(days=1) <= at
    ]


def shift_change(scene: Scene) -> str | None:
    """Somebody works in another shift group from now on."""
    now = clock.now()
    row = scene.pick(_movable(scene, at=now))
    if row is None:
        return None
    groups = [group for group in ShiftGroup.values if group != row.shift_group]
    group = scene.dice.choice(groups)
    services.assignment_end(row, ends_at=now, by=scene.admin.pk, at=now, reason="New roster")
    services.assignment_start(
        user=row.user,
        role=row.role,
        unit=row.unit,
        starts_at=now,
        shift_group=group,
        by=scene.admin.pk,
        at=now,
        reason="New roster",
    )
    return f"{row.user.username} -> {group}"


def colleague_invite(scene: Scene) -> str | None:
    """The administrator invites a new colleague and gives them their first place of work."""
    if len(scene.assignments()) >= _MOST:
        return None
    now = clock.now()
    given, family = scene.dice.choice(people.NEWCOMERS)
    username = f"{given}.{family}".lower().replace(" ", "")
    role = scene.dice.choice(_ROLES)
    code = scene.dice.choice(_UNITS[role])
    unit = next((unit for unit in scene.units() if unit.code == code), None)
    if unit is None or selectors.login_named(username) is not None:
        return None
    user = services.person_create(
        username=username,
        given_name=given,
        family_name=family,
        is_demo=True,
        by=scene.admin.pk,
        at=now,
    )
    services.assignment_start(
        user=user,
        role=scene.roles()[role],
        unit=unit,
        starts_at=now,
        by=scene.admin.pk,
        at=now,
        reason="New colleague",
    )
    services.account_activate(user, by=scene.admin.pk, at=now, reason="First day at work")
    return f"{username}: {role} in {code}"


def contract_end(scene: Scene) -> str | None:
    """Somebody's assignment ends in a week."""
    now = clock.now()
    if len(scene.assignments()) <= _FEWEST:
        return None
    row = scene.pick(_movable(scene, at=now))
    if row is None:
        return None
    services.assignment_end(
        row, ends_at=now + _NOTICE, by=scene.admin.pk, at=now, reason="Contract ends"
    )
    return row.user.username


def ward_observe(scene: Scene) -> str | None:
    """A ward begins to look on in one module, or stops doing so."""
    now = clock.now()
    code, module = scene.dice.choice(_OBSERVERS), scene.dice.choice(_OBSERVED)
    unit = next((unit for unit in scene.units() if unit.code == code), None)
    if unit is None:
        return None
    stored = selectors.activation_get(unit_id=unit.pk, module=module)
    level = stored.level if stored else Level.OFF
    steps = {
        Level.OFF: (Level.OBSERVE, "The ward looks on before its wave"),
        Level.OBSERVE: (Level.OFF, "The ward has seen enough for now"),
    }
    if level not in steps:
        return None
    wanted, reason = steps[Level(level)]
    services.activation_set(
        unit=unit, module=module, level=wanted, reason=reason, by=scene.admin.pk, at=now
    )
    return f"{module} in {code}: {wanted.value}"
