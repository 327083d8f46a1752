"""Answers to browsers: whole pages, single regions for htmx, and small confirmations."""

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from django.contrib import messages
from django.forms import BaseForm, BaseFormSet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render as render_page
from django.shortcuts import resolve_url
from django.template.response import TemplateResponse
from django.utils.cache import patch_vary_headers
from django.utils.functional import Promise

UNPROCESSABLE = 422
SEE_OTHER = 303
NO_CONTENT = 204
HTMX_HEADERS = ("HX-Request", "HX-Request-Type", "HX-Target")
TOAST_HEADER = "HMS-Toast"
Tone = Literal["ok", "info"]
Text = str | Promise
LEVELS: Mapping[Tone, int] = {"ok": messages.SUCCESS, "info": messages.INFO}


class Crumb(NamedTuple):
    """One step of the way to this page."""

    label: Text
    url: str


@dataclass(frozen=True, slots=True)
class Look:
    """What `{% status %}` draws."""

    tone: str
    icon: str
    word: Text


def is_htmx(request: HttpRequest) -> bool:
    """Say whether a script of the page asks, rather than the browser itself."""
    return request.headers.get("HX-Request") == "true"


def wants_region(request: HttpRequest) -> bool:
    """Say whether only a region of the page will be put in place."""
    return is_htmx(request) and request.headers.get("HX-Request-Type", "partial") == "partial"


def target_id(request: HttpRequest) -> str:
    """Return the id of the element that the answer goes into (htmx sends `section#queue`)."""
    return request.headers.get("HX-Target", "").rpartition("#")[2]


def has_errors(context: Mapping[str, Any]) -> bool:
    """Say whether any bound form or formset of the context was found invalid."""
    return any(
        isinstance(value, BaseForm | BaseFormSet) and value.is_bound and not value.is_valid()
        for value in context.values()
    )


def render(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    partial: str | None = None,
    status: int | None = None,
) -> HttpResponse:
    """Answer with the page, or with its named partial when a script asks for a region.

    A context with an invalid form answers 422, so that the browser keeps what was typed.
    """
    values = dict(context or {})
    name = f"{template}#{partial}" if partial and wants_region(request) else template
    code = status or (UNPROCESSABLE if has_errors(values) else 200)
    response = render_page(request, name, values, status=code)
    patch_vary_headers(response, HTMX_HEADERS)
    return response


View = Callable[..., HttpResponse]


def for_htmx(*partials: str) -> Callable[[View], View]:
    """Let a view's TemplateResponse shrink to the partial whose name is the id of the target.

    Only the named partials can be asked for; a target without one gets the whole page.
    """

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def answered(*args: Any, **kwargs: Any) -> HttpResponse:
            request = args[0] if isinstance(args[0], HttpRequest) else args[1]
            response = view(*args, **kwargs)
            if isinstance(response, TemplateResponse) and not response.is_rendered:
                wanted = target_id(request)
                if wants_region(request) and wanted in partials:
                    response.template_name = f"{response.template_name}#{wanted}"
                if has_errors(response.context_data or {}):
                    response.status_code = UNPROCESSABLE
            patch_vary_headers(response, HTMX_HEADERS)
            return response

        return answered

    return decorate


def see_other(request: HttpRequest, to: Any, *args: Any, **kwargs: Any) -> HttpResponse:
    """Send the browser to a page after a change was made: 303, or the same by htmx header."""
    target = resolve_url(to, *args, **kwargs)
    if is_htmx(request):
        return HttpResponse(status=NO_CONTENT, headers={"HX-Redirect": target})
    return HttpResponseRedirect(target, status=SEE_OTHER)


def toast(
    request: HttpRequest, message: str, *, tone: Tone = "ok", response: HttpResponse | None = None
) -> None:
    """Confirm something in passing: on the next page, or now with the response of a region.

    A toast never carries an error or a duty; those stand in the page.
    """
    if response is None or not is_htmx(request) or "HX-Redirect" in response:
        messages.add_message(request, LEVELS[tone], message)
        return
    # A header of our own: the one of htmx is lost when the swap removes the asking element.
    response[TOAST_HEADER] = json.dumps({"text": str(message), "tone": tone})
