"""Wristbands and labels: each print is counted, and on the trail (ROW-A8)."""

from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from audit.services import Action, record
from core.errors import Invalid
from patients.models import PaperPrint, Patient
from patients.rules.papers import MOST_COPIES, papers
from patients.services.details import locked
from patients.states import PaperForm


@transaction.atomic
def paper_print(
    patient: Patient, *, paper: str, copies: int, reason: str, by: int, at: datetime
) -> PaperPrint:
    """One more print of this paper is counted; a second wristband has a reason. Raises Invalid."""
    size = papers().get(paper)
    if size is None:
        raise Invalid(field="paper")
    is_band = size.form == PaperForm.WRISTBAND
    if not 1 <= copies <= (1 if is_band else MOST_COPIES):
        raise Invalid(
            _("One wristband at a time.")
            if is_band
            else _("Print %(most)d labels at a time at most.") % {"most": MOST_COPIES},
            field="copies",
        )
    row = locked(patient)
    before = PaperPrint.objects.filter(patient=row, paper=paper)
    number = (before.aggregate(last=Max("number"))["last"] or 0) + 1
    if is_band and number > 1 and not reason.strip():
        raise Invalid(
            _("This wristband was printed before: say why another is needed."), field="reason"
        )
    made = PaperPrint.objects.create(
        patient=row,
        paper=paper,
        number=number,
        copies=copies,
        reason=reason.strip(),
        printed_at=at,
        printed_by_id=by,
    )
    record(
        "paper_print",
        action=Action.EXECUTE,
        at=at,
        by=by,
        subject=made,
        patient=row.public_id,
        reason=reason,
        after={"paper": paper, "number": number, "copies": copies},
    )
    return made
