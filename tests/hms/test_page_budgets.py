"""What a page may cost: questions to the database, bytes and elements (docs: UX budgets)."""

import gzip
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from org import house, levels, services
from org.models import Unit, User
from tests.factories.org import STARTED, Hospital, assign, person, unit

# One of them puts the look on the trail (SEC-U1).
MOST_QUERIES = 16
# A page of 100 rows; the page after the first, when files are in the browser's cache.
MOST_ELEMENTS, MOST_BYTES, NEXT_PAGE_BYTES = 3_000, 40 * 1024, 15 * 1024
LISTS = {
    "home": "/",
    "units": "/units/",
    "units, filtered": "/units/?kind=ward",
    "unit": "/units/{unit}/",
    "people": "/people/",
    "person": "/people/{person}/",
    "assign": "/people/{person}/assign/",
    "roles": "/roles/",
    "role": "/roles/nurse/",
    "modules": "/modules/",
    "levels": "/modules/history/",
    "search": "/search/?q=many",
    "preferences": "/preferences/",
}
# Behind these stands no list of units or people.
SHORT = {"assign", "home", "role", "roles", "search", "preferences"}


class Elements(HTMLParser):
    """Counts elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.count = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.count += 1


class Crowd:
    """A growing number of units, people, assignments and levels, and one person in all units."""

    def __init__(self, hospital: Hospital) -> None:
        self.hospital = hospital
        self.busy = person("busy", family_name="Busy")
        self.size = 0

    def grow(self, size: int) -> "Crowd":
        for number in range(self.size, size):
            place = self._unit(number)
            user = person(f"many{number}", family_name="Many", given_name=f"Number {number}")
            assign(user, "nurse", place)
            assign(self.busy, "nurse", place)
            services.activation_set(
                unit=place,
                module="lab",
                level="live",
                reason="Go-live of the wave",
                by=user.pk,
                at=STARTED + timedelta(minutes=number),
            )
        self.size = size
        return self

    def _unit(self, number: int) -> Unit:
        return unit(self.hospital.root, f"N{number}", name=f"Many wards, number {number}")

    def address(self, name: str) -> str:
        return LISTS[name].format(
            unit=self.hospital.root.public_id, person=self._fresh(self.busy).public_id
        )

    @staticmethod
    def _fresh(user: User) -> User:
        return User.objects.get(pk=user.pk)


@pytest.fixture
def crowd(hospital: Hospital) -> Crowd:
    return Crowd(hospital)


@pytest.fixture
def admin(as_role) -> Client:
    return as_role("system_administrator")


def asked(client: Client, address: str) -> int:
    """Count what a thread asks that remembers nothing of an earlier page."""
    levels.forget()
    house.forget()
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


def test_a_page_asks_as_often_at_50_rows_as_at_1(crowd: Crowd, admin: Client) -> None:
    crowd.grow(1)
    few = {name: asked(admin, crowd.address(name)) for name in LISTS}
    crowd.grow(50)
    many = {name: asked(admin, crowd.address(name)) for name in LISTS}
    assert many == few
    assert {name: count for name, count in many.items() if count > MOST_QUERIES} == {}


def test_a_page_of_100_rows_is_light(crowd: Crowd, admin: Client) -> None:
    crowd.grow(100)
    heavy = {}
    for name in LISTS:
        page = admin.get(crowd.address(name)).content
        elements, weight = Elements(page.decode()).count, len(gzip.compress(page, 6))
        assert name in SHORT or page.count(b"Many") >= 50, name
        limit = NEXT_PAGE_BYTES if name in SHORT else MOST_BYTES
        if elements > MOST_ELEMENTS or weight > limit:
            heavy[name] = (elements, weight)
    assert heavy == {}


def test_the_next_page_is_lighter_still(crowd: Crowd, admin: Client) -> None:
    """Pages of the usual length: a ward manager's day, not the whole hospital at once."""
    crowd.grow(20)
    weights = {
        name: len(gzip.compress(admin.get(crowd.address(name)).content, 6)) for name in LISTS
    }
    assert {name: weight for name, weight in weights.items() if weight > NEXT_PAGE_BYTES} == {}


def test_a_filter_does_not_carry_every_unit_of_a_large_hospital(
    crowd: Crowd, admin: Client
) -> None:
    ward = f'value="{crowd.hospital.ward.public_id}" selected'
    assert 'name="unit"' in admin.get("/people/").content.decode()
    crowd.grow(101)
    page = admin.get("/people/").content
    assert b'name="unit"' not in page
    assert len(gzip.compress(page, 6)) < NEXT_PAGE_BYTES
    for path in ("/people/", "/modules/history/"):
        chosen = admin.get(f"{path}?unit={crowd.hospital.ward.public_id}").content.decode()
        assert chosen.count("<option value=") < 20
        assert ward in chosen


def test_pages_travel_compressed_and_api_answers_keep_their_version(
    hospital: Hospital, admin: Client
) -> None:
    asks = {"accept-encoding": "gzip, br"}
    page = admin.get("/units/", headers=asks)
    assert page["Content-Encoding"] == "gzip"
    assert b"Medical A" in gzip.decompress(page.content)
    answer = admin.get(f"/api/v1/org/units/{hospital.ward.public_id}/", headers=asks)
    assert not answer.has_header("Content-Encoding")
    assert answer["ETag"].startswith('"')
