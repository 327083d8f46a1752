"""What became of a record: every version of its rows, for those who may ask who saw it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.apps import apps
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from audit.permissions import Perm as Trail
from audit.selectors import history, seen_of
from audit.services import look
from audit.views.history import HIDDEN, Shown, rows
from core.doors import requires
from core.errors import NotFound
from core.html import Crumb, render
from core.paging import Page, size_of
from org import gate
from org.rules import day_end, day_start
from patients import selectors
from patients.forms.access import ChangesForm
from patients.permissions import RECORD_PERMISSIONS
from patients.rules.fields import CHANGES, columns_hidden
from patients.views.seen import ASKED
from patients.views.shown import banner_of

LABEL = "patients.patient"
NOTHING: Page[history.Version] = Page(items=[], next="", previous="")


@dataclass(frozen=True, slots=True)
class Row:
    """One version as the page shows it, and of how many fields the values are kept back."""

    shown: Shown
    kept_back: int


@requires(Trail.VIEW_TRAIL, module=None)
def patient_changes(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Every version of the record's rows, the newest first: who, when, before, after, why."""
    found = selectors.patient_any(public_id)
    reach = gate.reach(request, Trail.VIEW_TRAIL)
    if found is None or not seen_of(public_id, reach=reach).exists():
        raise NotFound()
    form, pages = ChangesForm(request.GET), NOTHING
    if form.is_valid():
        pages = history.record_page(
            found.pk,
            wanted(form.cleaned_data, found.site.time_zone),
            label=LABEL,
            reach=reach,
            cursor=request.GET.get("cursor", ""),
            size=size_of(request.GET.get("size")),
        )
        look(subject=found, patient=public_id, kind="view", count=len(pages.items))
    held = {name for name in RECORD_PERMISSIONS if gate.holds(request, name)}
    context = {
        "filter": form,
        "banner": banner_of(found),
        "patient": found,
        "rows": readable(pages.items, held),
        "pages": pages,
        "is_filtered": any(request.GET.get(name) for name in form.fields),
        "crumbs": (Crumb(ASKED, reverse("patients:seen")),),
    }
    return render(request, "patients/patient_changes.html", context)


def wanted(data: dict[str, Any], zone: str) -> dict[str, Any]:
    """Return which versions are wanted, as the form says."""
    since, until = data.get("since_on"), data.get("until_on")
    return {
        "person": data.get("person", ""),
        "since": day_start(since, zone) if since else None,
        "until": day_end(until, zone) if until else None,
        "change": data.get("change", ""),
    }


def readable(versions: Iterable[history.Version], held: set[str]) -> list[Row]:
    """Return the versions for the page; what the person may not read is not in them."""
    cut = [_cut(version, held) for version in versions]
    shown = rows([version for version, _kept_back in cut])
    return [Row(one, kept_back) for one, (_version, kept_back) in zip(shown, cut, strict=True)]


def _cut(version: history.Version, held: set[str]) -> tuple[history.Version, int]:
    """Return the version without the values that are not the person's to read, and how many."""
    named = version.after or version.before or {}
    needed = CHANGES.get(version.kind)
    if needed is None or (needed and needed not in held):
        hidden = set(named) | set(version.row)
    else:
        hidden = set(columns_hidden(apps.get_model(version.kind).__name__, held))
    kept = (
        {name: value for name, value in values.items() if name not in hidden}
        if values is not None
        else None
        for values in (version.row, version.before, version.after)
    )
    row, before, after = kept
    cut = replace(version, row=row or {}, before=before, after=after)
    return cut, len((hidden & set(named)) - HIDDEN)
