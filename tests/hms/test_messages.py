"""A toast waits on the server, not in the browser (SEC-P6)."""

from collections.abc import Callable

from django.test import Client

from core import clock
from org import services
from tests.factories import org as people


def test_a_toast_of_somebody_signed_in_is_in_no_cookie_and_shown_once(
    as_role: Callable[[str], Client],
) -> None:
    client = as_role("system_administrator")
    before = set(client.cookies)
    sent = {"whole": "1", "theme": "dark", "density": "compact", "language": ""}
    assert client.post("/preferences/", sent).status_code == 303
    assert set(client.cookies) == before
    assert b"Saved." in client.get("/preferences/").content
    assert b"Saved." not in client.get("/preferences/").content


def test_a_toast_for_nobody_needs_no_row_in_the_list_of_sessions(
    hospital: people.Hospital, client: Client
) -> None:
    invited = people.person("invited", active=False)
    token = services.key_issue(invited, kind="invitation", by=hospital.admin.pk, at=clock.now())
    phrase = "walnut-harbour-twelve"
    sent = {"password": phrase, "again": phrase}
    answer = client.post(f"/password/choose/?key={token}", sent)
    assert answer.status_code == 303
    cookie = client.cookies["hms_toast"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    page = client.get(answer["Location"])
    assert b"Your password is set." in page.content
    assert client.cookies["hms_toast"].value == ""
