"""Doors of the roof: home, search, keys, gallery, logo, health, errors."""

import os
import secrets
import sys
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template import loader
from django.utils import translation
from django.utils.translation import gettext as _

from core import clock, limits
from core.doors import Public, SignedIn, requires
from core.errors import Denied, NotFound
from core.html import render, see_other, wants_region
from hms import carried, metrics, navigation, problems, readiness, search
from hms import gallery as gallery_samples
from org import gate, selectors


@requires(SignedIn("everybody has a first page"), module=None, reads="view")
def home(request: HttpRequest) -> HttpResponse:
    """The first page: what this person may open here."""
    held = gate.grants(request)
    unit_id = getattr(request, "unit_id", None)
    links = navigation.links(held, unit_id=unit_id, path=request.path)
    return render(
        request,
        "hms/home.html",
        {"cards": [link for link in links if not link.current], "today": clock.now()},
    )


@requires(SignedIn("the search shows only what the asker may see"), module=None, reads="search")
def search_results(request: HttpRequest) -> HttpResponse:
    """Pages, commands, units and people that match, as a fragment of the search dialog."""
    query = request.GET.get("q", "")[:80]
    limits.check("search", str(gate.person(request).pk), limit=600, window=60)
    if not wants_region(request) and (address := search.scanned(request, query)):
        return see_other(request, address)
    groups = search.find(request, query)
    context = {"groups": groups, "query": query, "is_misread": search.is_misread(query)}
    return render(request, "hms/search_results.html", context, partial="results")


@requires(SignedIn("help"), module=None, reads="none")
def keys(request: HttpRequest) -> HttpResponse:
    """All keys."""
    return render(request, "hms/keys.html", {})


@requires(SignedIn("the component gallery holds invented data only"), module=None, reads="none")
def gallery(request: HttpRequest) -> HttpResponse:
    """Every component of the kit; not in production."""
    if settings.IS_PRODUCTION:
        raise Http404
    # 200 although one of its sample forms has errors.
    return render(request, "hms/gallery.html", gallery_samples.samples(), status=200)


@requires(SignedIn("a form of one's own goes on"), module=None, methods=("GET", "POST"))
def resume(request: HttpRequest, name: str) -> HttpResponse:
    """What was typed before the system had to ask something first can be sent now."""
    form = carried.find(request, name)
    if form is None:
        raise NotFound(_("This form was sent already, or too much time has passed."))
    if request.method == "POST":
        carried.drop(request, name)
        # 307: the browser sends the same fields again, to the door they were meant for.
        return HttpResponse(status=307, headers={"Location": form.path})
    return render(request, "hms/resume.html", {"kept": form})


@requires(Public("the sign-in page shows the hospital's logo"), module=None)
def logo(request: HttpRequest) -> HttpResponse:
    """The hospital's logo."""
    found = selectors.installation_logo()
    if found is None:
        raise Http404
    return HttpResponse(
        found[0], content_type=found[1], headers={"Cache-Control": "public, max-age=3600"}
    )


@requires(Public("a supervisor asks without an account"), module=None)
def livez(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is looked at."""
    return JsonResponse({"status": "ok"})


@requires(Public("a load balancer asks without an account"), module=None)
def readyz(request: HttpRequest) -> HttpResponse:
    """Says what works: 200 while people can work (perhaps degraded), 503 when they cannot."""
    signs = readiness.signs()
    status = readiness.worst(signs)
    # Programs and logs read one language.
    with translation.override("en"):
        checks = {sign.name: readiness.told(sign) for sign in signs}
    return JsonResponse(
        {"status": status, "checks": checks}, status=503 if status == "down" else 200
    )


@requires(Public("the liveness port asks, with the key of this start"), module=None)
def numbers(request: HttpRequest) -> HttpResponse:
    """Metrics for monitoring; for whoever has not the key of this start there is no such page."""
    key = os.environ.get(metrics.KEY, "")
    if not key or not secrets.compare_digest(key, request.headers.get(metrics.HEADER, "")):
        raise Http404
    return HttpResponse(metrics.told(readiness.signs()), content_type=metrics.CONTENT_TYPE)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404 in the house's look."""
    return problems.answer(request, NotFound())


def denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403 in the house's look."""
    return problems.answer(request, Denied())


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400 in the house's look."""
    return problems.answer(request, problems.Malformed())


def broken(request: HttpRequest) -> HttpResponse:
    """500 in the house's look, with nothing of the error but the request id.

    An error of a middleware comes here too: a database that is away is a 503 wherever it shows.
    """
    trouble = problems.of_database(sys.exc_info()[1])
    return problems.answer(request, trouble or problems.Broken())


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without a valid token: the page says what to do; what was typed is one step back."""
    if problems.wants_json(request):
        return problems.answer(request, Denied(_("The CSRF token is missing or wrong.")))
    context: dict[str, Any] = {"request_id": getattr(request, "request_id", "")}
    return HttpResponse(loader.render_to_string("errors/csrf.html", context, request), status=403)
