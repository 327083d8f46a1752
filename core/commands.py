"""One form, one command: shown, carried out, confirmed, or refused beside the field."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict

from core.errors import ServiceError, VersionConflict
from core.forms import Form
from core.html import Crumb, Text, render, see_other, toast
from core.retries import retried

FORBIDDEN = 403
NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class CommandPage:
    """What the page of a command says: title, button, where it came from, what it confirms.

    `extra` is what a template of its own, built on `layouts/command.html`, shows besides.
    """

    title: Text
    submit: Text
    back: str
    crumbs: tuple[Crumb, ...]
    done: Text
    intro: Text = ""
    is_risky: bool = False
    template: str = "layouts/command.html"
    extra: Mapping[str, Any] = field(default_factory=dict)


def sent(request: HttpRequest) -> QueryDict | None:
    """Return what was sent to the form, even when it is empty; None while it is only looked at."""
    return request.POST if request.method == "POST" else None


def refuse(form: Form, error: ServiceError) -> int:
    """The refusal stands beside its field, or on top; returns the status of the answer.

    Raises the refusal itself when nothing in the form could be changed to avoid it.
    """
    known = error.field in form.fields
    if error.status in {FORBIDDEN, NOT_FOUND} and not known:
        raise error
    form.add_error(error.field if known else None, str(error.detail))
    return error.status


def answer(
    request: HttpRequest,
    form: Form,
    page: CommandPage,
    command: Callable[[dict[str, Any]], str],
) -> HttpResponse:
    """Show the form, or carry out the command, which returns the address to go to next.

    A command calls one service, so after a deadlock it can be carried out again.
    """
    status = None
    is_conflict = False
    if request.method == "POST" and form.is_valid():
        try:
            target = retried(lambda: command(form.cleaned_data))
        except ServiceError as error:
            status = refuse(form, error)
            is_conflict = isinstance(error, VersionConflict)
        else:
            toast(request, str(page.done))
            return see_other(request, target)
    context = {"form": form, "page": page, "is_conflict": is_conflict, **page.extra}
    return render(request, page.template, context, status=status)
