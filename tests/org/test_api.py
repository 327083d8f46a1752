"""The REST API of people and places: what each door gives, takes and refuses."""

from typing import Any

import pytest
from django.test import Client

from org import services
from org.models import Assignment, Unit, User
from tests.factories.org import STARTED, Hospital, assign, person, planner, unit
from tests.factories.sessions import sign_in

API = "/api/v1/org"
JSON = "application/json"
CLERK = {"username": "ines", "family_name": "Duval"}


def signed_in(user: User) -> Client:
    client = Client()
    sign_in(client, user)
    return client


@pytest.fixture
def admin(hospital: Hospital) -> Client:
    return signed_in(hospital.admin)


@pytest.fixture
def local(hospital: Hospital) -> Client:
    """An administrator of the clinic only, who also sees the ward."""
    user = person("local", family_name="Local")
    assign(user, "system_administrator", hospital.clinic)
    assign(user, "ward_manager", hospital.ward)
    return signed_in(user)


def send(client: Client, method: str, path: str, body: Any = None, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.generic(
        method,
        API + path,
        b"" if body is None else client._encode_json(body, JSON),
        content_type=JSON,
        headers=named,
    )


def assert_problem(response: Any, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert (body["code"], body["status"]) == (code, status)
    assert body["request_id"] == response["X-Request-Id"]
    return body


def test_me_names_roles_with_their_units(hospital: Hospital, local: Client) -> None:
    body = local.get(f"{API}/me/").json()
    assert body["username"] == "local"
    assert {(r["role"], r["unit"]["name"]) for r in body["roles"]} == {
        ("system_administrator", hospital.clinic.name),
        ("ward_manager", hospital.ward.name),
    }


@pytest.mark.parametrize(
    "path",
    [
        "/me/",
        "/sites/",
        "/units/",
        "/people/",
        "/roles/",
        "/assignments/",
        "/activation/",
        "/activation/history/",
    ],
)
def test_nobody_gets_401_and_the_administrator_an_answer(admin: Client, path: str) -> None:
    refused = Client().get(API + path)
    assert_problem(refused, 401, "not_authenticated")
    assert refused["WWW-Authenticate"]
    assert admin.get(API + path).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/sites/",
        "/units/",
        "/people/",
        "/roles/",
        "/assignments/",
        "/activation/",
        "/activation/history/",
    ],
)
def test_a_nurse_may_read_none_of_it(as_role: Any, path: str) -> None:
    assert_problem(as_role("nurse").get(API + path), 403, "permission_denied")


def test_lists_hold_only_units_of_the_caller(hospital: Hospital, as_role: Any) -> None:
    client = as_role("ward_manager")
    items = client.get(f"{API}/units/").json()["items"]
    assert [item["name"] for item in items] == [hospital.ward.name]
    assert [s["name"] for s in client.get(f"{API}/sites/").json()["items"]] == ["Riverside General"]
    assert client.get(f"{API}/units/{hospital.ward.public_id}/").status_code == 200
    hidden = client.get(f"{API}/units/{hospital.clinic.public_id}/")
    missing = client.get(f"{API}/units/{hospital.admin.public_id}/")
    assert_problem(hidden, 404, "not_found")
    assert set(hidden.json().items()) - set(missing.json().items()) == {
        ("request_id", hidden["X-Request-Id"])
    }


def test_units_are_filtered(hospital: Hospital, admin: Client) -> None:
    def names(query: str) -> list[str]:
        return [item["name"] for item in admin.get(f"{API}/units/?{query}").json()["items"]]

    assert names("kind=clinic") == [hospital.clinic.name]
    assert names("search=medical") == [hospital.ward.name]
    assert names("state=closed") == []
    assert_problem(admin.get(f"{API}/units/?kind=castle"), 422, "invalid")
    assert_problem(admin.get(f"{API}/units/?state=open"), 422, "invalid")


def test_pages_go_forth_and_back(hospital: Hospital, admin: Client) -> None:
    first = admin.get(f"{API}/units/?size=2").json()
    second = admin.get(f"{API}/units/", {"size": 2, "cursor": first["next"]}).json()
    back = admin.get(f"{API}/units/", {"size": 2, "cursor": second["previous"]}).json()
    assert len(first["items"]) == 2
    assert first["previous"] == second["next"] == ""
    assert [i["name"] for i in second["items"]] == [hospital.root.name]
    assert back["items"] == first["items"]


def test_a_unit_is_created_changed_closed_and_reopened(hospital: Hospital, admin: Client) -> None:
    body = {"parent": str(hospital.root.public_id), "code": "W9", "name": "Nine", "kind": "ward"}
    made = send(admin, "POST", "/units/", body)
    assert made.status_code == 201
    assert made["Location"] == f"{API}/units/{made.json()['public_id']}/"
    assert admin.get(made["Location"]).json() == made.json()
    path = f"/units/{made.json()['public_id']}/"
    changed = send(admin, "PATCH", path, {"name": "Ten", "beds": 4}, if_match=made["ETag"])
    assert (changed.json()["name"], changed.json()["beds"], changed["ETag"]) == ("Ten", 4, '"2"')
    stale = send(admin, "PATCH", path, {"name": "Eleven"}, if_match=made["ETag"])
    assert assert_problem(stale, 412, "version_conflict")["current"] == 2
    assert_problem(send(admin, "PATCH", path, {"name": "X"}), 428, "precondition_required")
    assert_problem(send(admin, "PATCH", path, {"name": "X"}, if_match='"x"'), 422, "invalid")
    closed = send(admin, "POST", f"{path}close", {"reason": "moved"}, if_match='"2"')
    assert closed.json()["is_active"] is False
    reopened = send(admin, "POST", f"{path}reopen", {"reason": "back"}, if_match=closed["ETag"])
    assert (reopened.json()["is_active"], reopened["ETag"]) == (True, '"4"')


def test_closing_a_unit_in_use_is_refused(hospital: Hospital, admin: Client) -> None:
    path = f"/units/{hospital.ward.public_id}/close"
    assert_problem(send(admin, "POST", path, {"reason": "x"}, if_match='"1"'), 409, "unit_in_use")
    assert_problem(send(admin, "POST", path, {"reason": "x"}), 428, "precondition_required")


def test_a_taken_code_is_a_409_with_its_field(hospital: Hospital, admin: Client) -> None:
    body = {"parent": str(hospital.root.public_id), "code": "w1", "name": "N", "kind": "ward"}
    assert (
        assert_problem(send(admin, "POST", "/units/", body), 409, "code_taken")["field"] == "code"
    )


def test_moving_a_unit_needs_the_right_at_its_new_place(hospital: Hospital, local: Client) -> None:
    inner = unit(hospital.clinic, "C2", kind="clinic")
    path = f"/units/{inner.public_id}/"
    seen = send(local, "PATCH", path, {"parent": str(hospital.ward.public_id)}, if_match='"1"')
    assert_problem(seen, 403, "permission_denied")
    unseen = send(local, "PATCH", path, {"parent": str(hospital.root.public_id)}, if_match='"1"')
    assert_problem(unseen, 404, "not_found")


WRITES = [
    ("PATCH", "/units/{ward}/"),
    ("POST", "/units/{ward}/close"),
    ("POST", "/units/{ward}/reopen"),
    ("PATCH", "/people/{nurse}/"),
    ("POST", "/people/{nurse}/activate"),
    ("POST", "/people/{nurse}/suspend"),
    ("POST", "/people/{nurse}/leave"),
    ("POST", "/assignments/{work}/end"),
    ("PUT", "/activation/{ward}/lab/"),
]


def _filled(path: str, hospital: Hospital) -> str:
    nurse = hospital.person("nurse")
    return path.format(
        ward=hospital.ward.public_id,
        nurse=nurse.public_id,
        work=Assignment.objects.get(user=nurse).public_id,
    )


@pytest.mark.parametrize(("method", "path"), WRITES)
@pytest.mark.parametrize("body", [b"", b"{", b'{"version": 9}'])
def test_writes_are_refused_before_the_body_is_read(
    hospital: Hospital, local: Client, method: str, path: str, body: bytes
) -> None:
    """Seen but not permitted: 403; a role without the right: 403; not seen: 404 (SEC-Z8, Z9)."""
    address = API + _filled(path, hospital)
    answer = local.generic(method, address, body, content_type=JSON)
    assert_problem(answer, 403, "permission_denied")
    reader = signed_in(hospital.person("ward_manager"))
    answer = reader.generic(method, address, body, content_type=JSON)
    assert_problem(answer, 403, "permission_denied")
    stranger = person("stranger", family_name="Stranger")
    assign(stranger, "system_administrator", hospital.elsewhere)
    answer = signed_in(stranger).generic(method, address, body, content_type=JSON)
    assert_problem(answer, 404, "not_found")
    answer = Client().generic(method, address, body, content_type=JSON)
    assert_problem(answer, 401, "not_authenticated")


@pytest.mark.parametrize("path", ["/units/", "/people/", "/assignments/"])
@pytest.mark.parametrize("body", [b"", b"{", b'{"version": 9}'])
def test_creating_is_refused_before_the_body_is_read(as_role: Any, path: str, body: bytes) -> None:
    answer = as_role("auditor").generic("POST", API + path, body, content_type=JSON)
    assert_problem(answer, 403, "permission_denied")


def test_a_person_is_created_and_changed(admin: Client) -> None:
    made = send(admin, "POST", "/people/", CLERK)
    assert made.status_code == 201
    assert (made.json()["state"], made.json()["name"]) == ("invited", "DUVAL, ") or (
        made.json()["name"] == "DUVAL"
    )
    path = f"/people/{made.json()['public_id']}/"
    assert admin.get(API + path).json() == made.json()
    changed = send(admin, "PATCH", path, {"given_name": "Ine\u0301s"}, if_match=made["ETag"])
    assert changed.json()["given_name"] == "In\u00e9s"
    assert_problem(send(admin, "PATCH", path, {}, if_match='"1"'), 412, "version_conflict")
    assert_problem(send(admin, "POST", "/people/", CLERK), 409, "username_taken")


def test_a_login_is_opened_shut_and_left(admin: Client) -> None:
    made = send(admin, "POST", "/people/", CLERK).json()
    path = f"/people/{made['public_id']}/"
    for verb, state in [("activate", "active"), ("suspend", "suspended"), ("leave", "left")]:
        moved = send(admin, "POST", path + verb, {"reason": "because"})
        assert (moved.status_code, moved.json()["state"]) == (200, state)
    refused = assert_problem(
        send(admin, "POST", f"{path}suspend", {"reason": "again"}), 409, "illegal_transition"
    )
    assert refused["allowed"] == ["active"]
    assert_problem(send(admin, "POST", f"{path}activate", {}), 422, "invalid")


def test_a_suspended_person_is_nobody_from_the_next_request_on(
    hospital: Hospital, admin: Client, as_role: Any
) -> None:
    auditor = as_role("auditor")
    assert auditor.get(f"{API}/units/").status_code == 200
    path = f"/people/{hospital.person('auditor').public_id}/suspend"
    assert send(admin, "POST", path, {"reason": "x"}).status_code == 200
    assert_problem(auditor.get(f"{API}/units/"), 401, "not_authenticated")


def test_people_are_filtered_and_show_only_assignments_in_reach(
    hospital: Hospital, admin: Client, as_role: Any
) -> None:
    nurse = hospital.person("nurse")
    assign(nurse, "nurse", hospital.clinic)

    def found(client: Client, **query: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = client.get(f"{API}/people/", query).json()["items"]
        return items

    assert [p["username"] for p in found(admin, search="nurse")] == ["nurse"]
    assert len(found(admin, search="nurse")[0]["assignments"]) == 2
    assert len(found(as_role("ward_manager"), search="nurse")[0]["assignments"]) == 1
    assert [p["username"] for p in found(admin, unit=str(hospital.clinic.public_id))] == ["nurse"]
    assert found(admin, state="left") == []
    assert_problem(admin.get(f"{API}/people/?state=gone"), 422, "invalid")
    assert_problem(admin.get(f"{API}/people/?unit=1"), 422, "invalid")
    assert_problem(admin.get(f"{API}/people/?unit={nurse.public_id}"), 404, "not_found")


def _work(user: User, role: str, place: Unit, **more: Any) -> dict[str, Any]:
    return {"person": str(user.public_id), "role": role, "unit": str(place.public_id), **more}


def test_an_assignment_starts_and_ends(hospital: Hospital, admin: Client) -> None:
    body = _work(hospital.person("nurse"), "nurse", hospital.clinic, reason="short of staff")
    made = send(admin, "POST", "/assignments/", body)
    assert made.status_code == 201
    assert admin.get(made["Location"]).json()["unit"]["name"] == hospital.clinic.name
    assert_problem(send(admin, "POST", "/assignments/", body), 409, "assignment_overlaps")
    path = f"/assignments/{made.json()['public_id']}/end"
    assert_problem(send(admin, "POST", path, {"reason": "x"}), 428, "precondition_required")
    stale = send(admin, "POST", path, {"reason": "x"}, if_match='"7"')
    assert_problem(stale, 412, "version_conflict")
    ended = send(admin, "POST", path, {"reason": "done"}, if_match=made["ETag"])
    assert (ended.status_code, ended["ETag"]) == (200, '"2"')
    again = send(admin, "POST", path, {"reason": "done"}, if_match='"2"')
    assert_problem(again, 409, "assignment_over")
    mine = admin.get(f"{API}/assignments/?person={hospital.person('nurse').public_id}").json()
    assert len(mine["items"]) == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("starts_at", "2026-12-01T08:00:00"),
        ("starts_at", "1876-12-01T08:00:00Z"),
        ("starts_at", "9999-12-31T23:59:59-14:00"),
        ("starts_at", "2026-13-01T08:00:00Z"),
        ("starts_at", 20261201),
        ("ends_at", "2020-01-01T00:00:00Z"),
        ("shift_group", "siesta"),
    ],
)
def test_times_of_an_assignment_are_checked(
    hospital: Hospital, admin: Client, field: str, value: Any
) -> None:
    body = _work(hospital.person("nurse"), "nurse", hospital.clinic, **{field: value})
    assert_problem(send(admin, "POST", "/assignments/", body), 422, "invalid")


def test_nobody_hands_out_more_than_they_hold(hospital: Hospital) -> None:
    """Below the root only roles whose permissions the giver holds in the unit (SEC-Z2)."""
    deputy = person("deputy", family_name="Deputy")
    assign(deputy, "system_administrator", hospital.clinic)
    assign(deputy, "ward_manager", hospital.ward)
    client, nurse = signed_in(deputy), hospital.person("nurse")
    assign(nurse, "front_desk", hospital.clinic)
    made = send(client, "POST", "/assignments/", _work(nurse, "storekeeper", hospital.clinic))
    assert made.status_code == 201
    for role, place, status, code in [
        # What a nurse may do with patients, an administrator may not.
        ("nurse", hospital.clinic, 403, "permission_denied"),
        ("nurse", hospital.ward, 403, "permission_denied"),
        ("nurse", hospital.root, 404, "not_found"),
        ("wizard", hospital.clinic, 404, "not_found"),
    ]:
        answer = send(client, "POST", "/assignments/", _work(nurse, role, place))
        assert_problem(answer, status, code)


def test_nobody_assigns_people_whose_assignments_they_do_not_manage(hospital: Hospital) -> None:
    """Seen as head of the ward, yet planned for in the clinic only."""
    deputy, nurse = person("deputy", family_name="Deputy"), hospital.person("nurse")
    assign(deputy, "system_administrator", hospital.clinic)
    assign(deputy, "ward_manager", hospital.ward)
    answer = send(
        signed_in(deputy), "POST", "/assignments/", _work(nurse, "nurse", hospital.clinic)
    )
    assert_problem(answer, 403, "permission_denied")
    assert not Assignment.objects.filter(user=nurse, unit=hospital.clinic).exists()


def test_nobody_ends_an_assignment_of_a_role_they_may_not_hand_out(hospital: Hospital) -> None:
    client = signed_in(planner(hospital.ward))
    row = Assignment.objects.get(user=hospital.person("ward_manager"))
    path = f"/assignments/{row.public_id}/end"
    answer = send(client, "POST", path, {"reason": "x"}, if_match='"1"')
    assert_problem(answer, 403, "permission_denied")
    assert Assignment.objects.get(pk=row.pk).version == 1


def test_a_level_is_read_set_and_remembered(hospital: Hospital, admin: Client) -> None:
    path = f"/activation/{hospital.ward.public_id}/lab/"
    unset = admin.get(API + path)
    assert (unset.json()["level"], unset["ETag"]) == ("off", '"0"')
    body = {"level": "live", "reason": "go-live"}
    assert_problem(send(admin, "PUT", path, body), 428, "precondition_required")
    done = send(admin, "PUT", path, body, if_match='"0"')
    assert (done.json()["level"], done["ETag"]) == ("live", '"1"')
    stale = send(admin, "PUT", path, {"level": "off", "reason": "x"}, if_match='"0"')
    assert assert_problem(stale, 412, "version_conflict")["current"] == 1
    assert_problem(send(admin, "PUT", path, body, if_match='"1"'), 409, "illegal_transition")
    rows = admin.get(f"{API}/activation/?search=medical a").json()["items"]
    assert {r["module"]: r["level"] for r in rows[0]["levels"]}["lab"] == "live"
    history = admin.get(f"{API}/activation/history/?module=lab").json()["items"]
    assert [(h["to_level"], h["by"]) for h in history] == [("live", hospital.admin.full_name)]
    assert_problem(
        admin.get(f"{API}/activation/history/?unit={hospital.admin.public_id}"), 404, "not_found"
    )
    assert_problem(
        admin.get(f"{API}/activation/{hospital.ward.public_id}/magic/"), 404, "not_found"
    )


@pytest.mark.parametrize(
    "body",
    [
        {"level": "live", "reason": "x", "drain_until": "2199-01-01T00:00:00Z"},
        {"level": "read_only", "reason": "x", "drain_until": "2001-01-01T00:00:00Z"},
        {"level": "loud", "reason": "x"},
        {"level": "live"},
    ],
)
def test_a_level_is_checked(hospital: Hospital, admin: Client, body: dict[str, Any]) -> None:
    path = f"/activation/{hospital.ward.public_id}/lab/"
    assert_problem(send(admin, "PUT", path, body, if_match='"0"'), 422, "invalid")


def test_roles_show_what_they_permit(admin: Client) -> None:
    roles = {r["code"]: r["permissions"] for r in admin.get(f"{API}/roles/").json()["items"]}
    assert roles["patient"] == []
    assert "org.manage_units" not in roles["storekeeper"]
    assert "org.manage_units" in roles["system_administrator"]


def test_somebody_who_works_elsewhere_too_is_not_suspended_from_here(hospital: Hospital) -> None:
    far = person("far", family_name="Far")
    assign(far, "nurse", hospital.clinic)
    assign(far, "nurse", hospital.elsewhere)
    deputy = person("deputy", family_name="Deputy")
    assign(deputy, "system_administrator", hospital.clinic)
    answer = send(signed_in(deputy), "POST", f"/people/{far.public_id}/suspend", {"reason": "x"})
    assert_problem(answer, 403, "permission_denied")


def test_a_unit_that_was_changed_by_somebody_else_is_not_overwritten(
    hospital: Hospital, admin: Client
) -> None:
    services.unit_update(
        hospital.ward, values={"name": "Theirs"}, version=1, by=hospital.admin.pk, at=STARTED
    )
    path = f"/units/{hospital.ward.public_id}/"
    answer = send(admin, "PATCH", path, {"name": "Mine"}, if_match='"1"')
    assert_problem(answer, 412, "version_conflict")
    assert Unit.objects.get(pk=hospital.ward.pk).name == "Theirs"


def test_a_planner_gives_no_role_beyond_their_own_except_from_the_root(hospital: Hospital) -> None:
    nurse, giver = hospital.person("nurse"), planner(hospital.clinic)
    client = signed_in(giver)
    power = _work(nurse, "system_administrator", hospital.clinic)
    assign(nurse, "nurse", hospital.clinic)
    refused = assert_problem(send(client, "POST", "/assignments/", power), 403, "permission_denied")
    assert refused["field"] == "role"
    same = _work(nurse, "planner", hospital.clinic)
    assert send(client, "POST", "/assignments/", same).status_code == 201
    assign(giver, "planner", hospital.root)
    assert send(client, "POST", "/assignments/", power).status_code == 201
