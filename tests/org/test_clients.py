"""API clients on screen and by API; the apps that act for a person; who may end them."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client

from audit.models import AuditEvent
from core import clock
from org import services
from org.models import ApiClient, User
from tests.factories import org as people
from tests.factories.sessions import sign_in
from tests.fixtures.deeds import World
from tests.fixtures.deeds.entrance import BACK, token_sent

APP = {
    "name": "Ward phone",
    "kind": "app",
    "purpose": "Rounds",
    "contact": "IT office, 4711",
    "scopes": ["profile", "units.read"],
    "addresses": f"{BACK}\nhttps://phone.example.org/back",
}


def _secret_in(page: Any) -> str:
    return str(page.context["made"].secret)


def _register(client: Client, **changes: Any) -> Any:
    return client.post("/clients/new/", APP | changes)


def test_an_app_is_registered_without_a_secret(as_role: Any) -> None:
    page = _register(as_role("system_administrator"))
    assert page.status_code == 200
    made = ApiClient.objects.get()
    assert made.application.client_id in page.content.decode()
    assert "client_secret" not in page.content.decode()
    assert made.application.redirect_uris.split() == APP["addresses"].split()
    assert made.contact == "IT office, 4711"


def test_a_secret_is_shown_once_and_stored_as_a_hash(as_role: Any) -> None:
    client = as_role("system_administrator")
    page = _register(client, kind="server", addresses="https://x.example.org/back")
    secret = _secret_in(page)
    assert secret in page.content.decode()
    assert page["Cache-Control"] == "no-store"
    made = ApiClient.objects.get()
    assert secret not in client.get(f"/clients/{made.public_id}/").content.decode()
    assert made.application.client_secret.startswith("argon2$")


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"scopes": []}, "scopes", "required"),
        ({"scopes": ["tokens.introspect"]}, "scopes", "Only a system"),
        ({"scopes": ["everything"]}, "scopes", "not one of"),
        ({"addresses": ""}, "addresses", "one to ten"),
        ({"addresses": "http://evil.example/back"}, "addresses", "cannot be used"),
        ({"kind": "system"}, "addresses", "not sent back"),
        ({"contact": ""}, "contact", "required"),
        ({"kind": "robot"}, "kind", "not one of"),
    ],
)
def test_wrong_input_is_told_beside_its_field_and_kept(
    as_role: Any, changes: dict[str, Any], field: str, words: str
) -> None:
    page = _register(as_role("system_administrator"), **changes)
    assert page.status_code in {400, 422}
    assert words in " ".join(page.context["form"].errors[field])
    assert "Rounds" in page.content.decode()
    assert not ApiClient.objects.exists()


def test_a_stale_session_registers_nothing(hospital: people.Hospital) -> None:
    client = sign_in(Client(), hospital.admin, fresh=False)
    assert _register(client).status_code in {302, 303}
    assert not ApiClient.objects.exists()


def test_the_auditor_sees_clients_and_changes_none(as_role: Any, hospital: people.Hospital) -> None:
    made = _system(hospital)
    client = as_role("auditor")
    page = client.get(f"/clients/{made.client.public_id}/")
    assert page.status_code == 200
    assert b"New secret" not in page.content
    assert (
        client.post(f"/clients/{made.client.public_id}/close/", {"reason": "x"}).status_code == 403
    )


def _system(hospital: people.Hospital) -> services.Registered:
    return services.client_register(
        name="Laboratory link",
        purpose="Results",
        kind="system",
        scopes=["units.read"],
        by=hospital.admin.pk,
        at=clock.now(),
    )


def test_who_may_not_manage_the_login_cannot_take_over_its_system(
    hospital: people.Hospital,
) -> None:
    made = _system(hospital)
    login = made.client.application.user
    people.assign(login, "system_administrator", hospital.elsewhere)
    client = sign_in(Client(), hospital.admin)
    address = f"/clients/{made.client.public_id}/secret/"
    assert client.post(address, {"reason": "mine"}).status_code == 403
    api = f"/api/v1/org/clients/{made.client.public_id}/secret"
    answer = client.post(api, {"reason": "mine"}, content_type="application/json")
    assert answer.status_code == 403
    before = made.client.application.client_secret
    assert ApiClient.objects.get().application.client_secret == before


def test_a_client_is_changed_and_the_trail_says_what(
    as_role: Any, hospital: people.Hospital
) -> None:
    made = _system(hospital)
    body = {
        "name": "Laboratory",
        "purpose": "Results",
        "contact": "Lab",
        "scopes": ["units.read", "people.read"],
        "version": 1,
    }
    client = as_role("system_administrator")
    address = f"/clients/{made.client.public_id}/edit/"
    assert client.post(address, body).status_code == 303
    row = AuditEvent.objects.get(act="client_update")
    assert row.before == {"name": "Laboratory link", "contact": "", "scopes": ["units.read"]}
    assert client.post(address, body).status_code == 412


def test_a_closed_client_stays_in_the_list_with_its_reason(
    as_role: Any, hospital: people.Hospital
) -> None:
    made = _system(hospital)
    client = as_role("system_administrator")
    address = f"/clients/{made.client.public_id}/"
    assert client.post(f"{address}close/", {"reason": ""}).status_code == 422
    assert client.post(f"{address}close/", {"reason": "Replaced"}).status_code == 303
    assert b"Replaced" in client.get(address).content
    assert b"Laboratory link" in client.get("/clients/?state=closed").content
    assert b"Laboratory link" not in client.get("/clients/?state=open").content
    assert client.post(f"{address}secret/", {"reason": "again"}).status_code == 409


def test_the_page_says_what_lives_and_when_it_came_last(hospital: people.Hospital) -> None:
    world = World(hospital)
    world.send(token_sent(world))
    made = ApiClient.objects.get()
    page = world.admin.get(f"/clients/{made.public_id}/").content.decode()
    assert "1 person" in page
    assert "1 for access, 1 for renewal" in page
    assert made.last_used_at is not None


def test_the_api_registers_reads_changes_renews_and_closes(as_role: Any) -> None:
    client = as_role("system_administrator")
    kind = "application/json"
    body = {"name": "Link", "purpose": "x", "kind": "system", "scopes": ["units.read"]}
    answer = client.post("/api/v1/org/clients/", body, content_type=kind)
    assert answer.status_code == 201, answer.content
    made, address = answer.json(), answer["Location"]
    assert made["login"]["username"].startswith("system-")
    assert "client_secret" not in client.get(address).json()
    tag = {"If-Match": client.get(address)["ETag"]}
    changed = client.patch(address, {"name": "L"}, content_type=kind, headers=tag)
    assert (changed.status_code, changed.json()["name"]) == (200, "L")
    stale = client.patch(address, {"name": "M"}, content_type=kind, headers=tag)
    assert stale.status_code == 412
    renewed = client.post(f"{address}secret", {"reason": "y"}, content_type=kind)
    assert renewed.json()["client_secret"] not in {"", made["client_secret"]}
    closed = client.post(f"{address}close", {"reason": "z"}, content_type=kind)
    assert closed.json()["closed_at"]
    listed = client.get("/api/v1/org/clients/?state=closed").json()["items"]
    assert [row["name"] for row in listed] == ["L"]


def test_a_repeat_gets_the_secret_again_and_no_table_shows_it(as_role: Any) -> None:
    client = as_role("system_administrator")
    body = {"name": "Link", "purpose": "x", "kind": "system", "scopes": ["units.read"]}
    first, again = (
        client.post(
            "/api/v1/org/clients/",
            body,
            content_type="application/json",
            headers={"Idempotency-Key": "k1"},
        )
        for _each in range(2)
    )
    assert first.json() == again.json()
    assert ApiClient.objects.count() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(k::text, '') FROM core_idempotencykey k")
        assert first.json()["client_secret"] not in cursor.fetchone()[0]


def test_a_person_sees_and_ends_the_apps_that_act_for_them(hospital: people.Hospital) -> None:
    world = World(hospital)
    held = world.send(token_sent(world)).json()
    own = world.own()
    page = own.get("/security/apps/").content.decode()
    assert "Ward phone" in page
    assert "See who you are" in page
    bearer = {"Authorization": f"Bearer {held['access_token']}"}
    assert [app["name"] for app in Client().get("/api/v1/org/me/apps/", headers=bearer).json()] == [
        "Ward phone"
    ]
    app = ApiClient.objects.get()
    assert own.post(f"/security/apps/{app.public_id}/end/").status_code == 303
    assert "Ward phone" not in own.get("/security/apps/").content.decode()
    assert Client().get("/api/v1/org/me/", headers=bearer).status_code == 401


def test_nobody_ends_the_apps_of_somebody_else(hospital: people.Hospital) -> None:
    world = World(hospital)
    held = world.send(token_sent(world)).json()
    app = ApiClient.objects.get()
    other = sign_in(Client(), hospital.person("doctor"))
    other.post(f"/security/apps/{app.public_id}/end/")
    other.post("/security/apps/end/")
    bearer = {"Authorization": f"Bearer {held['access_token']}"}
    assert Client().get("/api/v1/org/me/", headers=bearer).status_code == 200


@pytest.mark.parametrize(("what", "stays_in"), [("apps", True), ("all", False)])
def test_an_administrator_ends_apps_and_sessions_of_a_person(
    hospital: people.Hospital, what: str, stays_in: bool
) -> None:
    world = World(hospital)
    own = world.own()
    world.send(token_sent(world))
    address = f"/people/{world.nurse.public_id}/sessions/"
    assert b"Ward phone" in world.admin.get(address).content
    assert world.admin.post(address, {"what": what, "reason": "lost"}).status_code == 303
    assert (own.get("/").status_code == 200) is stays_in
    assert b"Ward phone" not in world.admin.get(address).content
    row = AuditEvent.objects.get(act="tokens_end")
    assert (row.reason, row.actor) == ("lost", hospital.admin.pk)


def test_the_login_of_a_system_is_shown_with_its_work(
    as_role: Any, hospital: people.Hospital
) -> None:
    made = _system(hospital)
    page = as_role("system_administrator").get(f"/clients/{made.client.public_id}/")
    assert b"Works nowhere yet" in page.content
    people.assign(User.objects.get(username__startswith="system-"), "nurse", hospital.ward)
    page = as_role("system_administrator").get(f"/clients/{made.client.public_id}/")
    assert b"Works nowhere yet" not in page.content
