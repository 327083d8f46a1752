"""What questions to the trail cost: indexes that serve, months that stay shut, few questions."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.selectors import search
from core import clock
from tests.audit.test_search import EVERYWHERE, ROW, event, whole_house
from tests.factories.org import Hospital

# As many as any page may ask (tests/hms/test_page_budgets.py).
MOST_QUERIES = 16


def plan(wanted: dict[str, Any], **how: Any) -> str:
    """Return how the server would answer, were the table too large to be read through."""
    rows = search.sorted_rows(search.search(wanted, reach=EVERYWHERE), **how)[:51]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        sql, values = rows.query.sql_with_params()
        cursor.execute(f"EXPLAIN {sql}", values)
        return "\n".join(line for (line,) in cursor.fetchall())


def test_the_newest_rows_of_a_period_come_from_the_index_of_time(db: None) -> None:
    told = plan({"since": clock.now() - timedelta(days=1)})
    assert "occurred_at_id_idx" in told
    assert "->  Sort" not in told


def test_months_before_the_period_stay_shut(db: None) -> None:
    """Of the months that are made ahead those before the beginning are not opened."""
    ahead = clock.now() + timedelta(days=120)
    whole, later = plan({}), plan({"since": ahead})
    this_month = f"audit_auditevent_{clock.now():%Y_%m}"
    assert this_month in whole
    assert this_month not in later
    assert f"audit_auditevent_{ahead:%Y_%m}" in later


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ({"request": "request-77"}, "_request"),
        ({"kind": "org.user", "thing": "4711"}, "subject_type_subject"),
        ({"patient": "5f0e6f5e-9d0a-4d6e-8f0a-1b2c3d4e5f60"}, "patient_occurred_at"),
    ],
)
def test_a_request_a_thing_and_a_patient_have_their_index(
    db: None, wanted: dict[str, Any], index: str
) -> None:
    assert index in plan(wanted, sort="door")


PAGES = {
    "search": "/audit/",
    "search, filtered": "/audit/?person=delgado&thing=medical&period=all&sort=door",
    "changes": "/audit/history/?period=all",
    "changes of a thing": "/audit/history/?period=all&thing=medical&person=okafor",
    "disclosures": "/audit/disclosures/?period=all",
    "seals": "/audit/seals/",
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_few_questions(hospital: Hospital, name: str) -> None:
    client = whole_house(hospital)
    for kind in ("org.user", "org.unit", "org.role", "org.site", "org.apiclient", "core.event"):
        event(**{**ROW, "subject_type": kind, "actor": hospital.admin.pk, "unit_name": ""})
    client.get(PAGES[name])
    with CaptureQueriesContext(connection) as asked:
        assert client.get(PAGES[name]).status_code == 200
    assert len(asked) <= MOST_QUERIES, [query["sql"][:120] for query in asked]


def test_one_row_asks_few_questions(hospital: Hospital) -> None:
    client = whole_house(hospital)
    address = reverse("audit:event", args=[event(**ROW).public_id])
    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        client.get(address)
    assert len(asked) <= MOST_QUERIES
