"""Doors of the trail: searching it, and one row with everything it says."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from audit import services
from audit.exports import FORMATS
from audit.forms import SearchForm
from audit.permissions import Perm, Reach
from audit.selectors import search
from audit.views import filters, shown
from core.doors import requires
from core.errors import NotFound
from core.html import Crumb, render
from core.paging import Page, size_of
from core.templatetags.formats import plain_number_text

# Columns of the table, in order, by what they sort.
HEADS = ("occurred_at", "actor_name", "act", "subject", "outcome", "unit_name", "door")
NOTHING: Page[Any] = Page([], "", "")


@dataclass(frozen=True, slots=True)
class Head:
    """A column's title: pressing it sorts by it, and once more the other way."""

    word: str
    url: str
    sorted: str


@requires(Perm.VIEW_TRAIL, module=None)
def events(request: HttpRequest) -> HttpResponse:
    """The rows that are wanted, in the wanted order, a page at a time."""
    form = SearchForm(request.GET)
    reach = shown.reach(request, Perm.VIEW_TRAIL)
    context: dict[str, Any] = {"filter": form, "rows": [], "pages": NOTHING}
    if form.is_valid():
        context |= _found(request, form, reach)
    context["chips"] = filters.chips(request.GET, form)
    context["is_everywhere"] = reach[1]
    context["may_export"] = shown.holds(request, Perm.EXPORT_TRAIL)
    context["export_url"] = f"{reverse('audit:export')}?{filters.plain(request.GET)}"
    context["exports"] = [(code, form.word) for code, form in FORMATS.items()]
    context["parts"] = shown.parts(request, "audit:events")
    return render(request, "audit/events.html", context)


def _found(request: HttpRequest, form: SearchForm, reach: Reach) -> dict[str, Any]:
    wanted = form.cleaned_data
    found = search.search(wanted, reach=reach)
    page = search.page(
        found,
        sort=form.sort_by,
        is_down=form.is_down,
        cursor=request.GET.get("cursor", ""),
        size=size_of(request.GET.get("size")),
    )
    is_whole = not page.next and not page.previous
    count = len(page.items) if is_whole else search.count_up_to(found)
    services.look(kind="search", count=len(page.items), patient=wanted.get("patient"))
    return {
        "heads": [_head(request.GET, name, form) for name in HEADS],
        "rows": shown.rows(page.items),
        "pages": page,
        "count": min(count, search.COUNTED),
        "count_text": plain_number_text(min(count, search.COUNTED)),
        "is_more": count > search.COUNTED,
        "sorted_by": shown.column_word(form.sort_by),
    }


def _head(asked: QueryDict, name: str, form: SearchForm) -> Head:
    is_this = form.sort_by == name
    goes_down = not form.is_down if is_this else name == "occurred_at"
    query = filters.changed(asked, sort=name, order="down" if goes_down else "up")
    way = ("descending" if form.is_down else "ascending") if is_this else ""
    return Head(shown.column_word(name), f"?{query}", way)


@requires(Perm.VIEW_TRAIL, module=None)
def event(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Everything that one row says, and how it is sealed."""
    reach = shown.reach(request, Perm.VIEW_TRAIL)
    found = search.one(public_id, reach=reach)
    if found is None:
        raise NotFound()
    services.look(kind="view", subject=found, patient=found.patient)
    (row,) = shown.rows([found])
    context = {
        "row": row,
        "event": found,
        "action": shown.action_word(found.action),
        "source": shown.source_word(found.source),
        "compared": shown.compared(found.before, found.after),
        "asked": shown.asked(found.query),
        "siblings": search.same_request(found, reach=reach),
        "seal": services.seal_of(found),
        "crumbs": (Crumb(_("Audit trail"), reverse("audit:events")),),
    }
    return render(request, "audit/event.html", context)
