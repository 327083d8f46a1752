"""The search screen of the trail: every filter, every order, pages that stay, and who may look."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from audit.selectors import search
from core import clock
from org.models import User
from tests.factories import org as people
from tests.factories.org import Hospital
from tests.factories.sessions import sign_in

EVERYWHERE = (frozenset[int](), True)
PATIENT = uuid4()
ROW: dict[str, Any] = {
    "act": "unit_close",
    "action": "U",
    "outcome": "4",
    "role": "ward_manager",
    "unit_name": "Cardiology",
    "patient": PATIENT,
    "subject_type": "org.role",
    "subject": "4711",
    "reason": "Water damage",
    "before": {"beds": 12},
    "after": {"beds": 0, "note": "moved to Annex"},
    "query": {"terms": {"q": "weasel"}},
    "recipient": "Insurer North",
    "purpose": "Claim 7",
    "door": "org:unit-close",
    "source": "import",
    "address": "10.1.2.3",
    "session": "abcd1234",
    "request_id": "request-77",
}


def event(at: timedelta = timedelta(hours=1), **values: Any) -> AuditEvent:
    """A row that happened `at` ago."""
    base = {"act": "noise", "action": "R", "source": "screen", "occurred_at": clock.now() - at}
    return AuditEvent.objects.create(**{**base, **values})


def whole_house(hospital: Hospital, role: str = "privacy_officer") -> Client:
    """Return a browser of somebody who holds the role at the root of every site."""
    user = hospital.person(role)
    people.assign(user, role, hospital.elsewhere_root)
    return sign_in(Client(), user)


@pytest.fixture
def officer(hospital: Hospital) -> Client:
    return whole_house(hospital)


def shown(client: Client, **filters: Any) -> list[UUID]:
    """Return which rows the first page shows."""
    answer = client.get(reverse("audit:events") + "?" + urlencode(filters))
    assert answer.status_code == 200, answer.content[:500]
    return [row.event.public_id for row in answer.context["rows"]]


FILTERS = {
    "act": "unit_cl",
    "action": "U",
    "outcome": "4",
    "role": "ward_man",
    "unit": "cardio",
    "patient": str(PATIENT),
    "kind": "org.role",
    "thing": "4711",
    "reason": "water",
    "recipient": "insurer",
    "purpose": "claim 7",
    "door": "unit-close",
    "source": "import",
    "address": "10.1.2",
    "session": "abcd1234",
    "request": "request-77",
    "words": "weasel",
}


@pytest.mark.parametrize("name", FILTERS)
def test_each_filter_finds_its_row_and_no_other(officer: Client, name: str) -> None:
    wanted = event(**ROW)
    event()
    assert shown(officer, **{name: FILTERS[name]}) == [wanted.public_id]


@pytest.mark.parametrize("words", ["Annex", "beds", "WEASEL", "damage"])
def test_words_are_found_in_what_was_asked_before_after_and_why(
    officer: Client, words: str
) -> None:
    wanted = event(**ROW)
    assert shown(officer, words=words, act="unit_close") == [wanted.public_id]


def test_a_person_is_found_by_the_name_then_and_the_name_now(
    hospital: Hospital, officer: Client
) -> None:
    nurse = hospital.person("nurse")
    then = event(actor=nurse.pk, actor_name="MAIDEN, Rosa")
    nameless = event(actor=nurse.pk)
    User.objects.filter(pk=nurse.pk).update(family_name="Married")
    assert shown(officer, person="maiden") == [then.public_id]
    assert set(shown(officer, person="married")) == {then.public_id, nameless.public_id}
    assert set(shown(officer, actor=nurse.public_id)) == {then.public_id, nameless.public_id}
    assert shown(officer, actor=uuid4()) == []


def test_a_thing_is_found_by_what_it_is_called(hospital: Hospital, officer: Client) -> None:
    key = str(hospital.ward.public_id)
    wanted = event(subject_type="org.unit", subject=key)
    event(subject_type="org.unit", subject=str(hospital.clinic.public_id))
    assert shown(officer, thing="medical a", act="noise") == [wanted.public_id]
    assert shown(officer, thing=key, act="noise") == [wanted.public_id]
    assert shown(officer, thing="medical a", kind="org.user") == []


def test_the_last_24_hours_are_shown_unless_another_period_is_asked(officer: Client) -> None:
    day, week, year = (event(timedelta(days=days), act="old") for days in (0.5, 6, 400))
    assert shown(officer, act="old") == [day.public_id]
    assert shown(officer, act="old", period="7d") == [day.public_id, week.public_id]
    assert shown(officer, act="old", period="all")[-1] == year.public_id
    assert shown(officer, act="old", since="t-7", until="t-5") == [week.public_id]


WRONG = {
    "since": "yesterdayish",
    "until": "31 2 26",
    "period": "century",
    "patient": "P-1",
    "actor": "1 OR 1=1",
    "action": "X",
    "outcome": "99",
    "kind": "org.spaceship",
    "source": "telepathy",
    "sort": "pg_sleep(5)",
    "order": "sideways",
    "person": "x" * 81,
    "thing": "a\u202eb",
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_filter_is_told_at_its_field_and_kept(officer: Client, name: str) -> None:
    event()
    answer = officer.get(reverse("audit:events") + "?" + urlencode({name: WRONG[name]}))
    assert answer.status_code == 422
    form = answer.context["filter"]
    assert list(form.errors) == [name]
    assert answer.context["rows"] == []
    if name != "actor":
        assert f'id="id_{name}_error"' in answer.content.decode()


def test_an_end_before_the_beginning_is_told(officer: Client) -> None:
    answer = officer.get(reverse("audit:events") + "?since=t-1&until=t-3")
    assert (answer.status_code, list(answer.context["filter"].errors)) == (422, ["until"])


INJECTIONS = [
    "' OR 1=1 --",
    "%",
    "u_it",
    "\\",
    "1; DROP TABLE audit_auditevent",
    "$$",
    '")) OR ((1=1',
]


@pytest.mark.parametrize("text", INJECTIONS)
@pytest.mark.parametrize("name", ["person", "thing", "act", "words", "role", "unit", "address"])
def test_a_filter_is_data_and_never_sql(officer: Client, name: str, text: str) -> None:
    event(**ROW)
    assert shown(officer, **{name: text, "request": "request-77"}) == []


@pytest.mark.parametrize("sort", ["occurred_at;--", "1", "(SELECT 1)", "id,id", "password", "-id"])
def test_only_listed_columns_sort(officer: Client, sort: str) -> None:
    answer = officer.get(reverse("audit:events"), {"sort": sort})
    assert (answer.status_code, list(answer.context["filter"].errors)) == (422, ["sort"])


def test_every_recorded_column_can_be_sorted_by() -> None:
    columns = {field.name for field in AuditEvent._meta.concrete_fields}
    assert set(search.SORTS) == columns


def _walk(**how: Any) -> list[int]:
    """Return the row numbers of all pages, forwards, having checked that backwards is the same."""
    rows = AuditEvent.objects.filter(door="walk")
    ahead, pages, cursor = [], [], ""
    while True:
        page = search.page(rows, cursor=cursor, size=3, **how)
        pages.append([row.pk for row in page.items])
        ahead += pages[-1]
        if not page.next:
            break
        cursor = page.next
    for before in reversed(pages[:-1]):
        page = search.page(rows, cursor=page.previous, size=3, **how)
        assert [row.pk for row in page.items] == before
    assert not page.previous
    return ahead


@pytest.mark.parametrize("is_down", [True, False], ids=["down", "up"])
@pytest.mark.parametrize("sort", sorted(search.SORTS))
def test_every_order_walks_over_every_row_once_both_ways(
    db: None, sort: str, is_down: bool
) -> None:
    for number in range(4):
        event(timedelta(minutes=number), door="walk")
        event(timedelta(minutes=number), **{**ROW, "door": "walk", "actor": number % 2, "unit": 3})
    found = _walk(sort=sort, is_down=is_down)
    assert len(found) == len(set(found)) == 8


@pytest.mark.parametrize("is_down", [True, False], ids=["down", "up"])
@pytest.mark.parametrize("sort", ["actor", "recipient", "before"])
def test_what_has_no_value_comes_last_whichever_way(db: None, sort: str, is_down: bool) -> None:
    low, high = {"actor": (1, 2), "before": ({"a": 1}, {"b": 1})}.get(sort, ("a", "b"))
    none = event(door="walk")
    first, second = event(door="walk", **{sort: low}), event(door="walk", **{sort: high})
    filled = [second.pk, first.pk] if is_down else [first.pk, second.pk]
    assert _walk(sort=sort, is_down=is_down) == [*filled, none.pk]


def test_pages_stay_while_rows_are_added(officer: Client) -> None:
    rows = [event(timedelta(minutes=60 - n), act="stay") for n in range(5)]
    address = reverse("audit:events")
    first = officer.get(address, {"act": "stay", "size": 2})
    for _each in range(7):
        event(timedelta(seconds=1), act="stay")
    second = officer.get(address, {"act": "stay", "size": 2, "cursor": first.context["pages"].next})
    seen = [row.event.pk for page in (first, second) for row in page.context["rows"]]
    assert seen == [row.pk for row in reversed(rows)][:4]


@pytest.mark.parametrize("cursor", ["n", "x" * 33, "n" + "0" * 32, "' OR 1=1", "p" + "g" * 32])
def test_a_damaged_page_address_is_refused(officer: Client, cursor: str) -> None:
    assert officer.get(reverse("audit:events"), {"cursor": cursor}).status_code == 422


def test_many_rows_are_not_counted_to_the_end(officer: Client) -> None:
    one = event(act="many")
    values = {name: getattr(one, name) for name in ("act", "action", "source", "occurred_at")}
    AuditEvent.objects.bulk_create(AuditEvent(**values) for _each in range(1_100))
    page = officer.get(reverse("audit:events"), {"act": "many"})
    assert (page.context["count"], page.context["is_more"]) == (1_000, True)
    assert "More than 1,000 rows" in page.content.decode()


def test_a_reader_of_one_site_sees_the_rows_of_its_units_only(
    hospital: Hospital, as_role: Callable[[str], Client]
) -> None:
    own = event(unit=hospital.ward.pk, act="scope")
    other, nowhere = event(unit=hospital.elsewhere.pk, act="scope"), event(act="scope")
    client = as_role("privacy_officer")
    assert shown(client, act="scope") == [own.public_id]
    for row in (other, nowhere):
        assert client.get(reverse("audit:event", args=[row.public_id])).status_code == 404
    assert len(shown(whole_house(hospital), act="scope")) == 3


def test_without_the_right_nothing_is_shown_and_existence_is_not_told(
    hospital: Hospital, as_role: Callable[[str], Client]
) -> None:
    row = event(unit=hospital.ward.pk)
    for role in ("nurse", "system_administrator"):
        client = as_role(role)
        assert client.get(reverse("audit:events")).status_code == 403
        for key in (row.public_id, uuid4()):
            assert client.get(reverse("audit:event", args=[key])).status_code == 403


def test_reading_the_trail_is_on_the_trail(officer: Client, hospital: Hospital) -> None:
    row = event(**ROW)
    by = hospital.person("privacy_officer").pk
    officer.get(reverse("audit:events"), {"person": "delgado", "sort": "door"})
    listed = AuditEvent.objects.filter(door="audit:events").latest("id")
    assert (listed.act, listed.actor, listed.outcome) == ("search", by, "0")
    assert listed.query == {
        "terms": {"person": "delgado"},
        "sort": "door",
        "count": 0,
    }
    officer.get(reverse("audit:event", args=[row.public_id]))
    seen = AuditEvent.objects.filter(door="audit:event").latest("id")
    assert (seen.act, seen.subject_type, seen.subject) == (
        "view",
        "audit.auditevent",
        str(row.public_id),
    )
    assert seen.patient == PATIENT


def test_one_row_says_everything_and_leads_to_its_request(officer: Client) -> None:
    row = event(**ROW)
    event(request_id="request-77")
    page = officer.get(reverse("audit:event", args=[row.public_id])).content.decode()
    for text in ("Water damage", "Insurer North", "Claim 7", "weasel", "moved to Annex"):
        assert text in page
    assert "Everything in this request (2 rows)" in page
    (href,) = re.findall(r'href="(/audit/\?period=all&amp;request=[^"]+)"', page)
    answer = officer.get(href.replace("&amp;", "&"))
    assert len(answer.context["rows"]) == 2
    assert "Not sealed yet" in page


def test_markup_in_a_row_stays_text(officer: Client) -> None:
    row = event(reason="<script>alert(1)</script>", after={"<b>": "<img src=x>"})
    page = officer.get(reverse("audit:event", args=[row.public_id])).content.decode()
    assert "<script>alert(1)" not in page
    assert "<img src=x>" not in page


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_pages_render_in_both_languages(
    hospital: Hospital, officer: Client, language: str
) -> None:
    User.objects.filter(pk=hospital.person("privacy_officer").pk).update(language=language)
    row = event(**ROW)
    for address in (reverse("audit:events"), reverse("audit:event", args=[row.public_id])):
        page = officer.get(address)
        assert page.status_code == 200
        assert f'lang="{language}"' in page.content.decode()
