"""Inviting the people of a unit: by mail, on paper, within reach, once."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from audit.models import AuditEvent
from core import clock, events
from org import services
from org.models import AccountKey, Role, User
from tests.factories import org
from tests.factories.org import Hospital
from tests.factories.sessions import sign_in

PHRASE = "walnut-harbour-twelve"  # pragma: allowlist secret


@pytest.fixture
def admin(as_role: Callable[[str], Client]) -> Client:
    return as_role("system_administrator")


@pytest.fixture
def waiting(hospital: Hospital) -> dict[str, User]:
    """Two who work in the ward and never signed in, one of them without an address."""
    found = {
        "ana": org.person("ana", family_name="Abreu", active=False, email="ana@example.org"),
        "bo": org.person("bo", family_name="Berg", active=False),
    }
    for user in found.values():
        org.assign(user, "nurse", hospital.ward)
    return found


def door(hospital: Hospital, unit: Any = None) -> str:
    return reverse("org:unit-invite", args=[(unit or hospital.ward).public_id])


def everybody(waiting: dict[str, User], **rest: str) -> dict[str, Any]:
    return {"people": [str(user.public_id) for user in waiting.values()], **rest}


def test_only_who_works_there_and_never_signed_in_is_offered(
    admin: Client, hospital: Hospital, waiting: dict[str, User]
) -> None:
    org.assign(org.person("elsewhere", active=False), "nurse", hospital.clinic)
    shown = admin.get(door(hospital)).context["people"]
    assert [user.username for user in shown] == ["ana", "bo"]
    assert [user.username for user in admin.get(door(hospital, hospital.clinic)).context["people"]]


def test_mails_go_to_who_has_an_address_and_the_others_are_counted(
    admin: Client, hospital: Hospital, waiting: dict[str, User]
) -> None:
    answer = admin.post(door(hospital), everybody(waiting, send="1"), follow=True)
    text = answer.content.decode()
    assert "1 mail is on its way. 1 person has no address: print a slip." in text
    while events.deliver_next(at=clock.now()):
        pass
    assert [sent.to for sent in mail.outbox] == [["ana@example.org"]]
    rows = AuditEvent.objects.filter(act="invitation_ask")
    assert [row.subject for row in rows] == [str(waiting["ana"].public_id)]


def test_each_slip_opens_the_login_of_its_person_once(
    admin: Client, client: Client, hospital: Hospital, waiting: dict[str, User]
) -> None:
    answer = admin.post(door(hospital), everybody(waiting, paper="1"))
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer["Cache-Control"] == "private, no-store"
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages]
    assert len(pages) == 2
    assert "ABREU" in pages[0]
    assert "BERG" in pages[1]
    # As copied from the paper: with the signs that let a long line break.
    link = "".join(pages[1].split()).partition("key=")[2].partition("Forthisperson")[0]
    sent = {"password": PHRASE, "again": PHRASE}
    address = f"{reverse('org:password-choose')}?key={link}"
    assert client.post(address, sent).status_code == 303
    assert User.objects.get(username="bo").has_usable_password()
    assert Client().post(address, sent).status_code == 410


def test_nobody_chosen_or_somebody_else_is_refused_beside_the_list(
    admin: Client, hospital: Hospital, waiting: dict[str, User]
) -> None:
    other = org.person("elsewhere", active=False, email="e@example.org")
    for people in ([], [str(other.public_id)], ["rubbish"]):
        answer = admin.post(door(hospital), {"people": people, "send": "1"})
        assert answer.status_code == 422
        assert "people" in answer.context["form"].errors
    answer = admin.post(door(hospital), {"people": [str(waiting["bo"].public_id)], "send": "1"})
    assert "None of them has an e-mail address" in answer.content.decode()
    assert not AuditEvent.objects.filter(act="invitation_ask").exists()


def test_who_signed_in_while_the_page_stood_open_keeps_their_password(
    admin: Client, hospital: Hospital, waiting: dict[str, User]
) -> None:
    ana = waiting["ana"].pk
    services.account_activate(waiting["ana"], by=None, at=clock.now(), reason="here already")
    slips = services.invitations_issue(
        [ana, waiting["bo"].pk], by=hospital.admin.pk, at=clock.now()
    )
    assert [slip.user.username for slip in slips] == ["bo"]
    assert not AccountKey.objects.filter(user=ana).exists()


def test_whoever_also_works_out_of_reach_is_left_out(
    hospital: Hospital, waiting: dict[str, User]
) -> None:
    org.assign(waiting["bo"], "nurse", hospital.clinic)
    planner = org.planner(hospital.ward)
    Role.objects.get(code="planner").group.permissions.add(
        Permission.objects.get(codename="manage_people")
    )
    shown = sign_in(Client(), planner).get(door(hospital))
    assert [user.username for user in shown.context["people"]] == ["ana"]


def test_the_api_says_who_has_no_address(
    admin: Client, hospital: Hospital, waiting: dict[str, User]
) -> None:
    address = reverse("api:unit-invite", args=[hospital.ward.public_id])
    headers = {"Idempotency-Key": "invite-1"}
    answer = admin.post(address, {}, "application/json", headers=headers)
    bo = str(waiting["bo"].public_id)
    assert (answer.status_code, answer.json()) == (200, {"sent": 1, "without_address": [bo]})
    wrong = {"people": [str(hospital.admin.public_id)]}
    refused = admin.post(
        address, wrong, "application/json", headers={"Idempotency-Key": "invite-2"}
    )
    assert refused.status_code == 422
    assert refused.json()["field"] == "people"
