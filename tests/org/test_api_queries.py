"""A page of 50 asks the database as often as a page of 1."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core import clock
from org import services
from tests.factories.org import STARTED, Hospital, assign, person, unit
from tests.factories.sessions import sign_in

API = "/api/v1/org"
# Session, user, grants: asked by the middleware for every request; and the look's row on the trail.
WHO = 3 + 1


@pytest.fixture
def admin(hospital: Hospital) -> Client:
    client = Client()
    sign_in(client, hospital.admin)
    return client


def crowd(hospital: Hospital, count: int) -> None:
    for number in range(count):
        place = unit(hospital.root, f"N{number}", name=f"Numbered {number}")
        user = person(f"many{number}", family_name="Many")
        assign(user, "nurse", place)
        services.activation_set(
            unit=place, module="lab", level="live", reason="x", by=user.pk, at=STARTED
        )


def asked(client: Client, address: str) -> tuple[int, int]:
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(address)
    assert answer.status_code == 200
    return len(queries), len(answer.json()["items"])


def test_lists_ask_as_often_at_50_rows_as_at_1(hospital: Hospital, admin: Client) -> None:
    crowd(hospital, 50)
    for path, most in [
        ("units/", 1),
        ("people/", 4),
        ("assignments/", 1),
        ("activation/", 2),
        ("activation/history/", 3),
        ("roles/", 3),
        ("sites/", 3),
    ]:
        few, one = asked(admin, f"{API}/{path}?size=1")
        many, rows = asked(admin, f"{API}/{path}?size=50")
        assert (path, few, one) == (path, many, 1)
        assert rows == 50 or path in {"roles/", "sites/"}
        assert many <= WHO + most, path


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/me/", 1),
        ("/units/{ward}/", 1),
        ("/people/{nurse}/", 2),
        ("/activation/{ward}/lab/", 2),
    ],
)
def test_one_record_is_a_question_or_two(
    hospital: Hospital, admin: Client, django_assert_max_num_queries: Any, path: str, most: int
) -> None:
    address = API + path.format(
        ward=hospital.ward.public_id, nurse=hospital.person("nurse").public_id
    )
    with django_assert_max_num_queries(WHO + most):
        assert admin.get(address).status_code == 200


def test_the_clock_of_an_answer_is_the_request_s(admin: Client, hospital: Hospital) -> None:
    """An assignment that ended is not in force, whatever the group membership still says."""
    gone = person("gone", family_name="Gone")
    assign(gone, "nurse", hospital.ward, days=1)
    row = admin.get(f"{API}/people/?search=gone").json()["items"][0]
    assert row["assignments"] == []
    with clock.at(STARTED):
        row = admin.get(f"{API}/people/?search=gone").json()["items"][0]
    assert [item["role"] for item in row["assignments"]] == ["nurse"]
