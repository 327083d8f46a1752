"""Links with which people choose their password, forgotten ones, and what else then ends."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client

from core import clock
from core.events import deliver_next
from org import services
from org.models import AccountKey, User
from tests.factories import org as people
from tests.factories.org import PASSWORD

NEW = "walnut-harbour-twelve"


@pytest.fixture(autouse=True)
def _no_brake(monkeypatch) -> None:
    monkeypatch.setattr("core.limits.seconds_to_wait", lambda *_args, **_named: 0.0)


@pytest.fixture
def nurse(hospital: people.Hospital) -> User:
    user = hospital.person("nurse")
    User.objects.filter(pk=user.pk).update(email="nurse@example.org")
    user.refresh_from_db()
    return services.password_set(user, password=PASSWORD, by=None, at=people.STARTED)


def drain() -> None:
    while deliver_next(at=clock.now()):
        pass


def test_forgotten_passwords_are_answered_alike_and_mailed_to_the_owner(nurse, client) -> None:
    drain()
    mail.outbox.clear()
    pages = [
        client.post("/password/forgotten/", {"name": name}).content
        for name in ("nurse", "NURSE@example.org", "nobody-here")
    ]
    assert len({len(page) for page in pages}) == 1
    drain()
    assert [letter.to for letter in mail.outbox] == [["nurse@example.org"]] * 2
    assert AccountKey.objects.filter(user=nurse, used_at=None).count() == 1


def test_the_mailed_link_sets_the_password_and_ends_every_session(nurse, client) -> None:
    other = Client()
    other.post("/sign-in/", {"username": "nurse", "password": PASSWORD})
    client.post("/password/forgotten/", {"name": "nurse"})
    drain()
    link = mail.outbox[-1].body.split("http://localhost:8000")[1].split()[0]
    assert client.post(link, {"password": NEW, "again": NEW}).status_code == 303
    assert other.get("/preferences/").status_code == 302
    answer = client.post("/sign-in/", {"username": "nurse", "password": NEW})
    assert answer.status_code == 302


def test_a_link_expires_and_a_new_one_ends_the_old(nurse) -> None:
    now = clock.now()
    old = services.key_issue(nurse, kind="reset", by=None, at=now)
    new = services.key_issue(nurse, kind="reset", by=None, at=now)
    for token, at in ((old, now), (new, now + timedelta(minutes=30))):
        with pytest.raises(services.KeyGone):
            services.key_use(token, password=NEW, at=at)
    assert new not in str(list(AccountKey.objects.values()))


def test_one_s_own_password_is_changed_after_showing_again_who_it_is(nurse) -> None:
    client, other = Client(), Client()
    for each in (client, other):
        each.post("/sign-in/", {"username": "nurse", "password": PASSWORD})
    answer = client.post("/password/change/", {"password": NEW, "again": NEW})
    assert answer.status_code == 303
    assert client.get("/preferences/").status_code == 200
    assert other.get("/preferences/").status_code == 302


def test_an_old_sign_in_is_asked_again_before_factors_and_password(nurse, client, settings) -> None:
    client.post("/sign-in/", {"username": "nurse", "password": PASSWORD})
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    for page in ("/security/app/", "/security/passkey/", "/password/change/"):
        assert client.get(page).headers["Location"].startswith("/account/confirm/?next=")
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
    sent = {"password": PASSWORD, "next": "/security/app/"}
    assert client.post("/account/confirm/", sent).headers["Location"] == "/security/app/"


@pytest.mark.parametrize("page", ["/security/", "/security/app/", "/security/passkey/"])
def test_the_pages_of_one_s_own_factors_open(nurse, client, page) -> None:
    client.post("/sign-in/", {"username": "nurse", "password": PASSWORD})
    assert client.get(page).status_code == 200


def test_an_app_is_set_up_with_its_first_code_and_codes_are_shown_once(nurse, client) -> None:
    from tests.org.test_sign_in import code_of

    client.post("/sign-in/", {"username": "nurse", "password": PASSWORD})
    seed = client.get("/security/app/").context["seed"].replace(" ", "")
    assert client.post("/security/app/", {"code": "12"}).status_code == 422
    answer = client.post("/security/app/", {"code": code_of(seed)})
    assert answer.headers["Location"] == "/security/codes/"
    # The code that was just typed shows who it is; nobody waits for the next one.
    assert client.get("/security/codes/").status_code == 200
    page = client.post("/security/codes/")
    assert len(page.context["codes"]) == 10
    assert b"shown only now" in page.content
