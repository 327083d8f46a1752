"""Pages for browsers, regions for scripts, and confirmations for both."""

import json

import pytest
from django import forms
from django.contrib.messages import get_messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.test import RequestFactory

from core import html
from core.forms import Form

PAGE = "hms/search_results.html"
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


class SampleForm(Form):
    name = forms.CharField()


def asked(**headers: str) -> HttpRequest:
    request = RequestFactory().get("/", headers=headers)
    request._messages = CookieStorage(request)
    return request


@pytest.fixture(autouse=True)
def _plain_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Name the template instead of drawing it: the shell needs a signed-in person."""

    def named(_request: HttpRequest, name: str, _context: object, status: int) -> HttpResponse:
        return HttpResponse(name, status=status)

    monkeypatch.setattr(html, "render_page", named)


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ({}, PAGE),
        (HTMX, f"{PAGE}#results"),
        ({**HTMX, "HX-Request-Type": "full"}, PAGE),
        ({"HX-Request": "true"}, f"{PAGE}#results"),
    ],
)
def test_a_script_gets_the_region_and_a_browser_the_page(
    headers: dict[str, str], name: str
) -> None:
    response = html.render(asked(**headers), PAGE, {}, partial="results")
    assert response.content.decode() == name
    assert response["Vary"] == "HX-Request, HX-Request-Type, HX-Target"


@pytest.mark.parametrize(
    ("form", "status"),
    [(SampleForm(), 200), (SampleForm({"name": "x"}), 200), (SampleForm({"name": ""}), 422)],
)
def test_an_invalid_form_answers_422(form: Form, status: int) -> None:
    assert html.render(asked(), PAGE, {"form": form}).status_code == status


def test_a_given_status_stands() -> None:
    assert html.render(asked(), PAGE, {"form": SampleForm({})}, status=200).status_code == 200


@html.for_htmx("queue")
def view(request: HttpRequest, form: Form | None = None) -> HttpResponse:
    return TemplateResponse(request, "page.html", {"form": form})


@pytest.mark.parametrize(
    ("target", "name"), [("section#queue", "page.html#queue"), ("div#other", "page.html")]
)
def test_only_named_regions_can_be_asked_for(target: str, name: str) -> None:
    assert view(asked(**HTMX, **{"HX-Target": target})).template_name == name


def test_a_decorated_view_answers_422_too() -> None:
    assert view(asked(), SampleForm({})).status_code == 422
    assert view(asked(), SampleForm()).status_code == 200


def test_after_a_change_the_browser_goes_on() -> None:
    plain = html.see_other(asked(), "/next/")
    assert (plain.status_code, plain["Location"]) == (303, "/next/")
    script = html.see_other(asked(**HTMX), "/next/")
    assert (script.status_code, script["HX-Redirect"]) == (204, "/next/")


def test_a_toast_waits_for_the_next_page() -> None:
    request = asked()
    html.toast(request, "Saved.")
    html.toast(request, "Moved.", tone="info", response=html.see_other(asked(**HTMX), "/next/"))
    assert [str(message) for message in get_messages(request)] == ["Saved.", "Moved."]


def test_a_toast_of_a_region_comes_with_it() -> None:
    request, response = asked(**HTMX), HttpResponse()
    html.toast(request, "Gespeichert für Zoë", response=response)
    assert json.loads(response["HMS-Toast"]) == {"text": "Gespeichert für Zoë", "tone": "ok"}
    assert list(get_messages(request)) == []
