"""Screens lock on the server, sessions end, and nobody goes on where somebody else was (SEC-A7)."""

from datetime import timedelta

import pytest
from django.conf import settings as site
from django.db import connection
from django.test import Client
from django.urls import reverse

from core import clock
from org import services
from org.adapters.sessions import SessionStore
from org.models import LoginSession, User
from tests.factories.org import PASSWORD, STARTED, Hospital
from tests.factories.sessions import sign_in

HTMX = {"HX-Request": "true"}
SCRIPT = {"Accept": "application/json"}
PIN = "4711"


@pytest.fixture
def admin(hospital: Hospital) -> Client:
    return sign_in(Client(), hospital.admin)


def row(client: Client) -> LoginSession:
    return LoginSession.objects.get(session_key=client.cookies[site.SESSION_COOKIE_NAME].value)


def left_for(client: Client, minutes: float) -> None:
    """The last sign of life was so long ago."""
    seen = clock.now() - timedelta(minutes=minutes)
    LoginSession.objects.filter(pk=row(client).pk).update(last_seen_at=seen)


def with_pin(user: User) -> None:
    services.quick_pin_set(user, pin=PIN, at=STARTED)


def test_a_screen_left_for_five_minutes_opens_nothing_but_its_unlocking(admin: Client) -> None:
    left_for(admin, 5.1)
    page = admin.get("/people/?q=a")
    assert (page.status_code, page["Location"]) == (302, "/unlock/?next=%2Fpeople%2F%3Fq%3Da")
    api = admin.get("/api/v1/org/me/")
    assert (api.status_code, api.json()["code"]) == (401, "session_locked")
    script = admin.get("/people/", headers=HTMX)
    assert (script.status_code, script["HMS-Locked"]) == (401, "1")
    assert admin.get("/unlock/").status_code == 200


def test_a_screen_in_use_stays_open(admin: Client) -> None:
    left_for(admin, 4.9)
    assert admin.get("/people/").status_code == 200
    assert clock.now() - row(admin).last_seen_at < timedelta(seconds=20)


def test_a_poll_is_no_sign_of_life(admin: Client) -> None:
    left_for(admin, 4)
    assert admin.get("/", headers={"HMS-Poll": "1"}).status_code == 200
    assert clock.now() - row(admin).last_seen_at > timedelta(minutes=3)


def test_a_sign_of_life_is_written_at_most_every_thirty_seconds(
    admin: Client, django_assert_num_queries
) -> None:
    admin.get("/")
    with django_assert_num_queries(5):
        admin.get("/")
    left_for(admin, 0.6)
    # One UPDATE between a savepoint and its release.
    with django_assert_num_queries(8):
        admin.get("/")


def test_what_nobody_can_see_names_nobody_on_a_locked_screen(admin: Client) -> None:
    left_for(admin, 6)
    page = admin.get("/no-such-page").content.decode()
    assert "OKAFOR" not in page


def test_the_right_password_opens_under_a_new_key_and_goes_on(admin: Client) -> None:
    left_for(admin, 6)
    old = row(admin)
    answer = admin.post("/unlock/", {"password": PASSWORD, "next": "/people/"})
    assert (answer.status_code, answer["Location"]) == (303, "/people/")
    new = row(admin)
    assert new.session_key != old.session_key
    assert (new.public_id, new.started_at) == (old.public_id, old.started_at)
    assert not LoginSession.objects.filter(session_key=old.session_key).exists()
    assert admin.get("/people/").status_code == 200


def test_unlocking_leads_to_no_other_site(admin: Client) -> None:
    left_for(admin, 6)
    answer = admin.post("/unlock/", {"password": PASSWORD, "next": "https://evil.example/"})
    assert answer["Location"] == "/"


def test_the_wrong_password_opens_nothing_and_counts_as_at_sign_in(admin: Client) -> None:
    left_for(admin, 6)
    assert admin.post("/unlock/", {"password": "x" * 12}).status_code == 422
    assert admin.get("/people/").status_code == 302
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(failures_since_start) FROM axes_accessattempt")
        assert cursor.fetchone() == (1,)


def test_another_person_s_password_opens_nothing(admin: Client, hospital: Hospital) -> None:
    other = PASSWORD + "!"
    services.password_set(hospital.person("nurse"), password=other, by=None, at=STARTED)
    left_for(admin, 6)
    assert admin.post("/unlock/", {"password": other}).status_code == 422


def test_someone_else_starts_clean(admin: Client) -> None:
    left_for(admin, 6)
    key = row(admin).session_key
    assert admin.post("/sign-out/").status_code in {302, 303}
    assert not LoginSession.objects.filter(session_key=key).exists()


def test_the_pin_opens_a_locked_screen(admin: Client, hospital: Hospital) -> None:
    with_pin(hospital.admin)
    left_for(admin, 6)
    assert admin.post("/unlock/", {"pin": PIN}, headers=SCRIPT).status_code == 204
    assert admin.get("/people/").status_code == 200


def test_after_the_idle_limit_only_the_password_opens(admin: Client, hospital: Hospital) -> None:
    with_pin(hospital.admin)
    left_for(admin, 15.1)
    assert b'name="pin"' not in admin.get("/unlock/").content
    assert admin.post("/unlock/", {"pin": PIN}).status_code == 422
    assert admin.post("/unlock/", {"password": PASSWORD}).status_code == 303


def test_after_three_wrong_pins_even_the_right_one_is_refused(
    admin: Client, hospital: Hospital
) -> None:
    with_pin(hospital.admin)
    left_for(admin, 6)
    said = [
        admin.post("/unlock/", {"pin": "9382"}, headers=SCRIPT).json()["takes_pin"]
        for _time in range(3)
    ]
    assert said == [True, True, False]
    assert admin.post("/unlock/", {"pin": PIN}, headers=SCRIPT).status_code == 422
    assert admin.post("/unlock/", {"password": PASSWORD}, headers=SCRIPT).status_code == 204


def test_the_idle_limit_is_the_shortest_of_the_person_s_roles(
    admin: Client, hospital: Hospital, settings
) -> None:
    settings.LOCK_MINUTES = 60
    left_for(admin, 16)
    assert admin.get("/people/").status_code == 302
    settings.IDLE_MINUTES_AT_MOST = 0.01
    left_for(admin, 0.02)
    assert admin.get("/people/").status_code == 302


def test_a_session_ends_twelve_hours_after_the_sign_in_whatever_happens(admin: Client) -> None:
    admin.get("/")
    LoginSession.objects.update(started_at=clock.now() - timedelta(hours=12, seconds=1))
    assert admin.get("/people/")["Location"].startswith("/sign-in/")
    assert admin.get("/api/v1/org/me/").json()["code"] == "not_authenticated"


def test_the_button_locks_at_once(admin: Client) -> None:
    assert admin.post("/lock/").status_code == 303
    assert row(admin).locked_at is not None
    assert admin.get("/people/").status_code == 302
    assert admin.post("/stay/").status_code == 303
    assert row(admin).locked_at is not None


def test_a_form_sent_to_a_locked_screen_goes_on_after_unlocking(
    admin: Client, hospital: Hospital
) -> None:
    left_for(admin, 6)
    typed = {
        "code": "N9",
        "name": "New ward",
        "kind": "ward",
        "password": "never-kept-1",  # pragma: allowlist secret
    }
    answer = admin.post("/units/new/?x=1", typed)
    assert answer.status_code == 303
    where = answer["Location"]
    assert where.startswith("/unlock/?next=%2Fresume%2F")
    assert b"New ward" not in admin.get(where).content
    kept = admin.post(
        where, {"password": PASSWORD, "next": "/resume/" + where.split("%2F")[2] + "/"}
    )
    page = admin.get(kept["Location"]).content.decode()
    assert 'value="New ward"' in page
    assert PASSWORD not in page
    sent = admin.post(kept["Location"], {"name": "New ward"})
    assert (sent.status_code, sent["Location"]) == (307, "/units/new/?x=1")
    assert admin.get(kept["Location"]).status_code == 404


def test_a_saving_script_is_told_and_nothing_is_kept_of_it(admin: Client) -> None:
    left_for(admin, 6)
    answer = admin.post("/preferences/", {"theme": "dark"}, headers=HTMX)
    assert (answer.status_code, answer.json()["code"]) == (401, "session_locked")


def test_sign_in_gives_a_new_key_and_starts_the_clock(hospital: Hospital) -> None:
    client = Client()
    client.post("/sign-in/", {"username": "admin", "password": PASSWORD})
    first = row(client)
    assert first.user == hospital.admin
    client.post("/sign-out/")
    client.post("/sign-in/", {"username": "admin", "password": PASSWORD})
    assert row(client).session_key != first.session_key


def test_the_list_says_what_browser_it_is(hospital: Hospital) -> None:
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    client = Client(headers={"user-agent": agent})
    client.post("/sign-in/", {"username": "admin", "password": PASSWORD})
    assert (row(client).agent, row(client).address) == ("Firefox, Linux", "127.0.0.1")


def test_a_visitor_without_login_leaves_no_row(hospital: Hospital) -> None:
    client = Client()
    client.get("/sign-in/")
    client.post(
        "/sign-in/",
        {"username": "admin", "password": "wrong-wrong-wrong"},  # pragma: allowlist secret
    )  # pragma: allowlist secret
    client.get("/people/")
    assert LoginSession.objects.count() == 0


def test_the_purge_forgets_what_is_over(admin: Client) -> None:
    from hms.tasks import keys_purge

    keys_purge()
    assert LoginSession.objects.count() == 1
    LoginSession.objects.update(expire_date=clock.now() - timedelta(seconds=1))
    keys_purge()
    assert LoginSession.objects.count() == 0


def test_cookies_are_bound_to_the_host_and_hidden_from_scripts(
    hospital: Hospital, settings
) -> None:
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    client = Client()
    client.get("/sign-in/", secure=True)
    client.post("/sign-in/", {"username": "admin", "password": PASSWORD}, secure=True)
    for name in ("__Host-session", "__Host-csrf"):
        text = client.cookies[name].OutputString()
        assert "Secure" in text
        assert "HttpOnly" in text
        assert "SameSite=Lax" in text
        assert "Path=/" in text
        assert "Domain" not in text


def test_nothing_breaks_where_the_database_only_reads(committed_hospital: Hospital) -> None:
    client = sign_in(Client(), committed_hospital.admin)
    left_for(client, 2)
    store = SessionStore(row(client).session_key)
    store["unit"] = 4711
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    try:
        store.touch(at=clock.now(), every=timedelta(seconds=30))
        store.save()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET default_transaction_read_only = off")
    assert clock.now() - row(client).last_seen_at > timedelta(minutes=1)
    assert "unit" not in client.session


@pytest.mark.parametrize("pin", ["123", "123456789", "1111", "1234", "4321", "12a4", "٤٧١١"])
def test_a_weak_pin_is_refused_beside_its_field(admin: Client, pin: str) -> None:
    page = admin.post("/sessions/pin/", {"pin": pin, "again": pin})
    assert page.status_code == 422
    assert User.objects.get(username="admin").quick_pin == ""


def test_a_pin_is_set_as_a_hash_and_removed(admin: Client) -> None:
    assert admin.post("/sessions/pin/", {"pin": PIN, "again": PIN}).status_code == 303
    assert User.objects.get(username="admin").quick_pin.startswith("argon2")
    assert admin.post("/sessions/pin/", {"remove": "1"}).status_code == 303
    assert User.objects.get(username="admin").quick_pin == ""


def test_every_address_of_a_locked_screen_is_listed(admin: Client) -> None:
    """What opens in front of a locked screen is a short list."""
    from tests.architecture.routes import every_route

    opens = {
        route.name
        for route in every_route()
        for door in route.doors.values()
        if door is not None and door.locked
    }
    assert opens == {"org:unlock", "org:lock", "org:sign-out"}


def test_the_address_of_the_page_is_kept_for_after_unlocking(admin: Client) -> None:
    left_for(admin, 6)
    assert reverse("org:unlock") in admin.get("/units/")["Location"]
