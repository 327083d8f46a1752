"""Doors of the accounting of disclosures: a list, a record by hand, a paper and a table of it."""

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import exports, services
from audit.forms import PERIODS, DisclosureFilterForm, DisclosureForm
from audit.permissions import Perm
from audit.selectors import search
from audit.selectors.disclosures import disclosures as disclosures_wanted
from audit.views import filters, shown
from audit.views.events import NOTHING
from core import clock, commands
from core.documents import A4, Column, Facts, Letterhead, Report, Table, as_response, render
from core.doors import requires
from core.errors import Invalid
from core.html import Crumb
from core.html import render as render_page
from core.templatetags.formats import when_text

if TYPE_CHECKING:
    from audit.models import AuditEvent

MOST_ON_PAPER = 2_000


@requires(Perm.VIEW_TRAIL, module=None)
def disclosures(request: HttpRequest) -> HttpResponse:
    """What was given away, the newest first."""
    form = DisclosureFilterForm(request.GET)
    reach = shown.reach(request, Perm.VIEW_TRAIL)
    context: dict[str, Any] = {"filter": form, "rows": [], "pages": NOTHING}
    if form.is_valid():
        found = disclosures_wanted(form.cleaned_data, reach=reach)
        page = search.page(found, cursor=request.GET.get("cursor", ""))
        services.look(
            kind="search", count=len(page.items), patient=form.cleaned_data.get("patient")
        )
        context |= {"rows": shown.rows(page.items), "pages": page}
    query = filters.plain(request.GET)
    context |= {
        "chips": filters.chips(request.GET, form),
        "parts": shown.parts(request, "audit:disclosures"),
        "may_record": shown.holds(request, Perm.RECORD_DISCLOSURE),
        "may_export": shown.holds(request, Perm.EXPORT_TRAIL),
        "csv_url": f"{reverse('audit:disclosures-file')}?{query}&as=csv",
        "pdf_url": f"{reverse('audit:disclosures-file')}?{query}&as=pdf",
    }
    return render_page(request, "audit/disclosures.html", context)


@requires(Perm.EXPORT_TRAIL, module=None, fresh=True, reads="export")
def disclosures_file(request: HttpRequest) -> HttpResponseBase:
    """The same list as a table or on paper. Raises Invalid."""
    form = DisclosureFilterForm(request.GET)
    if not form.is_valid():
        raise Invalid(_("The filters cannot be used: search with them first."))
    found = disclosures_wanted(form.cleaned_data, reach=shown.reach(request, Perm.EXPORT_TRAIL))
    services.look(patient=form.cleaned_data.get("patient"))
    if request.GET.get("as") != "pdf":
        query = {"terms": {**form.typed(), "period": form.data["period"]}, "list": "disclosures"}
        by = int(str(request.user.pk))
        return exports.answer(found, form="csv", query=query, by=by)
    rows = list(found[: MOST_ON_PAPER + 1])
    if len(rows) > MOST_ON_PAPER:
        raise Invalid(_("Too many for paper: choose a shorter period, or the table."))
    services.look(count=len(rows))
    name = f"disclosures-{clock.now():%Y%m%d-%H%M}.pdf"
    return as_response(render(_paper(request, form, rows)), name, inline=False)


def _paper(request: HttpRequest, form: DisclosureFilterForm, rows: list["AuditEvent"]) -> Report:
    now = clock.now()
    since, until = form.cleaned_data.get("since"), form.cleaned_data.get("until")
    facts = [
        (_("From"), when_text(since) if since else _("the beginning")),
        (_("Until"), when_text(until or now)),
        (_("Disclosures"), str(len(rows))),
    ]
    facts += [(chip["label"], chip["value"]) for chip in filters.chips(request.GET, form)]
    columns = (
        Column(_("When")),
        Column(_("Whose data"), share=2),
        Column(_("Recipient"), share=3),
        Column(_("What was given"), share=4),
        Column(_("Purpose"), share=3),
        Column(_("Given by"), share=2),
    )
    return Report(
        title=_("Accounting of disclosures"),
        subtitle=str(PERIODS[form.data["period"]][0]) if not (since and until) else "",
        language=getattr(request, "LANGUAGE_CODE", "en"),
        letterhead=Letterhead(name=getattr(request, "house_name", "") or _("Hospital")),
        printed_at=timezone.localtime(now),
        page=A4.landscape(),
        blocks=(Facts(pairs=tuple(facts)), Table(columns=columns, rows=_lines(rows))),
    )


def _lines(rows: list["AuditEvent"]) -> list[tuple[str, ...]]:
    return [
        (
            when_text(row.event.occurred_at),
            whose(row),
            row.event.recipient,
            what(row.event),
            row.event.purpose,
            row.who,
        )
        for row in shown.rows(rows)
    ]


def whose(row: shown.Shown) -> str:
    """Return whose data it was, by name where there is one."""
    if row.event.patient:
        return _("Patient %(id)s") % {"id": row.event.patient}
    if not row.kind:
        return _("Nobody named")
    return f"{row.kind} {row.thing or row.event.subject}"


def what(event: "AuditEvent") -> str:
    """Return what was given, in the words of whoever wrote it down."""
    return str((event.after or {}).get("what") or shown.act_word(event.act))


@requires(Perm.RECORD_DISCLOSURE, module=None, methods=("GET", "POST"))
def disclosure_new(request: HttpRequest) -> HttpResponse:
    """Somebody outside was given data: it is written down."""
    form = DisclosureForm(commands.sent(request))
    back = reverse("audit:disclosures")
    page = commands.CommandPage(
        title=_("Record a disclosure"),
        submit=_("Record disclosure"),
        back=back,
        crumbs=(Crumb(_("Disclosures"), back),),
        done=_("The disclosure is on the trail."),
        intro=_("What is written here cannot be changed or taken back. A mistake gets a new line."),
    )

    def command(cleaned: dict[str, Any]) -> str:
        kind, key = cleaned.get("named", ("", ""))
        services.disclosure_record(
            recipient=cleaned["recipient"],
            purpose=cleaned["purpose"],
            what=cleaned["what"],
            subject_type=kind,
            subject_id=key,
            patient=cleaned["patient"],
            given_at=cleaned["given_at"],
            at=clock.now(),
            by=int(str(request.user.pk)),
        )
        return back

    return commands.answer(request, form, page, command)
