"""The page on which who somebody is changes, whatever brings the change."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from core import clock
from core.commands import sent
from core.errors import ServiceError, VersionConflict
from core.html import render, see_other, toast
from core.retries import retried
from org import gate
from patients import behind, forms, selectors
from patients.permissions import sees_private, unreadable
from patients.rules.identity import BirthOn
from patients.states import IdentityState
from patients.views import shown
from patients.views.desk import asked_codes, refused

if TYPE_CHECKING:
    from patients.models import Patient

BASE = "patients.base"


def _stored(found: "Patient", in_full: bool) -> dict[str, Any]:
    today = clock.today()
    names = ("family", "given", "title", "sex", "language", "interpreter", "needs", "version")
    values = {name: getattr(found, name) for name in names}
    values["birth"] = BirthOn(found.birth_on, found.birth_precision)
    if found.state == IdentityState.PROVISIONAL:
        values["family"] = values["given"] = ""
    if in_full:
        values |= selectors.reached_at(found, today=today)
    return values


def shown_value(value: Any) -> str:
    """Return a value of a form as a line of text."""
    if isinstance(value, list):
        return ", ".join(value)
    return forms.birth_text(value) if isinstance(value, BirthOn) else str(value or "")


def _base(form: forms.EditForm, stored: dict[str, Any]) -> dict[str, str]:
    return {
        name: shown_value(stored[name])
        for name in form.fields
        if name in stored and name != "version"
    }


def _changed_since(request: HttpRequest, form: forms.EditForm, now: dict[str, str]) -> list[str]:
    """What somebody else changed since the form was opened: "Family name: Nowak, now Kowalska"."""
    try:
        then = signing.loads(request.POST.get("base", ""), salt=BASE)
    except (signing.BadSignature, TypeError):
        then = {}
    return [
        _("%(field)s: was “%(then)s”, is now “%(now)s”")
        % {"field": form.fields[name].label, "then": then.get(name, ""), "now": text}
        for name, text in now.items()
        if name in then and then[name] != text
    ]


def edited(
    request: HttpRequest,
    found: "Patient",
    save: Callable[[dict[str, Any]], None],
    *,
    form_class: type[forms.EditForm],
    told: Mapping[str, Any] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """Show the form, or save it; `told` stands in the form before what is stored.

    Whoever was overtaken keeps what they typed, and reads what the other one changed.
    """
    held = gate.grants(request)
    stored = _stored(found, sees_private(held))
    closed = unreadable(held, form_class.base_fields)
    form = form_class(sent(request), initial=stored | dict(told or {}), closed=closed)
    now = _base(form, stored)
    context: dict[str, Any] = {
        "banner": shown.banner_of(found),
        "form": form,
        "crumbs": behind.crumbs(found),
        "back": behind.address(found),
        "is_unknown": found.state == IdentityState.PROVISIONAL,
        "asked": [],
        "base": signing.dumps(now, salt=BASE, compress=True),
        "version": found.version,
        **(extra or {}),
    }
    status = None
    if request.method == "POST" and form.is_valid():
        try:
            retried(lambda: save(form.cleaned_data))
        except VersionConflict as error:
            context["conflicts"] = _changed_since(request, form, now)
            context["is_conflict"] = True
            status = error.status
        except ServiceError as error:
            status = refused(form, error, context)
        else:
            toast(request, _("The record was changed."))
            return see_other(request, behind.address(found))
    elif request.method == "POST":
        context["base"] = request.POST.get("base", "")
        context["version"] = request.POST.get("version", "")
    return render(request, "patients/patient_edit.html", context, status=status)


def changed_of(request: HttpRequest, data: dict[str, Any]) -> dict[str, Any]:
    """Return what a valid form says as `patient_change` takes it."""
    values = {name: value for name, value in data.items() if name not in {"version", "are_sure"}}
    kind, reason = values.pop("kind"), values.pop("reason")
    return {
        "values": values,
        "version": data["version"],
        "kind": kind,
        "reason": reason,
        "sure": asked_codes(request),
    }
