"""Staff from a CSV file: checked without writing, then written all or nothing, repeatably."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.services import Action, record
from core.errors import Invalid, ServiceError
from core.events import together
from org import selectors
from org.models import Assignment, Practitioner, Role, Unit, User
from org.permissions import Grants, Perm, logins_out_of_reach, may_assign, people_visible_to
from org.rules import day_end, day_start, username_plain
from org.services.assignments import assignment_insert, memberships_settle
from org.services.grants import role_places_open
from org.services.people import person_insert, person_update, practitioner_write
from org.services.people_file import MAX_ROWS_ON_SCREEN, NAMES, Cells, clean, day_of, rows_of
from org.states import AccountState

PART_ROWS = 500
# The services' names of what stands in a column of another name.
COLUMN_OF = {"user": "username", "unit": "unit_code", "starts_at": "starts_on"}
Told = Callable[[int, int, bool], None]


def _nobody_told(_done: int, _every: int, _is_trial: bool) -> None:
    """The screen says all at once."""


class Outcome(StrEnum):
    """What the import makes of a row."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class RowResult:
    """One row: its line in the file, who it is about, what happens; for an error, where and why."""

    line: int
    username: str
    name: str
    outcome: Outcome
    is_assigned: bool = False
    column: str = ""
    message: str | Promise = ""


@dataclass(slots=True)
class ImportReport:
    """What a run made, or would make, of every row; `written_rows` is how many were stored."""

    rows: list[RowResult] = field(default_factory=list)
    written_rows: int = 0

    def count(self, outcome: Outcome) -> int:
        """Return how many rows came out so."""
        return sum(row.outcome == outcome for row in self.rows)

    @property
    def is_written(self) -> bool:
        return self.written_rows > 0 and not self.has_errors

    @property
    def has_errors(self) -> bool:
        return any(row.outcome == Outcome.ERROR for row in self.rows)


@dataclass(slots=True)
class _Row:
    """A row on its way: what the file says, what came of it."""

    line: int
    cells: Cells
    username: str = ""
    name: str = ""
    outcome: Outcome = Outcome.UNCHANGED
    is_assigned: bool = False
    error: ServiceError | None = None

    def result(self) -> RowResult:
        if self.error is None:
            return RowResult(self.line, self.username, self.name, self.outcome, self.is_assigned)
        column = COLUMN_OF.get(self.error.field, self.error.field)
        return RowResult(
            self.line,
            self.username,
            self.name,
            Outcome.ERROR,
            column=column,
            message=self.error.detail,
        )


def _read(text: str, max_rows: int) -> list[_Row]:
    """Return the rows of the file, those of one person beside each other. Raises Invalid."""
    rows = [_row(line, cells) for line, cells in rows_of(text, max_rows)]
    return sorted(rows, key=lambda row: (row.username, row.line))


def _row(line: int, cells: Cells | None) -> _Row:
    if cells is None:
        message = _("This row has more or fewer cells than the first line.")
        return _Row(line, {}, error=Invalid(message))
    username = username_plain(cells["username"])[:64]
    name = f"{cells['family_name']}, {cells.get('given_name', '')}".strip(" ,")[:160]
    row = _Row(line, {}, username, name)
    try:
        row.cells = clean(cells)
    except ServiceError as error:
        row.error = error
    return row


def _parts(rows: Sequence[_Row]) -> Iterator[list[_Row]]:
    """Cut the rows into parts that each hold all rows of their people."""
    part: list[_Row] = []
    for row in rows:
        if len(part) >= PART_ROWS and part[-1].username != row.username:
            yield part
            part = []
        part.append(row)
    yield part


def people_import(
    *, text: str, grants: Grants, is_trial: bool, by: int, at: datetime
) -> ImportReport:
    """The people of the file exist, invited, with their professions and assignments; or none does.

    A trial, or a run with an error in any row, writes nothing. A second run changes nothing.
    Raises Invalid for a file that cannot be read as a table of people.
    """
    return _Run(grants, by, at).over([_read(text, MAX_ROWS_ON_SCREEN)], is_trial=is_trial)


def people_import_in_parts(
    *,
    text: str,
    grants: Grants,
    is_trial: bool,
    by: int,
    at: datetime,
    max_rows: int,
    told: Told = _nobody_told,
) -> ImportReport:
    """As `people_import`, in parts of about 500 rows that each are written, or not, as a whole.

    Nothing is written before a trial of the whole file has found no error. A run that was cut
    short is carried on by running it again. `told` hears how many rows of how many are
    done, and whether in the trial.
    """
    for trial in (True, False):
        parts = list(_parts(_read(text, max_rows)))
        report = _Run(grants, by, at).over(parts, is_trial=trial, told=told)
        if is_trial or report.has_errors:
            break
    return report


class _Run:
    """One pass over a file, with what holds for all its parts."""

    def __init__(self, grants: Grants, by: int, at: datetime) -> None:
        self.grants = grants
        self.by = by
        self.at = at
        self.roles = {role.code: role for role in Role.objects.all()}
        self.permissions: dict[int, frozenset[str]] = {}
        self.allowed: dict[tuple[int, int], bool] = {}
        self.units: dict[str, list[Unit]] = {}
        within = set(grants.unit_ids(Perm.MANAGE_ASSIGNMENTS))
        for unit in selectors.units_of(within):
            self.units.setdefault(unit.code.casefold(), []).append(unit)
        self.staff_numbers: dict[str, str] = {}

    def over(
        self,
        parts: Iterable[list[_Row]],
        *,
        is_trial: bool,
        told: Told = _nobody_told,
    ) -> ImportReport:
        """Take the parts one by one; a real run ends with the first part that has an error."""
        parts = list(parts)
        every = sum(map(len, parts))
        report = ImportReport()
        for part in parts:
            with transaction.atomic():
                is_good = _Part(self, part).done()
                if is_good and not is_trial:
                    self._recorded(part)
                    report.written_rows += len(part)
                else:
                    transaction.set_rollback(True)
            report.rows += [row.result() for row in part]
            told(len(report.rows), every, is_trial)
            if not is_good and not is_trial:
                break
        report.rows.sort(key=lambda row: row.line)
        return report

    def _recorded(self, part: list[_Row]) -> None:
        created = sum(row.outcome == Outcome.CREATED for row in part)
        record(
            "people_import",
            action=Action.CREATE,
            at=self.at,
            by=self.by,
            after={"rows": len(part), "created": created},
        )

    def role(self, code: str) -> Role:
        role = self.roles.get(code.lower())
        if role is None:
            raise Invalid(_("There is no role with this code."), field="role")
        return role

    def unit(self, code: str) -> Unit:
        found = self.units.get(code.casefold(), [])
        if not found:
            message = _("You do not assign people to a unit with this code.")
            raise Invalid(message, field="unit_code")
        if len(found) > 1:
            raise Invalid(_("Several sites have a unit with this code."), field="unit_code")
        return found[0]

    def check_may_assign(self, role: Role, unit: Unit) -> None:
        key = (role.pk, unit.pk)
        if key not in self.allowed:
            if role.pk not in self.permissions:
                self.permissions[role.pk] = selectors.role_permissions(role.pk)
            self.allowed[key] = may_assign(
                self.grants, permissions=self.permissions[role.pk], unit=unit
            )
        if not self.allowed[key]:
            raise Invalid(_("You may not hand out this role in this unit."), field="role")

    def staff_number_stands_once(self, cells: Cells) -> None:
        number = cells.get("staff_number", "")
        if number and self.staff_numbers.setdefault(number, cells["username"]) != cells["username"]:
            message = _("Another person already has this staff number.")
            raise Invalid(message, field="staff_number")


class _Part:
    """The rows of one transaction, taken in the order of locks of docs/adr/0011.

    Rows have no savepoints of their own: a row with an error rolls the whole part back.
    """

    def __init__(self, run: _Run, rows: list[_Row]) -> None:
        self.run = run
        self.rows = rows
        self.names: dict[str, tuple[str, ...]] = {}
        self.made: dict[int, Assignment] = {}

    def done(self) -> bool:
        """Store all rows; says whether none has an error."""
        with connection.cursor() as cursor:
            # Two files with the same new people in another order would wait for each other.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('people-import', 42))")
        self._units_locked()
        self._people_locked()
        with together():
            self._each(self._person)
            self._each(self._profession)
            self._each(self._planned)
            self._places_opened()
            self._each(self._assigned)
            memberships_settle({row.user_id for row in self.made.values()}, at=self.run.at)
        return all(row.error is None for row in self.rows)

    def _each(self, step: Callable[[_Row], None]) -> None:
        for row in self.rows:
            if row.error is None:
                try:
                    step(row)
                except ServiceError as error:
                    row.error = error

    def _units_locked(self) -> None:
        codes = {row.cells.get("unit_code", "").casefold() for row in self.rows}
        ids = {unit.pk for code in codes for unit in self.run.units.get(code, [])}
        locked = Unit.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True)
        self.open_units = {unit.pk for unit in locked if unit.is_active}

    def _people_locked(self) -> None:
        run = self.run
        usernames = {row.username for row in self.rows}
        stored = list(
            User.objects.filter(username__in=usernames)
            .order_by("pk")
            .select_for_update(no_key=True)
        )
        ids = [user.pk for user in stored]
        self.users = {user.username: user for user in stored}
        visible = people_visible_to(run.grants, permission=Perm.IMPORT_PEOPLE)
        self.reach = set(visible.filter(pk__in=ids).values_list("pk", flat=True))
        self.elsewhere = logins_out_of_reach(run.grants, ids, at=run.at)
        found = Practitioner.objects.filter(user__in=ids)
        self.practitioners = {row.user_id: row for row in found}
        self.periods: dict[tuple[int, int, int], list[DateTimeTZRange]] = {}
        for row in Assignment.objects.filter(user__in=ids, cancelled_at__isnull=True):
            key = (row.user_id, row.role_id, row.unit_id)
            self.periods.setdefault(key, []).append(row.period)

    def _may_change(self, user: User) -> None:
        if user.pk in self.elsewhere:
            message = _("This person also works where you do not manage people.")
            raise Invalid(message, field="username")

    def _person(self, row: _Row) -> None:
        names = {name: row.cells[name] for name in NAMES if name in row.cells}
        stands = tuple(names.values())
        if self.names.setdefault(row.username, stands) != stands:
            message = _("The same user name stands in the file with other names.")
            raise Invalid(message, field="username")
        self.run.staff_number_stands_once(row.cells)
        by, at = self.run.by, self.run.at
        user = self.users.get(row.username)
        if user is None:
            made = person_insert(row.username, names=names, by=by, at=at)
            self.users[row.username] = made
            self.reach.add(made.pk)
            row.outcome = Outcome.CREATED
            return
        if user.pk not in self.reach:
            raise Invalid(_("Another person already has this user name."), field="username")
        if any(getattr(user, name) != value for name, value in names.items()):
            self._may_change(user)
            changed = person_update(user, values=names, version=None, by=by, at=at)
            self.users[row.username] = changed
            row.outcome = Outcome.UPDATED

    def _profession(self, row: _Row) -> None:
        user, cells = self.users[row.username], row.cells
        profession, licence = cells.get("profession", ""), cells.get("licence_number", "")
        if licence and not profession:
            raise Invalid(_("A licence number needs a profession."), field="profession")
        if not profession:
            return
        stored = self.practitioners.get(user.pk) or Practitioner(user=user)
        wanted = {"profession": profession}
        if "licence_number" in cells:
            wanted["licence_number"] = licence
        if all(getattr(stored, name) == value for name, value in wanted.items()):
            return
        self._may_change(user)
        self.practitioners[user.pk] = practitioner_write(
            stored, values=wanted, by=self.run.by, at=self.run.at
        )
        if row.outcome == Outcome.UNCHANGED:
            row.outcome = Outcome.UPDATED

    def _planned(self, row: _Row) -> None:
        """Find the assignment that the row asks for, unless it was made before."""
        cells, run = row.cells, self.run
        if not cells.get("role") and not cells.get("unit_code"):
            return
        role, unit = run.role(cells.get("role", "")), run.unit(cells.get("unit_code", ""))
        run.check_may_assign(role, unit)
        user = self.users[row.username]
        starts_at, ends_at = self._days(cells, unit.site.time_zone)
        periods = self.periods.setdefault((user.pk, role.pk, unit.pk), [])
        if self._is_there(periods, starts_at, ends_at):
            return
        starts_at = starts_at or run.at
        if ends_at is not None and ends_at <= starts_at:
            raise Invalid(_("The end must be after the start."), field="ends_on")
        if unit.pk not in self.open_units:
            raise Invalid(_("This unit is closed."), field="unit")
        if user.state == AccountState.LEFT:
            raise Invalid(_("This person has left."), field="user")
        period = DateTimeTZRange(starts_at, ends_at)
        self.made[row.line] = Assignment(user=user, role=role, unit=unit, period=period)
        periods.append(period)

    def _days(self, cells: Cells, zone: str) -> tuple[datetime | None, datetime | None]:
        today = self.run.at.date()
        first = day_of(cells, "starts_on", today=today)
        last = day_of(cells, "ends_on", today=today)
        return (
            day_start(first, zone) if first else None,
            day_end(last, zone) if last else None,
        )

    def _is_there(
        self, periods: list[DateTimeTZRange], starts_at: datetime | None, ends_at: datetime | None
    ) -> bool:
        """Say whether this very assignment was made before; without a first day, one in force."""
        if starts_at is None:
            return any(self.run.at in period for period in periods)
        return any((period.lower, period.upper) == (starts_at, ends_at) for period in periods)

    def _places_opened(self) -> None:
        self.places = role_places_open(
            [(planned.role, planned.unit) for planned in self.made.values()]
        )

    def _assigned(self, row: _Row) -> None:
        planned = self.made.get(row.line)
        if planned is not None:
            planned.place = self.places[planned.role_id, planned.unit_id]
            assignment_insert(planned, by=self.run.by, at=self.run.at)
            row.is_assigned = True
