"""The inbox: one screen for everything that waits for somebody (ux 6.11, ROW-H1)."""

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from audit.services import look
from core import clock, live
from core.doors import requires
from core.html import render
from org import gate
from org import selectors as places
from patients import selectors as patients
from worklist import selectors
from worklist.forms import InboxFilterForm
from worklist.marks import marks_of
from worklist.permissions import Perm
from worklist.selectors import Wanted
from worklist.states import Box
from worklist.views import looks

if TYPE_CHECKING:
    from org.permissions import Grants

MOST_ROWS = 100
TAG_HEADER = "HX-PTag"


@requires(Perm.VIEW, module=None, reads="list")
def my_tasks(request: HttpRequest) -> HttpResponse:
    """What waits: mine, handed to me, my role's, my units'; drawn anew while somebody looks."""
    held, now = gate.grants(request), clock.now()
    stamp = live.stamp(marks_of(held))
    form = InboxFilterForm(request.GET, units=places.units_of(set(held.unit_ids(Perm.VIEW))))
    wanted = _wanted(form, held) if form.is_valid() else Wanted()
    absent = selectors.stands_in_for(held.user_id, at=now)
    counts = selectors.counts(grants=held, absent=absent, at=now, wanted=wanted)
    box = _box(request, counts)
    rows = selectors.inbox(box, grants=held, absent=absent, at=now, wanted=wanted)
    found = selectors.shown(list(rows[: MOST_ROWS + 1]), grants=held, absent=absent, at=now)
    seen = [row.patient.public_id for row in found if row.patient is not None]
    look(patients=seen, count=len(found), kind="list")
    context: dict[str, Any] = {
        "filter": form,
        "is_filtered": any(form.cleaned_data.values()) if form.is_valid() else True,
        "strip": _strip(request, box, counts),
        "box": box,
        "rows": [looks.row_of(row, at=now) for row in found[:MOST_ROWS]],
        "is_cut": len(found) > MOST_ROWS,
        "most": MOST_ROWS,
        "hidden": 0 if wanted.with_hidden else counts["hidden"],
        "absent": sorted(places.names_of(set(absent)).values()) if absent else [],
        "may_work": held.has(Perm.WORK),
        "may_manage": held.has(Perm.MANAGE),
        "poll_address": request.get_full_path(),
        "tag": _tag(request, stamp),
    }
    response = render(request, "worklist/my_tasks.html", context, partial="tasks")
    response[TAG_HEADER] = context["tag"]
    return response


def _tag(request: HttpRequest, stamp: live.Stamp) -> str:
    return live.tag(
        stamp,
        user_id=gate.person(request).pk,
        address=request.get_full_path(),
        lock_seconds=gate.lock_times(request)[0].total_seconds(),
    )


def _wanted(form: InboxFilterForm, held: "Grants") -> Wanted:
    values = form.cleaned_data
    patient_ids = None
    if values["patient"]:
        hits = patients.search(values["patient"], grants=held, today=clock.today(), at=clock.now())
        patient_ids = [hit.patient.pk for hit in hits]
    return Wanted(
        kind=values["kind"],
        unit_id=values["unit"],
        priority=values["priority"],
        patient_ids=patient_ids,
        with_hidden=values["hidden"],
    )


def _box(request: HttpRequest, counts: dict[str, int]) -> str:
    """The box that was asked for, or the first that holds something."""
    asked = request.GET.get("box", "")
    if asked in Box.values:
        return asked
    return next((box for box in Box.values if counts[box]), Box.MINE.value)


def _strip(request: HttpRequest, box: str, counts: dict[str, int]) -> list[dict[str, Any]]:
    kept = request.GET.copy()
    found = []
    for each in Box:
        kept["box"] = each.value
        address = f"{reverse('worklist:my-tasks')}?{kept.urlencode()}"
        found.append(
            {
                "label": str(each.label),
                "icon": looks.BOX_ICONS[each],
                "count": counts[each.value],
                "url": address,
                "current": each.value == box,
            }
        )
    return found
