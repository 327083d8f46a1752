"""Who changed people, roles, units, levels, apps: every kept table in one list, without secrets."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.selectors import history, names, policy
from core import clock
from org import services
from org.models import Unit, User
from tests.audit.test_search import EVERYWHERE, whole_house
from tests.factories import org as people
from tests.factories.org import Hospital

ADDRESS = "audit:history"


@pytest.fixture
def officer(hospital: Hospital) -> Client:
    return whole_house(hospital)


def found(**wanted: Any) -> list[history.Version]:
    return history.page(wanted, reach=EVERYWHERE, size=200).items


def shown(client: Client, **wanted: Any) -> list[Any]:
    answer = client.get(reverse(ADDRESS), wanted)
    assert answer.status_code == 200, answer.content[:500]
    return list(answer.context["rows"])


def admin_changes(hospital: Hospital, client: Client) -> str:
    """The administrator closes a clinic, over HTTP; returns the request's id."""
    unit = hospital.clinic
    answer = client.post(
        reverse("org:unit-close", args=[unit.public_id]),
        {"reason": "Water damage", "version": unit.version},
    )
    assert answer.status_code == 303
    return answer["X-Request-Id"]


def test_every_table_with_history_is_in_the_list() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.columns "
            "WHERE table_schema = 'public' AND column_name = 'pgh_obj_id'"
        )
        tables = {name for (name,) in cursor.fetchall()}
    of_patients = {name for name in tables if name.startswith("patients_")}
    assert of_patients, "records of patients keep their history, and are no configuration"
    assert {one.table for one in history.every().values()} == tables
    shown = {one.table for one in history.kept().values()}
    assert shown & of_patients == set()
    assert {"org_unitevent", "worklist_delegationevent"} <= shown


test_every_table_with_history_is_in_the_list = pytest.mark.django_db(
    test_every_table_with_history_is_in_the_list
)


def test_a_change_says_who_when_what_before_after_why_and_how(
    hospital: Hospital, as_role: Callable[[str], Client], officer: Client
) -> None:
    request = admin_changes(hospital, as_role("system_administrator"))
    (row,) = shown(officer, request=request, kind="org.unit")
    assert (row.who, row.person) == (hospital.admin.full_name, hospital.admin.public_id)
    assert (row.kind, row.thing, row.version.label) == ("Unit", "Medicine clinic", "update")
    assert row.version.before == {"is_active": True, "version": 1}
    assert row.version.after == {"is_active": False, "version": 2}
    assert [(one.field, one.before, one.after) for one in row.first] == [("is_active", "yes", "no")]
    assert row.version.reason == "Water damage"
    assert row.version.context["door"] == "org:unit-close"
    assert clock.now() - row.version.at < timedelta(minutes=1)


def test_raw_sql_and_deletions_are_in_it_too(hospital: Hospital, officer: Client) -> None:
    unit = people.unit(hospital.root, "TMP", name="Temporary")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE org_unit SET beds = 7 WHERE id = %s", [unit.pk])
    Unit.objects.filter(pk=unit.pk).delete()
    rows = shown(officer, thing=str(unit.public_id), kind="org.unit")
    assert [row.version.label for row in rows] == ["delete", "update", "insert"]
    assert (rows[1].version.before, rows[1].version.after) == ({"beds": 0}, {"beds": 7})
    assert rows[0].version.before["name"] == "Temporary"
    assert all(row.thing == "Temporary" for row in rows)


def test_numbers_are_told_by_name(hospital: Hospital, officer: Client) -> None:
    nurse = hospital.person("nurse")
    rows = shown(officer, kind="org.assignment", thing=str(nurse.public_id))
    told = {one.field: one.after for row in rows for one in [*row.first, *row.rest]}
    assert (told["user_id"], told["role_id"], told["unit_id"]) == (
        nurse.full_name, "Nurse", "Medical A",
    )  # fmt: skip


def test_what_points_at_a_thing_is_found_with_it(hospital: Hospital) -> None:
    nurse = hospital.person("nurse")
    kinds = {row.kind for row in found(thing=str(nurse.public_id))}
    assert {"org.user", "org.assignment"} <= kinds


def test_a_thing_is_found_by_its_name_of_then(hospital: Hospital) -> None:
    Unit.objects.filter(pk=hospital.ward.pk).update(name="Medical renamed")
    for name in ("medical a", "renamed"):
        assert hospital.ward.pk in {int(row.row_id) for row in found(thing=name, kind="org.unit")}


def test_filters_narrow(hospital: Hospital, as_role: Callable[[str], Client]) -> None:
    admin_changes(hospital, as_role("system_administrator"))
    name = hospital.admin.family_name
    assert {row.context["user"] for row in found(person=name)} == {hospital.admin.pk}
    assert {row.context["user"] for row in found(actor=hospital.admin.public_id)} == {
        hospital.admin.pk
    }
    assert {row.label for row in found(change="update")} == {"update"}
    assert {row.kind for row in found(kind="org.role")} == {"org.role"}
    now = clock.now()
    assert found(since=now + timedelta(hours=1)) == found(until=now - timedelta(hours=1)) == []
    assert found(person="nobody of that name") == found(thing="no such thing") == []


@pytest.mark.parametrize("text", ["' OR 1=1 --", "%", "_edical", "1; DROP TABLE org_unit", "\\"])
@pytest.mark.parametrize("name", ["thing", "person", "request"])
def test_a_filter_is_data_and_never_sql(hospital: Hospital, name: str, text: str) -> None:
    assert found(**{name: text, "kind": "org.unit"}) == []


def test_secrets_are_nowhere(
    hospital: Hospital, officer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "secret_columns", lambda: {"org.unit": frozenset({"name"})})
    people.unit(hospital.root, "SEC", name="Zzyxsecret")
    rows = found(kind="org.unit")
    assert rows
    assert all("name" not in row.row and "name" not in (row.after or {}) for row in rows)
    assert b"Zzyxsecret" not in officer.get(reverse(ADDRESS), {"kind": "org.assignment"}).content


def test_secret_columns_are_those_of_the_policy_and_in_no_history(hospital: Hospital) -> None:
    assert "password" in policy.secret_columns()["org.user"]
    for row in found(kind="org.user"):
        assert not set(row.row) & policy.secret_columns()["org.user"]
        assert not any(name.startswith("pgh_") or name == "sealed_xid" for name in row.row)


def test_pages_walk_over_every_version_once_and_back(hospital: Hospital) -> None:
    whole = [(row.kind, row.number) for row in found()][:60]
    ahead, pages, cursor = [], [], ""
    while len(ahead) < 60:
        page = history.page({}, reach=EVERYWHERE, cursor=cursor, size=20)
        pages.append(page)
        ahead += [(row.kind, row.number) for row in page.items]
        cursor = page.next
    assert ahead == whole
    back = history.page({}, reach=EVERYWHERE, cursor=pages[2].previous, size=20)
    assert [row.cursor for row in back.items] == [row.cursor for row in pages[1].items]
    times = [row.at for page in pages for row in page.items]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize("cursor", ["n1", "x1.org.unit.1", "n1.org.spaceship.1", "n1.org.unit.' "])
def test_a_damaged_page_address_is_refused(officer: Client, cursor: str) -> None:
    assert officer.get(reverse(ADDRESS), {"cursor": cursor}).status_code == 422


def test_the_list_costs_the_same_however_many_rows(hospital: Hospital, officer: Client) -> None:
    officer.get(reverse(ADDRESS))
    with CaptureQueriesContext(connection) as few:
        officer.get(reverse(ADDRESS), {"size": 5})
    with CaptureQueriesContext(connection) as many:
        officer.get(reverse(ADDRESS), {"size": 100})
    assert len(few) <= len(many) <= 16


def test_one_site_sees_what_was_done_in_its_units(
    hospital: Hospital, as_role: Callable[[str], Client]
) -> None:
    request = admin_changes(hospital, as_role("system_administrator"))
    rows = shown(as_role("privacy_officer"))
    assert {row.version.context["request"] for row in rows} == {request}
    assert len(shown(whole_house(hospital))) > len(rows)


def test_who_may_read_it(hospital: Hospital, as_role: Callable[[str], Client]) -> None:
    for role in ("system_administrator", "auditor", "privacy_officer"):
        assert as_role(role).get(reverse(ADDRESS)).status_code == 200
    assert as_role("nurse").get(reverse(ADDRESS)).status_code == 403
    assert (
        b"?period=all&amp;request"
        not in as_role("system_administrator").get(reverse(ADDRESS)).content
    )


def test_a_thing_leads_to_its_own_history_for_whoever_may_see_it(
    hospital: Hospital, as_role: Callable[[str], Client]
) -> None:
    address = reverse("org:unit", args=[hospital.clinic.public_id])
    link = f"{reverse(ADDRESS)}?period=all&amp;thing={hospital.clinic.public_id}"
    for role, sees in (("system_administrator", True), ("ward_manager", False)):
        assert (link in as_role(role).get(address).content.decode()) is sees, role


def test_columns_have_words_in_the_language_of_the_reader(
    hospital: Hospital, officer: Client, as_role: Callable[[str], Client]
) -> None:
    admin_changes(hospital, as_role("system_administrator"))
    page = officer.get(reverse(ADDRESS), {"thing": str(hospital.clinic.public_id)})
    assert ">In use</span>" in page.content.decode()


def test_a_wrong_filter_is_told_at_its_field(officer: Client) -> None:
    answer = officer.get(reverse(ADDRESS), {"since": "soon"})
    assert (answer.status_code, list(answer.context["filter"].errors)) == (422, ["since"])


def test_role_permissions_have_their_names(hospital: Hospital) -> None:
    rows = found(kind="org.rolepermission")
    assert rows
    assert any(name for name in history.meant(rows).values())
    assert names.kind_word("org.rolepermission")


def test_a_level_says_its_unit(hospital: Hospital, officer: Client) -> None:
    services.activation_set(
        unit=hospital.ward, module="lab", level="live", reason="Go", by=hospital.admin.pk,
        at=clock.now(),
    )  # fmt: skip
    row, *_older = shown(officer, kind="org.moduleactivation")
    assert row.thing.endswith(", Medical A")


def test_the_page_renders_in_french(hospital: Hospital, officer: Client) -> None:
    User.objects.filter(pk=hospital.person("privacy_officer").pk).update(language="fr")
    page = officer.get(reverse(ADDRESS))
    assert (page.status_code, 'lang="fr"' in page.content.decode()) == (200, True)
