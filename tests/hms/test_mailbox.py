"""The mailbox of a demo shows what was sent; elsewhere there is no such page."""

from pathlib import Path

import pytest
from django.core.mail import EmailMessage
from django.test import Client

from core import clock
from core.errors import Invalid
from org import services
from tests.factories import org as people


@pytest.fixture
def mails(tmp_path: Path, settings) -> Path:
    settings.DEMO_MAILBOX, settings.MAIL_DIR = True, tmp_path
    text = "Choose it here:\nhttp://localhost:8000/password/choose/?key=abc_d-e\n<b>"
    mail = EmailMessage("Your new login", text, "h@x.org", ["a@x.org"]).message().as_bytes()
    (tmp_path / "20261125-080000-1.log").write_bytes(mail + b"\n" + b"-" * 79 + b"\n")
    return tmp_path


def test_a_mail_opens_with_its_link(db: None, mails: Path) -> None:
    page = Client().get("/demo/mailbox/")
    assert [mail.subject for mail in page.context["mails"]] == ["Your new login"]
    key = page.context["mails"][0].key
    body = Client().get("/demo/mailbox/", {"mail": key}).content.decode()
    assert 'href="http://localhost:8000/password/choose/?key=abc_d-e"' in body
    assert "&lt;b&gt;" in body
    assert b"Mailbox of the demo" in Client().get("/sign-in/").content
    assert Client().get("/demo/mailbox/", {"mail": "../../etc/passwd"}).status_code == 404


@pytest.mark.parametrize(("is_demo", "is_production"), [(False, False), (True, True)])
def test_elsewhere_there_is_no_such_page(
    db: None, mails: Path, settings, is_demo: bool, is_production: bool
) -> None:
    settings.DEMO_MAILBOX, settings.IS_PRODUCTION = is_demo, is_production
    assert Client().get("/demo/mailbox/").status_code == 404


def test_the_login_of_a_system_is_never_invited(hospital: people.Hospital) -> None:
    made = services.client_register(
        name="Link", purpose="x", kind="system", scopes=["units.read"], by=None, at=clock.now()
    )
    login = made.client.application.user
    for ask in (
        services.key_send,
        lambda user, **rest: services.key_issue(user, kind="reset", **rest),
    ):
        login.email = "x@example.org"
        with pytest.raises(Invalid):
            ask(login, by=None, at=clock.now())
