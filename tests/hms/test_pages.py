"""Pages of the roof: the shell around them, regions for scripts, errors that need nothing."""

from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.test import Client
from django.utils import translation

from hms import gallery

ERRORS = sorted(path.name for path in (settings.BASE_DIR / "templates" / "errors").glob("*.html"))
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.mark.parametrize("name", [f"errors/{name}" for name in ERRORS] + ["500.html", "404.html"])
def test_error_pages_need_no_request_and_no_database(name: str) -> None:
    page = render_to_string(name, {"request_id": "ref-12345"})
    assert page.count("<h1>") == 1
    assert "ref-12345" in page
    assert 'class="hms-plain' in page


@pytest.mark.parametrize("layout", ["staff", "auth", "portal", "print", "plain"])
def test_layouts_draw_themselves_without_context(layout: str) -> None:
    page = render_to_string(f"layouts/{layout}.html", {})
    assert '<html lang="en" dir="ltr" data-bs-theme="light" data-density="standard"' in page
    assert 'id="main"' in page


def test_a_language_read_from_the_right_gets_its_own_styles() -> None:
    with translation.override("ar"):
        page = render_to_string("layouts/plain.html", {})
    assert '<html lang="ar" dir="rtl"' in page
    assert "bootstrap.rtl.min.css" in page


@pytest.mark.django_db
def test_the_search_is_a_page_and_for_scripts_a_region(as_role) -> None:
    client = as_role("system_administrator")
    page = client.get("/search/?q=medical").content.decode()
    region = client.get("/search/?q=medical", headers=HTMX).content.decode()
    assert "<html" in page
    assert "Medical A" in page
    assert "<html" not in region
    assert region.strip().startswith('<div data-hms-query="medical">')
    assert "Medical A" in region


@pytest.mark.django_db
def test_nothing_found_says_what_to_do(as_role) -> None:
    page = as_role("nurse").get("/search/?q=%3Cb%3Ezzz").content.decode()
    assert "Nothing found for “&lt;b&gt;zzz”" in page


@pytest.mark.django_db
def test_a_message_is_a_toast_or_a_callout_by_its_level(as_role) -> None:
    client: Client = as_role("system_administrator")
    client.post("/preferences/", {"whole": "1", "theme": "dark", "density": "compact"})
    page = client.get("/").content.decode()
    assert '<html lang="en" dir="ltr" data-bs-theme="dark" data-density="compact"' in page
    assert 'data-single-keys="off"' in page
    assert page.count('<div class="hms-toast">') == 2  # one shown, one in the template of scripts


@pytest.mark.django_db
def test_signed_out_scripts_go_to_the_page_they_stood_on() -> None:
    headers = {**HTMX, "HX-Current-URL": "http://testserver/units/?kind=ward"}
    answer = Client().get("/search/", headers=headers)
    assert answer.status_code == 204
    assert answer["HX-Redirect"] == "/sign-in/?next=%2Funits%2F%3Fkind%3Dward"


@pytest.mark.django_db
def test_signed_out_scripts_that_save_stay_where_they_are() -> None:
    answer = Client().post("/preferences/", {"theme": "dark"}, headers=HTMX)
    assert answer.status_code == 401
    assert "HX-Redirect" not in answer


def test_the_gallery_holds_every_part() -> None:
    source = (Path(settings.BASE_DIR) / "templates" / "hms" / "gallery.html").read_text()
    parts = {"strip", "filter_row", "pager", "callout", "empty", "confirm", "form_errors", "crumbs"}
    assert [part for part in parts if f"parts/{part}.html" not in source] == []
    assert gallery.samples()["wrong_form"].errors
