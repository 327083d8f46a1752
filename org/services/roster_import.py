"""A roster from a CSV file: checked without writing, then written all or nothing, repeatably."""

from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.services import Action, record
from core.errors import Invalid, ServiceError
from org import selectors
from org.models import Role, Shift, Unit, User
from org.permissions import Grants, Perm
from org.rules import username_plain
from org.services.people_file import (
    MAX_ROWS_ON_SCREEN,
    Cells,
    clean_cell,
    day_of,
    rows_of,
)
from org.services.people_import import Outcome
from org.services.roster import Place, StandsThere, people_locked, roster_insert, site_held

REQUIRED = ("unit_code", "day", "shift", "username", "role")
COLUMNS = (*REQUIRED, "on_call", "also_elsewhere")
IMPORTED = "import"
YES = frozenset({"1", "yes", "y", "true", "x", "oui", "o"})
NO = frozenset({"", "0", "no", "n", "false", "non"})
# The service's names of what stands in a column of another name.
_COLUMN_OF = {"day_on": "day", "who": "username", "unit": "unit_code"}


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One row: its line, what it says, what happens; for an error, where and why."""

    line: int
    words: tuple[str, str, str, str]
    outcome: Outcome
    column: str = ""
    message: str | Promise = ""


@dataclass(slots=True)
class RosterReport:
    """What a run made, or would make, of every row."""

    rows: list[RosterRow] = field(default_factory=list)
    is_written: bool = False

    def count(self, outcome: Outcome) -> int:
        """Return how many rows came out so."""
        return sum(row.outcome == outcome for row in self.rows)

    @property
    def has_errors(self) -> bool:
        return any(row.outcome == Outcome.ERROR for row in self.rows)


def roster_import(
    *, text: str, grants: Grants, is_trial: bool, by: int, at: datetime
) -> RosterReport:
    """Everybody in the file stands on the roster; or, with an error in any row, nobody new does.

    A trial writes nothing. A second run changes nothing. Raises Invalid for a file that cannot be
    read as a table of a roster.
    """
    rows = list(rows_of(text, MAX_ROWS_ON_SCREEN, required=REQUIRED, columns=COLUMNS))
    report = RosterReport()
    with transaction.atomic():
        run = _Run(grants, rows, by=by, at=at)
        report.rows = [run.row(line, cells) for line, cells in rows]
        report.is_written = not is_trial and not report.has_errors
        if report.is_written:
            made = report.count(Outcome.CREATED)
            after = {"rows": len(rows), "created": made}
            record("roster_import", action=Action.CREATE, at=at, by=by, after=after)
        else:
            transaction.set_rollback(True)
    return report


class _Run:
    """One pass over a file: what it names is loaded and locked once, in the order of locks."""

    def __init__(
        self, grants: Grants, rows: list[tuple[int, Cells | None]], *, by: int, at: datetime
    ) -> None:
        self.by, self.at = by, at
        self.roles = {role.code: role for role in Role.objects.all()}
        self.units: dict[str, list[Unit]] = {}
        for unit in selectors.units_of(set(grants.unit_ids(Perm.MANAGE_ROSTER))):
            self.units.setdefault(unit.code.casefold(), []).append(unit)
        named = {(cells or {}).get("unit_code", "").strip().casefold() for _line, cells in rows}
        ids = {unit.pk for code in named for unit in self.units.get(code, [])}
        site_held({unit.site_id for code in named for unit in self.units.get(code, [])})
        list(Unit.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True))
        names = {username_plain((cells or {}).get("username", "")) for _line, cells in rows}
        self.users = {user.username: user for user in User.objects.filter(username__in=names)}
        people_locked({user.pk for user in self.users.values()})
        self.shifts: dict[tuple[int, str], Shift] = {}
        sites = {unit.site_id for found in self.units.values() for unit in found}
        for shift in Shift.objects.filter(site_id__in=sites).select_related("site"):
            self.shifts[shift.site_id, shift.code.casefold()] = shift

    def row(self, line: int, cells: Cells | None) -> RosterRow:
        if cells is None:
            message = _("This row has more or fewer cells than the first line.")
            return RosterRow(line, ("", "", "", ""), Outcome.ERROR, message=message)
        unit, day, shift, name = (cells[column][:60] for column in REQUIRED[:4])
        words = (unit, day, shift, name)
        try:
            outcome = self._entered({name: clean_cell(name, text) for name, text in cells.items()})
        except ServiceError as error:
            column = _COLUMN_OF.get(error.field, error.field)
            return RosterRow(line, words, Outcome.ERROR, column, error.detail)
        return RosterRow(line, words, outcome)

    def _entered(self, cells: Cells) -> Outcome:
        unit = self._unit(cells["unit_code"])
        place = Place(
            day_on=self._day(cells),
            shift=self._shift(unit, cells["shift"]),
            user=self._user(cells["username"]),
            role_id=self._role(cells["role"]).pk,
            on_call=_is_yes(cells, "on_call"),
            is_double=_is_yes(cells, "also_elsewhere"),
        )
        try:
            with transaction.atomic():
                roster_insert(unit=unit, place=place, by=self.by, at=self.at, source=IMPORTED)
        except StandsThere:
            return Outcome.UNCHANGED
        return Outcome.CREATED

    def _day(self, cells: Cells) -> date:
        day = day_of(cells, "day", today=self.at.date())
        if day is None:
            raise Invalid(_("This cell is empty."), field="day")
        return day

    def _unit(self, code: str) -> Unit:
        found = self.units.get(code.casefold(), [])
        if not found:
            raise Invalid(_("You plan no shifts of a unit with this code."), field="unit_code")
        if len(found) > 1:
            raise Invalid(_("Several sites have a unit with this code."), field="unit_code")
        return found[0]

    def _shift(self, unit: Unit, code: str) -> Shift:
        shift = self.shifts.get((unit.site_id, code.casefold()))
        if shift is None:
            raise Invalid(_("The site of this unit has no shift with this code."), field="shift")
        return shift

    def _user(self, name: str) -> User:
        user = self.users.get(username_plain(name))
        if user is None:
            # The same words for somebody whom the planner may not know of.
            message = _("This person does not have this role in this unit then. Assign them first.")
            raise Invalid(message, field="username")
        return user

    def _role(self, code: str) -> Role:
        role = self.roles.get(code.lower())
        if role is None:
            raise Invalid(_("There is no role with this code."), field="role")
        return role


def _is_yes(cells: Cells, column: str) -> bool:
    text = cells.get(column, "").casefold()
    if text not in YES | NO:
        raise Invalid(_("Write yes or no, or leave the cell empty."), field=column)
    return text in YES
