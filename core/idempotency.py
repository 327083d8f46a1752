"""A POST with an Idempotency-Key happens once; the repeat gets the first answer (SEC-C6)."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from core.errors import Busy, IdempotencyMismatch, Invalid
from core.models import IdempotencyKey
from core.retries import retried

MAX_KEY = 80


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered: status, the headers worth repeating, the body."""

    status: int
    headers: dict[str, str]
    body: str
    is_repeat: bool = False


def body_hash(method: str, path: str, body: bytes) -> str:
    """Return the fingerprint that a repeat must match."""
    return hashlib.sha256(b"\n".join([method.encode(), path.encode(), body])).hexdigest()


def once(
    *, user_id: int, key: str, door: str, fingerprint: str, act: Callable[[], Answer]
) -> Answer:
    """Run `act` unless this user did so before under `key`; act, key and answer commit together.

    Refusals (4xx) undo everything and are not kept, so that a corrected state may be tried again.
    A deadlock undoes and repeats all of it, so `act` works on this database only.
    Raises IdempotencyMismatch for another body under the key, Busy while the first runs, Invalid.
    """
    if not (1 <= len(key) <= MAX_KEY and key.isascii() and key.isprintable()):
        raise Invalid(_("An Idempotency-Key has 1 to 80 printable ASCII characters."))
    return retried(lambda: _once(user_id, key, door, fingerprint, act))


def _once(user_id: int, key: str, door: str, fingerprint: str, act: Callable[[], Answer]) -> Answer:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 43))", [f"{user_id}:{key}"]
            )
            if not cursor.fetchone()[0]:
                raise Busy()
        found = IdempotencyKey.objects.filter(user=user_id, key=key).first()
        if found is not None:
            if found.body_hash != fingerprint:
                raise IdempotencyMismatch()
            return Answer(found.status, found.headers, found.body, is_repeat=True)
        answer = act()
        if answer.status < 400:
            IdempotencyKey.objects.create(
                user=user_id,
                key=key,
                door=door,
                body_hash=fingerprint,
                status=answer.status,
                headers=answer.headers,
                body=answer.body,
            )
        else:
            transaction.set_rollback(True)
        return answer


def bodies_replace(start: str, change: Callable[[str], str | None]) -> int:
    """The kept answers that begin with `start` are what `change` returns; None leaves one as it is.

    Returns how many are changed.
    """
    done = 0
    rows = IdempotencyKey.objects.select_for_update().filter(body__startswith=start).order_by("id")
    for row in rows:
        body = change(row.body)
        if body is not None:
            row.body = body
            row.save(update_fields=["body"])
            done += 1
    return done


def purge(*, before: datetime) -> int:
    """Answers older than `before` are forgotten; returns how many."""
    return IdempotencyKey.objects.filter(created_at__lt=before).delete()[0]
