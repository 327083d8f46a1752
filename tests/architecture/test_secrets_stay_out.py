"""No password, code, token or link in a log, a mail of an error, the trail or its history (U8)."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from tests.factories import org as people
from tests.fixtures.deeds import DEEDS, Sent, World, clients, entrance, some
from tests.fixtures.log_lines import log_of_production

# Fields of forms and of answers whose values only their owner may know.
SECRET = {"password", "again", "code", "pin", "code_verifier", "token", "client_secret"}
HANDED_OUT = ("access_token", "refresh_token", "link")
LINK = re.compile(r"key=([A-Za-z0-9_-]{20,})")
CODES = re.compile(r"(?<![\w-])[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}(?![\w-])")
SHORTEST = 4
# Sites and units have a code too, which is no secret.
OPEN_CODES = ("org:site", "org:unit", "api:")
# Codes of six digits and PINs stand in logs by chance, as parts of times and numbers.
WORD = r"(?<![0-9A-Za-z.]){}(?![0-9A-Za-z])"
RANDOM_ID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
KEPT = ("audit_", "core_event", "core_delivery", "axes_")


@pytest.fixture(autouse=True)
def _no_brake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.limits.seconds_to_wait", lambda *_args, **_named: 0.0)


def _secrets_of(sent: Sent, answer: HttpResponse, client: Client) -> Iterator[str]:
    body = sent.body if isinstance(sent.body, dict) else {}
    secret = SECRET - {"code"} if sent.name.startswith(OPEN_CODES) else SECRET
    yield from (str(value) for name, value in body.items() if name in secret)
    yield from LINK.findall(sent.query)
    text = answer.content.decode(errors="replace")
    yield from LINK.findall(text)
    yield from CODES.findall(text)
    if answer.headers.get("Content-Type", "").startswith("application/json") and text:
        found: Any = answer.json()
        yield from (found[name] for name in HANDED_OUT if name in found)
    yield from (morsel.value for morsel in client.cookies.values() if morsel.value)


def _stored() -> str:
    """Everything that the trail, its history and the outbox hold, as text."""
    names = [
        name
        for name in connection.introspection.table_names()
        if name.startswith(KEPT) or name.endswith("event")
    ]
    with connection.cursor() as cursor:
        found = []
        for name in names:
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{name}" t')
            found += [row for (row,) in cursor.fetchall()]
    return "\n".join(found)


def _found_in(text: str, secrets: set[str]) -> list[str]:
    """Return the secrets that stand in the text; a PIN may also be four signs of a random id."""
    without_ids = RANDOM_ID.sub("", text)
    return [
        each
        for each in secrets
        if re.search(WORD.format(re.escape(each)), text if len(each) > 8 else without_ids)
    ]


def _tried(name: str, world: World) -> tuple[set[str], str]:
    sent = DEEDS[name](world)
    client = sent.client or world.admin
    client.raise_request_exception = False
    before = {morsel.value for morsel in client.cookies.values()}
    with log_of_production() as lines:
        answer = world.send(sent)
        text = lines()
    secrets = {each for each in _secrets_of(sent, answer, client) if len(each) >= SHORTEST}
    assert '"event"' in text, "the log was not caught"
    return secrets | before - {""}, text


@pytest.mark.parametrize("name", DEEDS)
def test_secrets_are_in_no_log_and_not_on_the_trail(name: str, hospital: people.Hospital) -> None:
    secrets, log = _tried(name, World(hospital))
    assert _found_in(log, secrets) == []
    assert _found_in(_stored(), secrets) == []


@pytest.mark.parametrize("name", sorted({*some(DEEDS, 4), *entrance.DEEDS, *clients.DEEDS}))
def test_secrets_are_in_no_traceback(
    name: str, hospital: people.Hospital, monkeypatch: pytest.MonkeyPatch, mailoutbox: list[Any]
) -> None:
    world = World(hospital)
    sent = DEEDS[name](world)
    client = sent.client or world.admin
    client.raise_request_exception = False

    def broken(*given: Any, **named: Any) -> None:
        raise RuntimeError(f"it broke: {given} {named}")

    monkeypatch.setattr("audit.models.AuditEvent.objects.create", broken)
    monkeypatch.setattr("hms.access_log.looks_store", broken)
    with log_of_production() as lines:
        answer = world.send(sent)
        log = lines()
    secrets = {each for each in _secrets_of(sent, answer, client) if len(each) >= SHORTEST}
    assert _found_in(log, secrets) == []
    assert _found_in("".join(str(mail.message()) for mail in mailoutbox), secrets) == []
    assert answer.status_code >= 500 or name == "POST org:unit-switch"


def test_the_search_for_secrets_finds_one() -> None:
    log = '{"event": "sign in", "word": "river-otter", "at": "2026-11-25T10:49:27.001Z"}'
    assert _found_in(log, {"river-otter", "4927", "492711"}) == ["river-otter"]
    assert _found_in('{"pin": "4927"}', {"4927"}) == ["4927"]
    row = '{"public_id": "0d853ff7-0b91-4927-8fee-dedd5bc71721", "note": ""}'
    assert _found_in(row, {"4927"}) == []
