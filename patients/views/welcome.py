"""The one door of patients: they say who they are before they come, by a link, once."""

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from core import clock, context, limits
from core.commands import refuse, sent
from core.doors import Public, requires
from core.errors import ServiceError
from core.html import render, see_other
from core.retries import retried
from org.selectors import is_training_unit, level
from org.states import Level
from patients import services
from patients.behind import MODULE
from patients.forms.preregistration import WelcomeForm
from patients.states import Oddity
from patients.views.desk import asked_codes

if TYPE_CHECKING:
    from patients.models import PreRegistration

_WHY = "the link itself says who is asked"
_SHUT = 503


def _key(typed: str) -> str:
    """A link copied from paper brings the signs along at which its line may break."""
    return "".join(char for char in typed[:200] if char.isascii() and not char.isspace())[:100]


def _takes_answers(row: "PreRegistration") -> bool:
    """Say whether the desk that invited works in the system now."""
    runs = level(unit=row.unit_id, module=MODULE)
    return runs == Level.LIVE or (runs == Level.TRAINING and is_training_unit(row.unit_id))


@requires(Public(_WHY), module=None, methods=("GET", "POST"), reads="none")
def welcome(request: HttpRequest) -> HttpResponse:
    """Whoever holds the link says who they are, how to reach them and whom to call."""
    limits.check("welcome", context.asker().address, limit=60, window=60)
    token, form = _key(request.GET.get("key", "")), WelcomeForm(sent(request))
    shown: dict[str, Any] = {"form": form, "asked": []}
    status = None
    try:
        row = services.preregistration_behind(token, at=clock.now())
        if not _takes_answers(row):
            shown = {"gone": _("We cannot take this now. Please tell us at the desk.")}
            return _closed(request, shown, _SHUT)
        if form.is_valid():
            retried(lambda: _send(request, token, form.cleaned_data))
            return see_other(request, "patients:welcome-thanks")
    except services.LinkGone as error:
        return _closed(request, {"gone": str(error.detail)}, error.status)
    except services.Unusual as error:
        for each in error.questions:
            field = each.field if each.field in form.fields else None
            form.add_error(field, str(Oddity(each.code).label))
        shown["asked"], status = [each.code for each in error.questions], error.status
    except ServiceError as error:
        status = refuse(form, error)
    return _closed(request, shown, status)


def _closed(request: HttpRequest, shown: dict[str, Any], status: int | None) -> HttpResponse:
    """The address holds the secret: no other page learns it.

    Without any referrer browsers would send the form from the origin "null".
    """
    answer = render(request, "patients/welcome.html", shown, status=status)
    answer["Referrer-Policy"] = "strict-origin"
    return answer


def _send(request: HttpRequest, token: str, data: dict[str, Any]) -> None:
    values = {name: value for name, value in data.items() if name != "are_sure"}
    services.preregistration_send(token, values=values, sure=asked_codes(request), at=clock.now())


@requires(Public("nothing of anybody stands here"), module=None)
def welcome_thanks(request: HttpRequest) -> HttpResponse:
    """What was sent has arrived, and what to bring."""
    return render(request, "patients/welcome_thanks.html", {})
