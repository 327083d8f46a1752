"""Sites and their calendars: made, changed, seen, by whom and by nobody else."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from core.errors import Invalid, VersionConflict
from org import selectors, services
from org.models import Assignment, Blackout, Holiday, Site, Unit
from org.permissions import grants_of
from org.services.sites import BlackoutFromTo, HolidayOn, SiteCodeTaken
from org.site_forms import parse_hours
from tests.factories import org as people
from tests.factories.org import STARTED, Hospital
from tests.factories.sessions import sign_in

SITES = "/api/v1/org/sites/"
WEEK = {"1": [["08:00", "12:00"], ["13:00", "17:00"]], "6": [["09:00", "12:00"]]}
NEW = {"code": "NORTH", "name": "North clinic", "time_zone": "Africa/Nairobi"}
CHRISTMAS = HolidayOn(date(2026, 12, 25), "Christmas Day")
CLOSE = BlackoutFromTo(date(2026, 12, 20), date(2027, 1, 3), "Year-end close")


@pytest.fixture
def site(hospital: Hospital) -> Site:
    return hospital.root.site


@pytest.fixture
def admin(as_role) -> Client:
    client: Client = as_role("system_administrator")
    return client


def opened(hospital: Hospital, **values: Any) -> Site:
    return services.site_open(values=NEW | values, by=hospital.admin, at=STARTED)


def update(site: Site, *, version: int | None = None, **values: Any) -> Site:
    return services.site_update(site, values=values, version=version, by=1, at=STARTED)


def patch(client: Client, site: Site, body: dict[str, Any], *, version: int = 1) -> Any:
    return client.patch(
        f"{SITES}{site.public_id}/",
        body,
        content_type="application/json",
        headers={"If-Match": f'"{version}"'},
    )


def form_of(site: Site, **changes: str) -> dict[str, str]:
    form = {
        "name": site.name,
        "code": site.code,
        "time_zone": site.time_zone,
        "week_start": "1",
        "version": str(site.version),
    }
    return form | changes


# What becomes true


def test_whoever_opens_a_site_administers_it_from_its_root(hospital: Hospital) -> None:
    site = opened(hospital, week_start=7, business_hours=WEEK)
    root = Unit.objects.get(site=site)
    held = grants_of(hospital.admin, at=STARTED)
    assert (root.kind, root.parent_id) == ("hospital", None)
    assert held.has("org.manage_sites", root.pk)
    assert (site.week_start, site.business_hours) == (7, WEEK)
    assert held.zone_of(root.pk) == "Africa/Nairobi"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"time_zone": "Moon/Base"}, "time_zone"),
        ({"week_start": 8}, "week_start"),
        ({"business_hours": {"1": [["9", "10"]]}}, "business_hours"),
        ({"holidays": [CHRISTMAS, CHRISTMAS._replace(name="Again")]}, "holidays"),
        ({"holidays": [CHRISTMAS] * 501}, "holidays"),
        ({"blackouts": [CLOSE, CLOSE._replace(starts_on=date(2027, 1, 3))]}, "blackouts"),
        ({"blackouts": [CLOSE._replace(ends_on=date(2026, 12, 19))]}, "blackouts"),
        ({"blackouts": [CLOSE] * 201}, "blackouts"),
        ({"is_active": False}, "is_active"),
    ],
)
def test_a_site_that_cannot_be_leaves_nothing_behind(
    values: dict[str, Any], field: str, hospital: Hospital
) -> None:
    before = (Site.objects.count(), Assignment.objects.count(), AuditEvent.objects.count())
    with pytest.raises(Invalid) as refused:
        opened(hospital, **values)
    assert refused.value.field == field
    assert before == (
        Site.objects.count(),
        Assignment.objects.count(),
        AuditEvent.objects.count(),
    )


def test_two_sites_have_two_codes(hospital: Hospital, site: Site) -> None:
    made = opened(hospital)
    with pytest.raises(SiteCodeTaken):
        opened(hospital)
    with pytest.raises(SiteCodeTaken):
        update(made, code=site.code)


def test_holidays_and_blackouts_are_what_was_given_last(site: Site) -> None:
    update(site, holidays=[CHRISTMAS], blackouts=[CLOSE])
    second = HolidayOn(date(2026, 1, 1), "New Year")
    update(site, holidays=[CHRISTMAS, second], blackouts=[])
    assert list(Holiday.objects.values_list("day_on", "name")) == [second, CHRISTMAS]
    assert Blackout.objects.count() == 0
    event = AuditEvent.objects.filter(act="site_update").latest("pk")
    assert event.before["blackouts"] == ["2026-12-20 2027-01-03 Year-end close"]
    assert event.after["holidays"] == ["2026-01-01 New Year", "2026-12-25 Christmas Day"]


def test_the_same_again_changes_nothing(site: Site) -> None:
    first = update(site, holidays=[CHRISTMAS], business_hours=WEEK)
    again = update(site, version=first.version, holidays=[CHRISTMAS], business_hours=WEEK)
    assert again.version == first.version == 2
    assert AuditEvent.objects.filter(act="site_update").count() == 1


def test_a_change_of_an_old_version_is_refused(site: Site) -> None:
    update(site, name="New name")
    with pytest.raises(VersionConflict):
        update(site, version=1, name="Other name")


def test_the_database_itself_refuses_blackouts_that_overlap(site: Site) -> None:
    update(site, blackouts=[CLOSE])
    with pytest.raises(IntegrityError):
        Blackout.objects.create(site=site, period=("2026-12-31", "2027-02-01"), reason="x")


def test_a_unit_keeps_the_hours_of_its_site_until_it_has_its_own(hospital: Hospital) -> None:
    update(hospital.root.site, business_hours=WEEK, holidays=[CHRISTMAS])
    ward = Unit.objects.select_related("site").get(pk=hospital.ward.pk)
    calendar = selectors.unit_calendar(ward)
    assert (calendar.hours, calendar.is_own) == (WEEK, False)
    assert calendar.holidays == {CHRISTMAS.day_on}
    own = {"7": [["00:00", "24:00"]]}
    services.unit_hours_set(ward, hours=own, version=1, by=1, at=STARTED)
    ward.refresh_from_db()
    assert (selectors.unit_calendar(ward).hours, ward.version) == (own, 2)


def test_hours_of_a_unit_are_checked(hospital: Hospital) -> None:
    with pytest.raises(Invalid):
        services.unit_hours_set(
            hospital.ward, hours={"1": [["9", "8"]]}, version=1, by=1, at=STARTED
        )
    with pytest.raises(VersionConflict):
        services.unit_hours_set(hospital.ward, hours={}, version=7, by=1, at=STARTED)


# Screens


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("", []),
        ("8-12, 13:30 – 17", [["08:00", "12:00"], ["13:30", "17:00"]]),
        ("8h–12h30", [["08:00", "12:30"]]),
        ("0-24", [["00:00", "24:00"]]),
        ("nine to five", None),
        ("8-", None),
    ],
)
def test_hours_are_read_as_people_type_them(typed: str, read: object) -> None:
    assert parse_hours(typed) == read


def test_a_site_is_made_on_a_page(admin: Client) -> None:
    form = {**NEW, "week_start": "7", "hours_1": "8-12, 13-17", "hours_6": "9-12"}
    form["holidays"] = "25-Dec-2026 Christmas Day\n1/5/2026 Labour Day"
    form["blackouts"] = "20-Dec-2026 – 3-Jan-2027 Close"
    answer = admin.post(reverse("org:site-new"), form)
    site = Site.objects.get(code="NORTH")
    assert answer.status_code == 303
    assert answer["Location"] == reverse("org:site", args=[site.public_id])
    page = admin.get(answer["Location"]).content.decode()
    for text in ("08:00–12:00, 13:00–17:00", "Christmas Day", "03-Jan-2027", "Africa/Nairobi"):
        assert text in page
    assert list(site.holidays.values_list("name", flat=True)) == ["Labour Day", "Christmas Day"]


def test_a_page_shows_what_it_can_read_again(admin: Client, site: Site) -> None:
    site = update(site, business_hours=WEEK, holidays=[CHRISTMAS], blackouts=[CLOSE])
    address = reverse("org:site-edit", args=[site.public_id])
    form = admin.get(address).context["form"]
    sent = {bound.name: bound.value() for bound in form}
    assert admin.post(address, sent).status_code == 303
    site.refresh_from_db()
    assert site.version == 3  # days that were not given are closed now
    assert site.business_hours == {day: WEEK.get(day, []) for day in "1234567"}
    assert site.blackouts.get().period.upper == date(2027, 1, 4)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"hours_2": "12-8"}, "in order and apart"),
        ({"holidays": "Christmas"}, "Line 1: write a day"),
        ({"holidays": "25-Dec-2026 Christmas\n31/12/9999 End"}, "Line 2: write a day"),
        ({"blackouts": "20-Dec-2026 Close"}, "Line 1: write the first day"),
        ({"blackouts": "20-Dec-2026 19-Dec-2026 Close"}, "ends before it starts"),
        ({"code": "no blanks"}, "letters, digits and hyphens"),
        ({"time_zone": "Moon"}, "Moon"),
        ({"version": "9"}, "Somebody else changed this"),
    ],
)
def test_a_page_says_what_is_wrong(
    typed: dict[str, str], says: str, admin: Client, site: Site
) -> None:
    address = reverse("org:site-edit", args=[site.public_id])
    answer = admin.post(address, form_of(site, **typed))
    assert answer.status_code in {412, 422}
    assert says in answer.content.decode()
    site.refresh_from_db()
    assert site.version == 1


def test_a_unit_gets_hours_of_its_own_and_gives_them_up(admin: Client, hospital: Hospital) -> None:
    address = reverse("org:unit-hours", args=[hospital.ward.public_id])
    form = {"whose": "own", "version": "1", "hours_1": "8-20"}
    assert admin.post(address, form).status_code == 303
    page = admin.get(reverse("org:unit", args=[hospital.ward.public_id])).content.decode()
    assert "08:00–20:00" in page
    assert admin.post(address, form | {"whose": "site", "version": "2"}).status_code == 303
    hospital.ward.refresh_from_db()
    assert hospital.ward.business_hours == {}


def test_own_hours_need_at_least_one_day(admin: Client, hospital: Hospital) -> None:
    address = reverse("org:unit-hours", args=[hospital.ward.public_id])
    assert admin.post(address, {"whose": "own", "version": "1"}).status_code == 422


def test_who_administers_a_ward_only_opens_no_site(client: Client, hospital: Hospital) -> None:
    head = people.person("head")
    people.assign(head, "system_administrator", hospital.ward)
    sign_in(client, head)
    assert client.post(reverse("org:site-new"), NEW | {"week_start": "1"}).status_code == 422
    address = reverse("org:site-edit", args=[hospital.root.site.public_id])
    assert client.get(address).status_code == 404
    assert client.post(SITES, NEW, content_type="application/json").status_code == 403
    assert patch(client, hospital.root.site, {"name": "Mine"}).status_code == 403
    assert Site.objects.count() == 2


# Programs


def test_the_api_makes_a_site_once_for_a_key(admin: Client) -> None:
    body = NEW | {"business_hours": WEEK, "holidays": [{"day_on": "2026-12-25", "name": "X"}]}
    headers = {"Idempotency-Key": "site-1"}
    first = admin.post(SITES, body, content_type="application/json", headers=headers)
    again = admin.post(SITES, body, content_type="application/json", headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json() == admin.get(first["Location"]).json()
    assert again["Idempotent-Replay"] == "true"
    assert Site.objects.filter(code="NORTH").count() == 1


def test_the_api_changes_a_site(admin: Client, site: Site) -> None:
    blackout = {"starts_on": "2026-12-20", "ends_on": "2027-01-03", "reason": "Close"}
    answer = patch(admin, site, {"time_zone": "Asia/Tokyo", "blackouts": [blackout]})
    assert answer.status_code == 200
    assert answer["ETag"] == '"2"'
    assert answer.json()["blackouts"] == [blackout]
    assert patch(admin, site, {"name": "Other"}).status_code == 412


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"is_active": False}, "is_active"),
        ({"code": "a b"}, "code"),
        ({"business_hours": {"1": [["12:00", "08:00"]]}}, "business_hours"),
        ({"business_hours": None}, "business_hours"),
        ({"holidays": [{"day_on": "9999-12-31", "name": "End"}]}, "holidays"),
        ({"holidays": [{"day_on": 5, "name": "End"}]}, "holidays"),
        ({"holidays": [{"day_on": "2026-12-25", "name": "X", "site": 1}]}, "holidays"),
        ({"blackouts": "none"}, "blackouts"),
    ],
)
def test_the_api_names_what_it_does_not_take(
    body: dict[str, Any], field: str, admin: Client, site: Site
) -> None:
    answer = patch(admin, site, body)
    assert answer.status_code == 422
    assert field in answer.json()["errors"]
    site.refresh_from_db()
    assert site.version == 1


def test_the_api_sets_the_hours_of_a_unit(admin: Client, hospital: Hospital) -> None:
    answer = admin.put(
        f"/api/v1/org/units/{hospital.ward.public_id}/hours",
        {"business_hours": WEEK},
        content_type="application/json",
        headers={"If-Match": '"1"'},
    )
    assert (answer.status_code, answer.json()["business_hours"]) == (200, WEEK)


def test_the_same_hours_again_change_nothing(hospital: Hospital) -> None:
    week = {"1": [["08:00", "12:00"]]}
    given = {"hours": week, "by": hospital.admin.pk, "at": STARTED}
    once = services.unit_hours_set(hospital.ward, version=None, **given)
    again = services.unit_hours_set(hospital.ward, version=once.version, **given)
    assert again.version == once.version
    monday = datetime(2026, 11, 23, tzinfo=ZoneInfo("Europe/Paris"))
    assert selectors.unit_calendar(again).minutes(monday, monday + timedelta(days=2)) == 240


def test_nowhere_is_no_place_to_practise() -> None:
    assert not selectors.is_training_unit(None)
    assert selectors.training_units(near=None) == []
