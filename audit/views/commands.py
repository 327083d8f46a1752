"""One form, one command: shown, carried out and confirmed, or refused beside the field."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict

from audit.views.shown import Crumb
from core.errors import ServiceError
from core.forms import Form
from core.html import render, see_other, toast
from core.retries import retried


@dataclass(frozen=True, slots=True)
class CommandPage:
    """What the page of a command says: title, button, where it came from, what it confirms."""

    title: str
    submit: str
    back: str
    crumbs: tuple[Crumb, ...]
    done: str
    intro: str = ""
    problems: tuple[str, ...] = ()


def sent(request: HttpRequest) -> QueryDict | None:
    """Return what was sent to the form, even when it is empty; None while it is only looked at."""
    return request.POST if request.method == "POST" else None


def answer(
    request: HttpRequest,
    form: Form,
    page: CommandPage,
    command: Callable[[dict[str, Any]], str],
) -> HttpResponse:
    """Show the form, or carry out the command, which returns the address to go to next."""
    status = None
    if request.method == "POST" and form.is_valid():
        try:
            target = retried(lambda: command(form.cleaned_data))
        except ServiceError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error.detail))
            status = error.status
        else:
            toast(request, page.done)
            return see_other(request, target)
    return render(request, "audit/command.html", {"form": form, "page": page}, status=status)
