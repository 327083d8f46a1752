"""Whatever succeeds at a writing door is on the trail, in the same transaction (SEC-U1, SEC-U7)."""

from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.http import HttpResponse

from audit.models import AuditEvent
from audit.views.act_words import WORDS
from hms import foreign_doors
from tests.architecture.routes import every_route
from tests.factories import org as people
from tests.fixtures.deeds import DEEDS, Sent, World
from tests.fixtures.faults import fingerprint

WRITING = ("POST", "PUT", "PATCH", "DELETE")
# What a request may do without a row: it changes nothing that outlives the answer, or is covered.
WITHOUT_DEED = {
    "POST resume": "sends a kept form on to its own door",
    "POST org:stay": "says that a person is still there; the session holds the time",
    "POST oauth-introspect": "only reads a token for a system that was given that right",
    "POST org:sign-in-passkey": "needs a device; tests/ui/test_sign_in.py makes and uses one",
    "POST org:passkey-add": "needs a device; tests/ui/test_sign_in.py makes and uses one",
    "POST worklist:phone-set": "needs a provider; tests/worklist/test_sms.py makes one",
    "POST worklist:sms-report": "signed by a provider; tests/worklist/test_sms.py makes one",
    "POST account_login": "the same door as org:sign-in under the name that allauth knows",
}
# Changes only the session of the person themselves.
WITHOUT_ROW = {
    "POST org:unit-switch": "where a person stands is a setting of their session",
}
LOOKING = {"view", "list", "search", "print", "download", "export", "refused", "failed"}


@pytest.fixture(autouse=True)
def _no_brake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.limits.seconds_to_wait", lambda *_args, **_named: 0.0)


def _doors() -> set[str]:
    return {
        f"{method} {route.name}"
        for route in every_route()
        if route.name not in foreign_doors.FOREIGN
        for method in WRITING
        if route.door(method) is not None
    }


def test_every_writing_door_has_its_deed() -> None:
    assert _doors() - set(DEEDS) - set(WITHOUT_DEED) == set()
    assert (set(DEEDS) | set(WITHOUT_DEED)) - _doors() == set()


def _rows(sent: Sent, world: World) -> tuple[HttpResponse, list[AuditEvent]]:
    before = set(AuditEvent.objects.values_list("pk", flat=True))
    answer = world.send(sent)
    return answer, list(AuditEvent.objects.exclude(pk__in=before))


@pytest.mark.parametrize("name", DEEDS)
def test_what_was_done_is_on_the_trail(name: str, hospital: people.Hospital) -> None:
    world = World(hospital)
    sent = DEEDS[name](world)
    answer, rows = _rows(sent, world)
    assert answer.status_code < 400, answer.content[:2000]
    acts = [row for row in rows if row.act not in LOOKING and row.outcome == "0"]
    assert bool(acts) != (name in WITHOUT_ROW), [row.act for row in rows]
    assert {row.act for row in rows} - set(WORDS) == set(), "audit/views/act_words.py"
    for row in acts:
        assert row.request_id == answer["X-Request-Id"]


class TrailFull:
    """Wraps the cursor: nothing can be added to the trail."""

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if 'INSERT INTO "audit_' in str(sql):
            raise DatabaseError("no space left on device")
        return execute(sql, params, many, context)


# What stays although the rest does not: the last sign of life of a session; a code that was tried.
STAYS = {"org_loginsession"}
TRIED = {"POST mfa_authenticate": {"mfa_authenticator", "org_factortries"}}


@pytest.mark.parametrize("name", sorted(set(DEEDS) - set(WITHOUT_ROW)))
def test_what_cannot_be_recorded_is_not_done(name: str, hospital: people.Hospital) -> None:
    world = World(hospital)
    sent = DEEDS[name](world)
    client = sent.client or world.admin
    client.raise_request_exception = False
    was_in = "_auth_user_id" in client.session
    before = fingerprint()
    with connection.execute_wrapper(TrailFull()):
        answer = world.send(sent)
    # The trail refused before the server was asked: this transaction of the test is in order.
    connection.needs_rollback = False
    assert answer.status_code >= 400
    assert ("_auth_user_id" in client.session) == was_in
    after = fingerprint()
    changed = {table for table in after if after[table] != before[table]}
    assert changed <= STAYS | TRIED.get(name, set())


KEYED = sorted(name for name in DEEDS if name.startswith("POST api:"))


@pytest.mark.parametrize("name", KEYED)
def test_a_key_makes_it_happen_once(name: str, hospital: people.Hospital) -> None:
    """SEC-C6: the repeat gets the first answer, another body under the key gets none."""
    world = World(hospital)
    sent = DEEDS[name](world)
    sent.headers["Idempotency-Key"] = "a key of this test"
    first = world.send(sent)
    assert first.status_code < 400, first.content
    before = fingerprint()
    again = world.send(sent)
    changed = {table for table, found in fingerprint().items() if found != before[table]}
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again["Idempotent-Replay"] == "true"
    assert changed <= STAYS
    sent.body = {**(sent.body or {}), "more": "x"}
    assert world.send(sent).json()["code"] in {"idempotency_mismatch", "invalid"}
    sent.headers["Idempotency-Key"] = "k" * 81
    assert world.send(sent).status_code == 422
