"""What is to be done for one patient: a panel of the patient's page (decisions 9)."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from audit.services import look
from core import clock
from core.doors import requires
from core.errors import NotFound
from core.html import Crumb, render
from org import gate
from patients import selectors as patients
from worklist import behind, selectors
from worklist.permissions import Perm
from worklist.views import looks


@requires(Perm.VIEW, module=None)
def patient_tasks(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The tasks about a patient that the asker may see: what is open, then what was last done."""
    held, now = gate.grants(request), clock.now()
    patient, _glass = patients.patient_opened(grants=held, public_id=public_id, at=now)
    if patient is None:
        raise NotFound()
    absent = selectors.stands_in_for(held.user_id, at=now)
    tasks = selectors.tasks_about(patient.pk, grants=held)
    found = selectors.shown(tasks, grants=held, absent=absent, at=now)
    look(subject=patient, patient=public_id, kind="list", count=len(found))
    context = {
        "patient": patient,
        "rows": [looks.row_of(row, at=now) for row in found],
        "may_work": held.has(Perm.WORK),
        "crumbs": (
            *behind.crumbs(),
            Crumb(str(patient), reverse("patients:patient", args=[public_id])),
        ),
    }
    return render(request, "worklist/patient_tasks.html", context, partial="panel")
