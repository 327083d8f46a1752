"""A POST with an Idempotency-Key happens once; the repeat gets the first answer (SEC-C6)."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from core import idempotency
from core.models import IdempotencyKey
from org.models import User
from tests.factories.org import Hospital
from tests.factories.sessions import sign_in

PEOPLE = "/api/v1/org/people/"
BODY = {"username": "ines", "family_name": "Duval"}


def signed_in(user: User) -> Client:
    client = Client()
    sign_in(client, user)
    return client


def post(client: Client, key: str, body: Any = BODY, path: str = PEOPLE) -> Any:
    return client.post(
        path, body, content_type="application/json", headers={"Idempotency-Key": key}
    )


@pytest.fixture
def admin(hospital: Hospital) -> Client:
    return signed_in(hospital.admin)


def test_a_repeat_gets_the_first_answer_and_does_nothing(admin: Client) -> None:
    first, second = post(admin, "k-1"), post(admin, "k-1")
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert (first["ETag"], first["Location"]) == (second["ETag"], second["Location"])
    assert "Idempotent-Replay" not in first
    assert second["Idempotent-Replay"] == "true"
    assert User.objects.filter(username="ines").count() == 1


def test_the_order_of_fields_does_not_matter(admin: Client) -> None:
    post(admin, "k-1")
    assert post(admin, "k-1", dict(reversed(BODY.items()))).status_code == 201


def test_another_body_or_address_under_the_key_is_refused(
    admin: Client, hospital: Hospital
) -> None:
    post(admin, "k-1")
    other = post(admin, "k-1", BODY | {"username": "other"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
    elsewhere = post(admin, "k-1", path=f"{PEOPLE}{hospital.person('nurse').public_id}/suspend")
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (422, "idempotency_mismatch")


def test_a_refusal_is_not_kept(admin: Client) -> None:
    assert post(admin, "k-1", {"username": "ines"}).status_code == 422
    assert not IdempotencyKey.objects.exists()
    assert post(admin, "k-1").status_code == 201


@pytest.mark.parametrize("key", ["x" * 81, "caf\u00e9", "tab\there"])
def test_a_strange_key_is_refused(admin: Client, key: str) -> None:
    answer = post(admin, key)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert not User.objects.filter(username="ines").exists()


def test_a_key_belongs_to_one_person(admin: Client, hospital: Hospital) -> None:
    post(admin, "k-1")
    refused = post(signed_in(hospital.person("auditor")), "k-1")
    assert refused.status_code == 403


def test_many_at_once_have_one_effect(committed_hospital: Hospital) -> None:
    """Eight at the same moment: one is made, the others repeat it or are asked to come again."""
    start = threading.Barrier(8)
    answers: list[tuple[int, str]] = []

    def knock() -> None:
        client = signed_in(committed_hospital.admin)
        start.wait()
        answer = post(client, "race")
        answers.append((answer.status_code, answer.json().get("code", "")))
        connection.close()

    threads = [threading.Thread(target=knock) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert User.objects.filter(username="ines").count() == 1
    assert len(answers) == 8
    assert set(answers) <= {(201, ""), (409, "in_progress")}
    assert (201, "") in answers


def test_an_answer_that_refuses_is_not_kept_and_writes_nothing(db: None) -> None:
    """A door may answer with a refusal instead of raising it: the next try is a first one."""
    asked: list[int] = []

    def act() -> idempotency.Answer:
        asked.append(1)
        IdempotencyKey.objects.create(
            user=7, key="inner", door="d", body_hash="h", status=200, headers={}, body=""
        )
        return idempotency.Answer(409, {}, "")

    for _number in range(2):
        answer = idempotency.once(user_id=7, key="k", door="d", fingerprint="f", act=act)
        assert (answer.status, answer.is_repeat) == (409, False)
    assert len(asked) == 2
    assert not IdempotencyKey.objects.exists()


def test_old_answers_are_forgotten(admin: Client) -> None:
    post(admin, "k-old")
    kept = IdempotencyKey.objects.get()
    assert idempotency.purge(before=kept.created_at) == 0
    assert idempotency.purge(before=kept.created_at + timedelta(seconds=1)) == 1
    assert not IdempotencyKey.objects.exists()
