"""A CSV file of staff as rows of clean cells, or what is wrong with it."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from core.errors import Invalid
from core.forms import EARLIEST_YEAR, LATEST_YEAR, clean_text, parse_date
from org.rules import username_plain

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
Cells = dict[str, str]


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


def rows_of(
    text: str,
    max_rows: int,
    *,
    required: Sequence[str] = REQUIRED,
    columns: Sequence[str] = COLUMNS,
) -> Iterator[tuple[int, Cells | None]]:
    """Yield line numbers and cells by column, None for a row of another width. Raises Invalid."""
    head, rows = _table(text)
    missing = [name for name in required if name not in head]
    unknown = [name for name in head if name not in columns]
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
        if columns is not COLUMNS:
            too_long = _("The file has more than %(limit)d rows. Split it.")
        raise Invalid(too_long % {"limit": max_rows}, field="file")
    for line, cells in rows:
        fits = len(cells) == len(head)
        yield line, dict(zip(head, cells, strict=True)) if fits else None


def clean(cells: Cells) -> Cells:
    """Return the cells without what cannot be stored. Raises Invalid, naming the column."""
    cleaned = {column: clean_cell(column, value) for column, value in cells.items()}
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


def clean_cell(column: str, value: str) -> str:
    """Return the text of a cell. Raises Invalid, naming the column."""
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


def day_of(cells: Cells, column: str, *, today: date) -> date | None:
    """Return the day in a cell, None for an empty one. Raises Invalid, naming the column."""
    text = cells.get(column, "")
    if not text:
        return None
    # "t+14" would be another day in every run.
    day = None if text[0] in "tT" else parse_date(text, today)
    if day is None:
        raise Invalid(_("Enter a date like 2026-11-25 or 25-Nov-2026."), field=column)
    if not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        years = {"first": EARLIEST_YEAR, "last": LATEST_YEAR}
        raise Invalid(_("Enter a date from %(first)d to %(last)d.") % years, field=column)
    return day
