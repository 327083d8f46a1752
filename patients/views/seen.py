"""Who has seen a record: for auditors and privacy officers, from the trail."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.permissions import Perm as Trail
from audit.selectors import Seen, lookers, seen_of, seen_page
from audit.services import look
from audit.views import shown as trail
from core import clock
from core.doors import requires
from core.errors import NotFound
from core.html import Crumb, render, see_other
from org import gate
from org.rules import day_end, day_start
from patients import selectors
from patients.forms.access import LooksForm, SeenForm
from patients.views.shown import banner_of

ASKED = gettext_lazy("Who has seen a record")


@requires(Trail.VIEW_TRAIL, module=None)
def seen(request: HttpRequest) -> HttpResponse:
    """Whose record: found by its whole number only."""
    form = SeenForm(request.GET or None)
    if form.is_bound and form.is_valid():
        found = selectors.by_record_number(form.cleaned_data["number"])
        if found is not None:
            return see_other(request, reverse("patients:patient-seen", args=[found.public_id]))
        form.add_error("number", _("No record has this number."))
    return render(request, "patients/seen.html", {"form": form}, status=200)


def wanted(data: dict[str, Any], zone: str) -> Seen:
    """Return which rows are wanted, as the form or the address says."""
    since, until = data.get("since_on"), data.get("until_on")
    return Seen(
        person=data.get("person", ""),
        since=day_start(since, zone) if since else None,
        until=day_end(until, zone) if until else None,
        what=data.get("what", ""),
    )


@requires(Trail.VIEW_TRAIL, module=None)
def patient_seen(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Who looked at this record, or changed it: when, from where, and why they could."""
    found = selectors.patient_any(public_id)
    reach = gate.reach(request, Trail.VIEW_TRAIL)
    if found is None or not seen_of(public_id, reach=reach).exists():
        raise NotFound()
    form = LooksForm(request.GET)
    asked = wanted(form.cleaned_data, found.site.time_zone) if form.is_valid() else Seen()
    rows = seen_of(public_id, reach=reach, wanted=asked)
    page = seen_page(rows, cursor=request.GET.get("cursor", ""))
    look(subject=found, patient=public_id, kind="view", count=len(page.items))
    context = {
        "filter": form,
        "banner": banner_of(found),
        "patient": found,
        "rows": trail.rows(page.items),
        "people": lookers(rows),
        "pages": page,
        "is_filtered": any(request.GET.get(name) for name in form.fields),
        "crumbs": (Crumb(ASKED, reverse("patients:seen")),),
        "now": clock.now(),
    }
    return render(request, "patients/patient_seen.html", context)
