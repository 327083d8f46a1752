"""Staff from a CSV file: checked without writing, then written all or nothing, repeatably."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.services import Action, record
from core.errors import Invalid, ServiceError
from core.forms import EARLIEST_YEAR, LATEST_YEAR, clean_text, parse_date
from org import selectors
from org.models import Assignment, Practitioner, Role, Unit, User
from org.permissions import Grants, Perm, may_assign, people_visible_to
from org.rules import day_end, day_start, username_plain
from org.services.assignments import assignment_start
from org.services.people import person_create, person_update, practitioner_save

MAX_BYTES = 1_048_576
# A request must not take minutes: larger files go through `manage.py people_import`.
MAX_ROWS_ON_SCREEN = 500
REQUIRED = ("username", "family_name")
COLUMNS = (
    *REQUIRED,
    "given_name",
    "title",
    "email",
    "staff_number",
    "role",
    "unit_code",
    "starts_on",
    "ends_on",
    "profession",
    "licence_number",
)
NAMES = ("family_name", "given_name", "title", "email", "staff_number")
LIMITS = {
    "username": 64,
    "family_name": 80,
    "given_name": 80,
    "title": 20,
    "email": 254,
    "staff_number": 30,
    "profession": 60,
    "licence_number": 40,
}
# A spreadsheet that opens an export would run these as formulas.
FORMULA = ("=", "+", "-", "@")
# First bytes of what people pick by mistake: workbooks, old workbooks, PDFs.
OTHER_FILES = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")


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
    """What a run made, or would make, of every row."""

    rows: list[RowResult] = field(default_factory=list)
    is_written: bool = False

    def count(self, outcome: Outcome) -> int:
        """Return how many rows came out so."""
        return sum(row.outcome == outcome for row in self.rows)

    @property
    def has_errors(self) -> bool:
        return any(row.outcome == Outcome.ERROR for row in self.rows)


def people_file_text(content: bytes, *, max_bytes: int = MAX_BYTES) -> str:
    """Return the text of an uploaded file. Raises Invalid for what is no CSV text in UTF-8."""
    if len(content) > max_bytes:
        raise Invalid(_("The file is larger than 1 MB. Split it."), field="file")
    if content.startswith(OTHER_FILES) or b"\x00" in content:
        message = _("This is not a CSV file. In the spreadsheet, save as “CSV UTF-8”.")
        raise Invalid(message, field="file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = _("The file is not UTF-8. In the spreadsheet, save as “CSV UTF-8”.")
        raise Invalid(message, field="file") from error


def _table(text: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    head_line = text.partition("\n")[0]
    delimiter = ";" if head_line.count(";") > head_line.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        head = [name.strip().lower() for name in next(reader, [])]
        rows = [(reader.line_num, cells) for cells in reader if any(c.strip() for c in cells)]
    except csv.Error as error:
        message = _("Line %(line)d cannot be read as CSV.") % {"line": reader.line_num}
        raise Invalid(message, field="file") from error
    return head, rows


def _rows(text: str, max_rows: int) -> Iterator[tuple[int, dict[str, str] | None]]:
    """Yield line numbers and cells by column, None for a row of another width. Raises Invalid."""
    head, rows = _table(text)
    missing = [name for name in REQUIRED if name not in head]
    unknown = [name for name in head if name not in COLUMNS]
    if missing:
        message = _("The column “%(name)s” is missing.") % {"name": missing[0]}
        raise Invalid(message, field="file")
    if unknown:
        message = _("The column “%(name)s” is not known.") % {"name": unknown[0][:60]}
        raise Invalid(message, field="file")
    if len(set(head)) != len(head):
        raise Invalid(_("A column stands twice in the first line."), field="file")
    if not rows:
        raise Invalid(_("The file has no rows."), field="file")
    if len(rows) > max_rows:
        too_long = _("The file has more than %(limit)d rows. Split it, or use the import command.")
        raise Invalid(too_long % {"limit": max_rows}, field="file")
    for line, cells in rows:
        fits = len(cells) == len(head)
        yield line, dict(zip(head, cells, strict=True)) if fits else None


@transaction.atomic
def people_import(
    *,
    text: str,
    grants: Grants,
    is_trial: bool,
    by: int,
    at: datetime,
    max_rows: int = MAX_ROWS_ON_SCREEN,
) -> ImportReport:
    """The people of the file exist, invited, with their professions and assignments; or none does.

    A trial, or a run with an error in any row, writes nothing. A second run changes nothing.
    Raises Invalid for a file that cannot be read as a table of people.
    """
    rows = list(_rows(text, max_rows))
    run = _Run(
        grants, by, at, {username_plain(cells["username"]) for _line, cells in rows if cells}
    )
    report = ImportReport([run.row(line, cells) for line, cells in rows])
    if is_trial or report.has_errors:
        transaction.set_rollback(True)
        return report
    report.is_written = True
    record(
        "people_import",
        action=Action.CREATE,
        at=at,
        by=by,
        after={"rows": len(report.rows), "created": report.count(Outcome.CREATED)},
    )
    return report


class _Run:
    """One pass over a file; what is stored of its people is read once, before the first row.

    Rows have no savepoints of their own: a row with an error rolls the whole pass back.
    """

    def __init__(self, grants: Grants, by: int, at: datetime, usernames: set[str]) -> None:
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
        self.seen: dict[str, tuple[str, ...]] = {}
        stored = User.objects.filter(username__in=usernames)
        self.users = {user.username: user for user in stored}
        reachable = people_visible_to(grants, permission=Perm.IMPORT_PEOPLE)
        self.reach = set(reachable.filter(username__in=usernames).values_list("pk", flat=True))
        rows = Practitioner.objects.filter(user__in=stored)
        self.practitioners = {row.user_id: row for row in rows}
        self.assignments: dict[tuple[int, int, int], list[DateTimeTZRange]] = {}
        for row in Assignment.objects.filter(user__in=stored):
            key = (row.user_id, row.role_id, row.unit_id)
            self.assignments.setdefault(key, []).append(row.period)

    def row(self, line: int, cells: dict[str, str] | None) -> RowResult:
        if cells is None:
            message = _("This row has more or fewer cells than the first line.")
            return RowResult(line, "", "", Outcome.ERROR, message=message)
        username = username_plain(cells["username"])[:64]
        name = f"{cells['family_name']}, {cells.get('given_name', '')}".strip(" ,")[:160]
        try:
            outcome, is_assigned = self._written(_clean(cells))
        except ServiceError as error:
            return RowResult(
                line, username, name, Outcome.ERROR, column=error.field, message=error.detail
            )
        return RowResult(line, username, name, outcome, is_assigned)

    def _written(self, cells: dict[str, str]) -> tuple[Outcome, bool]:
        user, outcome = self._person(cells)
        if self._profession(user, cells) and outcome == Outcome.UNCHANGED:
            outcome = Outcome.UPDATED
        return outcome, self._assignment(user, cells)

    def _person(self, cells: dict[str, str]) -> tuple[User, Outcome]:
        username = cells["username"]
        names = {name: cells[name] for name in NAMES if name in cells}
        stands = tuple(names.values())
        if self.seen.setdefault(username, stands) != stands:
            message = _("The same user name stands in the file with other names.")
            raise Invalid(message, field="username")
        user = self.users.get(username)
        if user is None:
            family, given = names.pop("family_name"), names.pop("given_name", "")
            made = person_create(
                username=username,
                family_name=family,
                given_name=given,
                by=self.by,
                at=self.at,
                is_demo=False,
                **names,
            )
            self.users[username] = made
            self.reach.add(made.pk)
            return made, Outcome.CREATED
        if user.pk not in self.reach:
            raise Invalid(_("Another person already has this user name."), field="username")
        if all(getattr(user, name) == value for name, value in names.items()):
            return user, Outcome.UNCHANGED
        updated = person_update(user, values=names, version=None, by=self.by, at=self.at)
        self.users[username] = updated
        return updated, Outcome.UPDATED

    def _profession(self, user: User, cells: dict[str, str]) -> bool:
        profession, licence = cells.get("profession", ""), cells.get("licence_number", "")
        if not profession:
            if licence:
                raise Invalid(_("A licence number needs a profession."), field="profession")
            return False
        row = self.practitioners.get(user.pk)
        wanted = {"profession": profession}
        if "licence_number" in cells:
            wanted["licence_number"] = licence
        if row and all(getattr(row, name) == value for name, value in wanted.items()):
            return False
        saved = practitioner_save(user, values=wanted, by=self.by, at=self.at)
        self.practitioners[user.pk] = saved
        return True

    def _assignment(self, user: User, cells: dict[str, str]) -> bool:
        role_code, unit_code = cells.get("role", ""), cells.get("unit_code", "")
        if not role_code and not unit_code:
            return False
        role, unit = self._role(role_code), self._unit(unit_code)
        if not self._may_assign(role, unit):
            raise Invalid(_("You may not hand out this role in this unit."), field="role")
        zone = unit.site.time_zone
        first, last = self._day(cells, "starts_on"), self._day(cells, "ends_on")
        starts_at = day_start(first, zone) if first else None
        ends_at = day_end(last, zone) if last else None
        periods = self.assignments.setdefault((user.pk, role.pk, unit.pk), [])
        if self._is_there(periods, starts_at, ends_at):
            return False
        row = assignment_start(
            user=user,
            role=role,
            unit=unit,
            starts_at=starts_at or self.at,
            ends_at=ends_at,
            by=self.by,
            at=self.at,
        )
        periods.append(row.period)
        return True

    def _is_there(
        self, periods: list[DateTimeTZRange], starts_at: datetime | None, ends_at: datetime | None
    ) -> bool:
        """Say whether this very assignment was made before; without a first day, one in force."""
        if starts_at is None:
            return any(self.at in period for period in periods)
        return any((period.lower, period.upper) == (starts_at, ends_at) for period in periods)

    def _role(self, code: str) -> Role:
        role = self.roles.get(code.lower())
        if role is None:
            raise Invalid(_("There is no role with this code."), field="role")
        return role

    def _unit(self, code: str) -> Unit:
        found = self.units.get(code.casefold(), [])
        if not found:
            message = _("You do not assign people to a unit with this code.")
            raise Invalid(message, field="unit_code")
        if len(found) > 1:
            raise Invalid(_("Several sites have a unit with this code."), field="unit_code")
        return found[0]

    def _may_assign(self, role: Role, unit: Unit) -> bool:
        key = (role.pk, unit.pk)
        if key not in self.allowed:
            if role.pk not in self.permissions:
                self.permissions[role.pk] = selectors.role_permissions(role.pk)
            self.allowed[key] = may_assign(
                self.grants, permissions=self.permissions[role.pk], unit=unit
            )
        return self.allowed[key]

    def _day(self, cells: dict[str, str], column: str) -> date | None:
        text = cells.get(column, "")
        if not text:
            return None
        # "t+14" would be another day in every run.
        is_relative = text[0] in "tT"
        day = None if is_relative else parse_date(text, self.at.date())
        if day is None or not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
            raise Invalid(_("Enter a date like 2026-11-25 or 25-Nov-2026."), field=column)
        return day


def _clean(cells: dict[str, str]) -> dict[str, str]:
    """Return the cells without what cannot be stored. Raises Invalid, naming the column."""
    cleaned = {column: _clean_cell(column, value) for column, value in cells.items()}
    cleaned["username"] = username_plain(cleaned["username"])
    for column in REQUIRED:
        if not cleaned[column]:
            raise Invalid(_("This cell is empty."), field=column)
    if cleaned.get("email"):
        try:
            validate_email(cleaned["email"])
        except ValidationError as error:
            raise Invalid(_("This is not an e-mail address."), field="email") from error
    return cleaned


def _clean_cell(column: str, value: str) -> str:
    try:
        text = clean_text(value.strip(), multiline=False, label=column).strip()
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), field=column) from error
    if text.startswith(FORMULA):
        raise Invalid(_("This cell begins like a formula (= + - @)."), field=column)
    if len(text) > LIMITS.get(column, 80):
        message = _("This cell is longer than %(limit)d characters.")
        raise Invalid(message % {"limit": LIMITS.get(column, 80)}, field=column)
    return text
