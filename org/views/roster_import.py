"""The door of the import of a roster: check the file, then import it."""

from typing import Any

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import clock, commands
from core.doors import requires
from core.errors import Invalid, ServiceError
from core.html import Crumb, render, see_other, toast
from org import gate, services
from org.forms import ImportConfirmForm, ImportFileForm
from org.permissions import Perm
from org.services.roster_import import COLUMNS, REQUIRED

SALT = "org.roster_import"
CHECKED_FOR = 3_600
UNPROCESSABLE = 422
SHOWN = 500


def _salt(request: HttpRequest) -> str:
    return f"{SALT}:{request.user.pk}"


@requires(Perm.MANAGE_ROSTER, module=None, methods=("GET", "POST"))
def roster_import(request: HttpRequest) -> HttpResponse:
    """Without a file: the form. With one: what each row would do. Confirmed: all of it, or none."""
    if request.method != "POST":
        return _page(request, ImportFileForm())
    if "checked" in request.POST:
        return _import(request)
    form = ImportFileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form)
    try:
        text = services.people_file_text(form.cleaned_data["file"].read())
        report = _run(request, text, is_trial=True)
    except ServiceError as error:
        return _page(request, form, status=commands.refuse(form, error))
    checked = "" if report.has_errors else signing.dumps(text, salt=_salt(request), compress=True)
    status = UNPROCESSABLE if report.has_errors else 200
    confirm = ImportConfirmForm(initial={"checked": checked}) if checked else None
    return _page(request, ImportFileForm(), report=report, confirm=confirm, status=status)


def _run(request: HttpRequest, text: str, *, is_trial: bool) -> services.RosterReport:
    return services.roster_import(
        text=text,
        grants=gate.grants(request),
        is_trial=is_trial,
        by=gate.person(request).pk,
        at=clock.now(),
    )


def _import(request: HttpRequest) -> HttpResponse:
    form = ImportFileForm({}, {})
    form.errors.clear()
    try:
        text = signing.loads(request.POST["checked"], salt=_salt(request), max_age=CHECKED_FOR)
        report = _run(request, text, is_trial=False)
    except signing.BadSignature:
        error = Invalid(_("The checked file is no longer valid. Choose the file again."))
        return _page(request, form, status=commands.refuse(form, error))
    except ServiceError as error:
        return _page(request, form, status=commands.refuse(form, error))
    if not report.is_written:
        return _page(request, ImportFileForm(), report=report, status=UNPROCESSABLE)
    created = report.count(services.Outcome.CREATED)
    message = ngettext("%(count)d entry was added.", "%(count)d entries were added.", created)
    toast(request, message % {"count": created})
    return see_other(request, "org:roster")


def _looks(report: services.RosterReport) -> list[tuple[Any, tuple[str, str, str]]]:
    looks = {
        services.Outcome.CREATED: ("ok", "plus", _("New")),
        services.Outcome.UNCHANGED: ("mute", "check", _("Already there")),
        services.Outcome.ERROR: ("crit", "alert-triangle", _("Error")),
    }
    # Errors first: they are what has to be read.
    ordered = sorted(report.rows, key=lambda row: row.outcome != services.Outcome.ERROR)
    return [(row, looks[row.outcome]) for row in ordered[:SHOWN]]


def _page(
    request: HttpRequest,
    form: ImportFileForm,
    *,
    report: services.RosterReport | None = None,
    confirm: ImportConfirmForm | None = None,
    status: int | None = None,
) -> HttpResponse:
    outcomes = {str(item): report.count(item) for item in services.Outcome} if report else {}
    context = {
        "form": form,
        "confirm": confirm,
        "report": report,
        "rows": _looks(report) if report else [],
        "hidden_rows": max(0, len(report.rows) - SHOWN) if report else 0,
        "counts": outcomes,
        "columns": [(name, name in REQUIRED) for name in COLUMNS],
        "crumbs": (Crumb(_("Roster"), reverse("org:roster")),),
        "back": reverse("org:roster"),
    }
    return render(request, "org/roster_import.html", context, status=status)
