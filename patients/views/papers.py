"""Door of wristbands and labels."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from core import clock
from core.commands import refuse, sent
from core.documents import RenderedDocument, as_response
from core.doors import requires
from core.errors import ServiceError
from core.html import render
from core.retries import retried
from org import gate
from patients import behind, selectors, services
from patients.forms.papers import PaperForm
from patients.papers import mark, paper_of
from patients.permissions import Perm
from patients.states import Paper
from patients.views import shown

if TYPE_CHECKING:
    from patients.models import Patient

LIST = 20


@requires(Perm.PRINT, module=None, methods=("GET", "POST"))
def patient_papers(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Wristbands and labels are printed; what was printed before stands beside."""
    found, today = behind.load(request, public_id), clock.today()
    initial = {"paper": selectors.paper_likely(found, today=today), "copies": 1}
    form, status = PaperForm(sent(request), initial=initial), None
    if request.method == "POST" and form.is_valid():
        try:
            return _printed(request, found, form.cleaned_data)
        except ServiceError as error:
            status = refuse(form, error)
    prints = list(selectors.prints_of(found)[:LIST])
    context = {
        "banner": shown.banner_of(found),
        "form": form,
        "prints": [{"row": row, "word": Paper(row.paper).label} for row in prints],
        "crumbs": behind.crumbs(found),
        "back": behind.address(found),
        "title": _("Wristbands and labels"),
    }
    return render(request, "patients/patient_papers.html", context, status=status)


def _printed(request: HttpRequest, found: "Patient", data: dict[str, Any]) -> HttpResponse:
    """Counted and set in one transaction: what does not fit on the paper was never printed."""

    def run() -> RenderedDocument:
        with transaction.atomic():
            printed = services.paper_print(
                found, **data, by=gate.person(request).pk, at=clock.now()
            )
            return paper_of(
                found,
                printed,
                hospital=getattr(request, "house_name", "") or _("Hospital"),
                mark=mark(),
                today=clock.today(),
            )

    return as_response(retried(run), "patient-labels.pdf")
