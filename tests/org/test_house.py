"""What setup answered holds: the site's clock, the hospital's money and language."""

from contextvars import copy_context
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import OperationalError
from django.template import engines
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone, translation

from core import clock, context
from core.documents import Letterhead, Report
from hms.celery import in_the_house
from org import house, services
from org.middleware import PersonMiddleware
from org.models import Installation, Site
from tests.factories import org as people
from tests.factories.org import STARTED, Hospital
from tests.factories.sessions import sign_in

BEFORE_THE_CLOCK_GOES_BACK = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
AFTER_IT_WENT_BACK = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def signed_in(user: object) -> Client:
    client = Client()
    sign_in(client, user)
    return client


def changed(**values: str) -> None:
    Installation.objects.update(**values)
    house.forget()


def zone_shown(client: Client, **query: str) -> str:
    page = client.get("/", query).content.decode()
    return page.partition('data-zone="')[2].partition('"')[0]


@pytest.fixture
def far_site(hospital: Hospital) -> Hospital:
    Site.objects.filter(pk=hospital.elsewhere.site_id).update(time_zone="Asia/Tokyo")
    return hospital


def set_level(hospital: Hospital, *, level: str, at: datetime) -> None:
    services.activation_set(
        unit=hospital.ward, module="beds", level=level, reason="test", by=None, at=at
    )


def test_a_nurse_at_a_paris_site_has_the_clock_of_paris(as_role) -> None:
    assert settings.TIME_ZONE != "Europe/Paris"
    assert zone_shown(as_role("nurse")) == "Europe/Paris"


def test_times_on_pages_are_those_of_the_site(as_role, hospital: Hospital) -> None:
    set_level(hospital, level="live", at=datetime(2026, 7, 1, 22, 15, tzinfo=UTC))
    page = as_role("auditor").get(reverse("org:activation-history")).content.decode()
    assert "02-Jul-2026\u00a000:15" in page


def test_the_hour_that_comes_twice_is_told_apart(as_role, hospital: Hospital) -> None:
    set_level(hospital, level="live", at=BEFORE_THE_CLOCK_GOES_BACK)
    set_level(hospital, level="off", at=AFTER_IT_WENT_BACK)
    page = as_role("auditor").get(reverse("org:activation-history")).content.decode()
    assert "25-Oct-2026\u00a002:30\u00a0CEST" in page
    assert "25-Oct-2026\u00a002:30\u00a0CET" in page


def test_whoever_goes_to_another_site_goes_to_its_clock(far_site: Hospital) -> None:
    nurse = far_site.person("nurse")
    people.assign(nurse, "nurse", far_site.elsewhere)
    client = signed_in(nurse)
    assert zone_shown(client) == "Europe/Paris"
    client.post(reverse("org:unit-switch"), {"unit": str(far_site.elsewhere.public_id)})
    assert zone_shown(client) == "Asia/Tokyo"


def test_the_day_typed_as_today_is_that_of_the_site(far_site: Hospital) -> None:
    head = people.person("tokyo-head")
    people.assign(head, "system_administrator", far_site.elsewhere_root)
    late = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)  # 2 March in Tokyo
    with clock.at(late):
        page = signed_in(head).get(reverse("org:assignment-new", args=[head.public_id]))
    assert "02-Mar-2026" in page.content.decode()


def test_a_request_leaves_no_clock_behind(as_role) -> None:
    before = timezone.get_current_timezone_name()
    as_role("nurse").get("/")
    assert timezone.get_current_timezone_name() == before


def test_nobody_sees_the_clock_of_the_first_site(hospital: Hospital) -> None:
    page = Client().get(reverse("org:sign-in")).content.decode()
    assert 'data-zone="Europe/Paris"' in page


@pytest.mark.parametrize(
    ("chosen", "browser", "shown"),
    [("", "", "fr"), ("", "en-GB, fr;q=0.5", "en"), ("", "tlh, *", "fr"), ("en", "fr", "en")],
)
def test_the_person_then_the_browser_then_the_hospital_choose_the_language(
    chosen: str, browser: str, shown: str, hospital: Hospital
) -> None:
    changed(language="fr")
    nurse = hospital.person("nurse")
    nurse.language = chosen
    nurse.save(update_fields=["language"])
    headers = {"Accept-Language": browser} if browser else {}
    page = signed_in(nurse).get("/", headers=headers).content.decode()
    assert f'<html lang="{shown}"' in page


def test_amounts_are_in_the_hospital_s_money(hospital: Hospital, rf: RequestFactory) -> None:
    changed(currency="KWD")
    template = engines["django"].from_string("{% load hms %}{% money amount %}")
    request = rf.get("/")
    request.session, request.user = SimpleNamespace(session_key=None), AnonymousUser()
    answer = PersonMiddleware(lambda _request: template.render({"amount": Decimal("1.5")}))
    assert "1.500\u00a0KWD" in answer(request)


def test_before_setup_amounts_are_in_what_setup_would_propose() -> None:
    assert context.house() == context.House(settings.HMS_CURRENCY, settings.LANGUAGE_CODE)


def test_papers_speak_the_hospital_s_language() -> None:
    with context.within_house(context.House("XOF", "fr")):
        paper = Report(title="T", letterhead=Letterhead(name="H"), printed_at=STARTED, blocks=())
    assert paper.language == "fr"


def test_the_hospital_is_asked_for_once_in_five_seconds(
    hospital: Hospital, django_assert_num_queries, monkeypatch
) -> None:
    seconds = [100.0]
    monkeypatch.setattr(house.time, "monotonic", lambda: seconds[0])
    house.forget()
    house.current()
    with django_assert_num_queries(0):
        assert house.current().name == "Riverside General"
    seconds[0] += house.FRESH_FOR
    with django_assert_num_queries(1):
        house.current()


def test_the_hospital_is_known_while_the_database_is_away(hospital: Hospital, monkeypatch) -> None:
    house.current()
    monkeypatch.setattr(house, "_asked", _away)
    house._memory.asked = float("-inf")
    assert house.current().currency == "EUR"
    house.forget()
    with pytest.raises(OperationalError):
        house.current()


def _away() -> None:
    raise OperationalError("the database is away")


def test_a_second_page_costs_session_person_grants_places_and_its_row_on_the_trail(
    hospital: Hospital, django_assert_num_queries
) -> None:
    client = signed_in(hospital.person("nurse"))
    client.get("/")
    with django_assert_num_queries(5):
        client.get("/")


@pytest.mark.parametrize("is_eager", [False, True])
def test_a_task_of_the_worker_works_in_the_hospital_s_house(
    is_eager: bool, hospital: Hospital
) -> None:
    changed(currency="XOF", language="fr")
    run = SimpleNamespace(is_eager=is_eager, id="0b9f3c1e")
    task = SimpleNamespace(name="probe", request=run)

    def work() -> tuple[str, str, str | None]:
        with timezone.override(None), translation.override("en"):
            in_the_house(task=task)
            zone = timezone.get_current_timezone_name()
            return context.house().currency, zone, translation.get_language()

    found = copy_context().run(work)
    before = (settings.HMS_CURRENCY, settings.TIME_ZONE, "en")
    assert found == (before if is_eager else ("XOF", "Europe/Paris", "fr"))
