"""Text messages against a simulator of the provider: silence, refusals, late and double reports."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.test import Client
from django.urls import reverse

from core import clock
from org import services as people
from org.models import User
from tests.factories.org import STARTED, Hospital
from tests.factories.sessions import sign_in
from worklist import services
from worklist import tasks as doors
from worklist.adapters import sms
from worklist.models import NoticeDelivery

NOW = STARTED + timedelta(hours=2)
ACCOUNT, TOKEN = "AC" + "0" * 32, "simulated-token"  # pragma: allowlist secret


class Provider:
    """Answers like the Messages resource of 2010-04-01, as the test wants it."""

    def __init__(self) -> None:
        self.messages: list[dict[str, str]] = []
        self.answers: list[tuple[int, dict[str, Any]]] = []
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                form = {k: v[0] for k, v in parse_qs(self.rfile.read(length).decode()).items()}
                known = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
                is_known = self.headers["Authorization"] == f"Basic {known}"
                is_place = self.path == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
                status, said = provider.answer(form) if is_known and is_place else (401, {})
                body = json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if self.answers:
            return self.answers.pop(0)
        self.messages.append(form)
        return 201, {"sid": f"SM{len(self.messages):032}", "status": "queued"}

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    made = Provider()
    settings.SMS_API = made.address
    settings.SMS_ACCOUNT, settings.SMS_TOKEN, settings.SMS_FROM = ACCOUNT, TOKEN, "+15005550006"
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def nurse(hospital: Hospital) -> User:
    user = hospital.person("nurse")
    code = people.phone_set(user, number="+33612345678", by=user.pk, at=NOW)
    people.phone_confirm(user, code=code, by=user.pk, at=NOW)
    return user


def tell(user: User) -> NoticeDelivery:
    services.notice_send(to=[user.pk], kind="trial", severity="stat", subject=None, at=NOW, by=None)
    return NoticeDelivery.objects.get(channel="sms")


def send(*, at: Any = NOW) -> None:
    with clock.at(at):
        doors.notices_deliver_due()


def report(
    status: str, *, sid: str = "SM" + "0" * 31 + "1", token: str = TOKEN, **more: str
) -> int:
    """The provider reports; returns the status of our answer."""
    form = {"MessageSid": sid, "MessageStatus": status, "AccountSid": ACCOUNT, **more}
    text = sms.callback_address() + "".join(f"{name}{form[name]}" for name in sorted(form))
    digest = hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()
    signature = base64.b64encode(digest).decode()
    with clock.at(NOW + timedelta(minutes=1)):
        answer = Client().post(
            reverse("worklist:sms-report"), form, headers={"X-Twilio-Signature": signature}
        )
    return answer.status_code


def test_a_message_goes_out_without_names_and_asks_for_a_report(
    nurse: User, provider: Provider
) -> None:
    tell(nurse)
    send()
    (message,) = provider.messages
    assert message["To"] == "+33612345678"
    assert message["StatusCallback"].endswith("/tasks/sms-report/")
    assert message["Body"].startswith("Hospital: A trial notice")
    row = NoticeDelivery.objects.get(channel="sms")
    assert (row.state, row.provider_id) == ("sent", "SM" + "0" * 31 + "1")


def test_reports_come_twice_and_in_any_order_and_count_once(
    nurse: User, provider: Provider
) -> None:
    row = tell(nurse)
    send()
    said = ["queued", "delivered", "delivered", "sent", "undelivered", "read", "delivered"]
    assert {report(status) for status in said} == {204}
    row.refresh_from_db()
    assert row.state == "read"
    assert row.delivered_at == NOW + timedelta(minutes=1)
    assert not NoticeDelivery.objects.filter(channel="mail").exists()


def test_a_report_with_a_wrong_signature_changes_nothing(nurse: User, provider: Provider) -> None:
    row = tell(nurse)
    send()
    assert report("delivered", token="somebody-else") == 403  # pragma: allowlist secret
    row.refresh_from_db()
    assert row.state == "sent"


def test_a_report_about_an_unknown_message_is_no_error(nurse: User, provider: Provider) -> None:
    tell(nurse)
    assert report("delivered", sid="SMunknown") == 204


def test_a_message_that_could_not_be_delivered_is_followed_by_a_mail(
    nurse: User, provider: Provider
) -> None:
    row = tell(nurse)
    send()
    report("undelivered", ErrorCode="30003")
    row.refresh_from_db()
    assert (row.state, row.fault) == ("dead", "provider_30003")
    assert NoticeDelivery.objects.filter(channel="mail", state="queued").exists()


def test_without_a_report_in_time_a_mail_follows_and_a_late_report_still_counts(
    nurse: User, provider: Provider
) -> None:
    row = tell(nurse)
    send()
    send(at=NOW + timedelta(minutes=11))
    assert NoticeDelivery.objects.filter(channel="mail").exists()
    report("delivered")
    row.refresh_from_db()
    assert row.state == "delivered"


@pytest.mark.parametrize(
    ("said", "became"),
    [
        ((429, {"code": 20429}), ("failed", "provider_20429")),
        ((503, {}), ("failed", "provider_503")),
        ((401, {"code": 20003}), ("failed", "provider_20003")),
        ((400, {"code": 21211}), ("dead", "provider_21211")),
        ((201, {}), ("failed", "answer_without_number")),
    ],
)
def test_a_refusal_is_final_or_tried_again(
    nurse: User, provider: Provider, said: tuple[int, dict[str, Any]], became: tuple[str, str]
) -> None:
    row = tell(nurse)
    provider.answers = [said]
    send()
    row.refresh_from_db()
    assert (row.state, row.fault) == became
    assert provider.messages == []


def test_a_silent_provider_is_asked_again(
    nurse: User, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = tell(nurse)
    monkeypatch.setattr(sms, "WAIT", (0.001, 0.001))
    monkeypatch.setattr(provider, "answer", lambda _form: threading.Event().wait(0.3) or (503, {}))
    send()
    row.refresh_from_db()
    assert (row.state, row.fault) == ("failed", "no_answer")
    monkeypatch.undo()
    send(at=NOW + timedelta(seconds=31))
    row.refresh_from_db()
    assert (row.state, row.tries) == ("sent", 2)


def test_a_provider_that_is_away_is_tried_again(
    nurse: User, provider: Provider, settings: Any
) -> None:
    row = tell(nurse)
    settings.SMS_API = "http://127.0.0.1:9"
    send()
    row.refresh_from_db()
    assert (row.state, row.fault) == ("failed", "ConnectionError")


def test_a_phone_is_entered_and_proven_by_the_code_that_came(
    hospital: Hospital, provider: Provider
) -> None:
    user = hospital.person("nurse")
    client = sign_in(Client(), user)
    answer = client.post(reverse("worklist:phone-set"), {"number": "+33 6 98 76 54 32"})
    assert answer.status_code == 303
    (message,) = provider.messages
    code = message["Body"].split("code is ")[1][:6]
    assert client.post(reverse("worklist:phone-confirm"), {"code": code}).status_code == 303
    assert people.phone_of(user.pk) == "+33698765432"


def test_without_a_provider_no_phone_is_entered(hospital: Hospital) -> None:
    client = sign_in(Client(), hospital.person("nurse"))
    page = client.post(reverse("worklist:phone-set"), {"number": "+33 6 98 76 54 32"})
    assert page.status_code == 409
    assert "not set up" in page.content.decode()
