"""Who is there at an instant: the staff, their shifts, who is signed in, and the dice."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from core import clock
from hms.demo import people
from org import selectors
from org.permissions import Grants, grants_of

if TYPE_CHECKING:
    from org.models import Assignment, Role, Unit, User

DAY_STARTS, NIGHT_STARTS = 7, 19
SATURDAY = 5


def on_shift(group: str, local: datetime) -> bool:
    """Say whether a person of this shift group works at the local time."""
    is_day = DAY_STARTS <= local.hour < NIGHT_STARTS
    is_weekend = local.weekday() >= SATURDAY
    return {
        "day": is_day and not is_weekend,
        "night": not is_day,
        "weekend": is_day and is_weekend,
        "float": is_day,
    }.get(group, False)


@dataclass
class Scene:
    """What an act may look at; it lives as long as one run of the simulation."""

    dice: random.Random
    signed_in: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        admin = selectors.login_named(people.ADMIN)
        if admin is None:
            raise LookupError("The demo hospital is not loaded.")
        self.admin: User = admin

    @property
    def grants(self) -> Grants:
        """Return what the administrator may do now: their eyes see the whole hospital."""
        return grants_of(self.admin, at=clock.now())

    def units(self) -> list[Unit]:
        """Return the open units by code."""
        return list(selectors.unit_list(grants=self.grants, state="active").order_by("code"))

    def roles(self) -> dict[str, Role]:
        """Return the roles by code."""
        return {role.code: role for role in selectors.role_list()}

    def assignments(self) -> list[Assignment]:
        """Return the assignments in force of active people, in a fixed order."""
        rows = selectors.assignment_list(grants=self.grants)
        return list(
            rows.filter(
                period__contains=clock.now(), cancelled_at__isnull=True, user__state="active"
            ).order_by("user__username", "role__code", "unit__code", "period")
        )

    def working(self) -> list[Assignment]:
        """Return the assignments whose people are on shift now."""
        now = clock.now()
        return [
            row
            for row in self.assignments()
            if on_shift(row.shift_group, now.astimezone(ZoneInfo(row.unit.site.time_zone)))
        ]

    def pick[T](self, choices: Sequence[T]) -> T | None:
        """Return one of the choices, or None when there is none."""
        return self.dice.choice(choices) if choices else None
