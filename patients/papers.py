"""Wristbands and labels as PDF: whole names, born, number, bars and a square to scan."""

from datetime import date, datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from core import context
from core.documents import (
    Label,
    Labels,
    Letterhead,
    Line,
    Mark,
    PageSize,
    RenderedDocument,
    render,
)
from core.templatetags.formats import date_text, grouped_number
from patients import selectors
from patients.rules.papers import PaperSize, papers
from patients.states import BirthPrecision, Sex

if TYPE_CHECKING:
    from patients.models import PaperPrint, Patient


def mark() -> Mark:
    """Return the mark of a demo: nobody may take its wristbands for real ones."""
    return Mark.DEMO if settings.IS_DEMO else Mark.NONE


def _name(patient: "Patient") -> str:
    """The whole name, whatever its length or script: the paper breaks it, and cuts nothing."""
    names = ", ".join(part for part in (patient.family.upper(), patient.given) if part)
    return " ".join(part for part in (names, patient.title) if part)


def _born(patient: "Patient") -> str:
    sex = str(Sex(patient.sex).label)
    if patient.birth_on is None:
        return f"{_('Born: not known')}, {sex}"
    known = {
        BirthPrecision.MONTH: f"{patient.birth_on:%m/%Y}",
        BirthPrecision.YEAR: f"{patient.birth_on:%Y}",
        BirthPrecision.ESTIMATED: _("about %(year)d") % {"year": patient.birth_on.year},
    }
    text = known.get(BirthPrecision(patient.birth_precision)) or date_text(patient.birth_on)
    order = f", {patient.birth_order}" if patient.birth_order else ""
    return f"{_('Born')} {text}{order}, {sex}"


def _lines(patient: "Patient", size: PaperSize, *, today: date, at: datetime) -> list[Line]:
    found = []
    for name in size.lines:
        if name == "who":
            found.append(Line(_name(patient), size="large", strong=True))
        elif name == "born":
            found.append(Line(_born(patient)))
        elif name == "number":
            found.append(Line(grouped_number(patient.mrn), strong=True))
        elif name == "mother" and (mother := selectors.mother_name(patient, today=today)):
            found.append(Line(_("Mother: %(name)s") % {"name": mother}))
        elif name == "units":
            found += [Line(text, size="small") for text in selectors.units_now(patient, at=at)[:2]]
    return found


def paper_of(
    patient: "Patient", printed: "PaperPrint", *, hospital: str, mark: Mark, today: date
) -> RenderedDocument:
    """Return the PDF of one print. Raises DoesNotFit where the name is too long for the paper."""
    size = papers()[printed.paper]
    lines = _lines(patient, size, today=today, at=printed.printed_at)
    if printed.number > 1:
        again = _("Print %(number)d") % {"number": printed.number}
        lines.append(Line(again, size="small"))
    label = Label(
        lines=tuple(lines),
        code128=patient.mrn,
        code_text="",
        qr=patient.mrn if size.has_qr else "",
    )
    return render(
        Labels(
            title=_("Wristbands and labels"),
            language=context.house().language,
            letterhead=Letterhead(name=hospital),
            printed_at=timezone.localtime(printed.printed_at),
            mark=mark,
            page=PageSize(size.width, size.height),
            labels=(label,) * printed.copies,
        )
    )
