"""The installation's key was replaced: what an older one sealed is sealed anew (SEC-O6)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from audit.services import Action, record, sealed_with_older_keys
from core.idempotency import bodies_replace
from org.models import RecoveryCode, StaffPhone
from org.services.clients import ANSWER
from org.services.factors import APP, SEED, recovery_keys
from org.services.phones import PURPOSE
from org.services.vault import resealed
from org.states import CAN_SIGN_IN

BATCH = 200
# How everything begins that Fernet sealed.
SEALED = "gAAAA"


@dataclass
class Resealed:
    """What was sealed anew, what no key of ours opens, and what cannot be made anew."""

    seeds: int = 0
    answers: int = 0
    lost_seeds: int = 0
    lost_answers: int = 0
    # Mobile phones of staff.
    phones: int = 0
    lost_phones: int = 0
    # Seals of the trail: they stay as they are, and their key in HMS_AUDIT_KEYS.
    seals: int = 0
    # Who has unused recovery codes of an older key, and of a key that is gone.
    old_codes: list[str] = field(default_factory=list)
    dead_codes: list[str] = field(default_factory=list)

    @property
    def is_done(self) -> bool:
        """Say whether nothing but the seals needs an older key any more."""
        return not (self.seeds or self.answers or self.phones or self.old_codes)


def keys_reseal(*, is_trial: bool, at: datetime, by: int | None) -> Resealed:
    """Seeds and kept answers are sealed with the newest key, in batches that each leave a row.

    Whoever is interrupted runs it again: what is sealed anew already is passed over.
    """
    done = Resealed()
    for pks in _seeds():
        _batch(pks, done, is_trial=is_trial, at=at, by=by)
    _answers(done, is_trial=is_trial, at=at, by=by)
    _phones(done, is_trial=is_trial, at=at, by=by)
    newest, *older = recovery_keys()
    unused = RecoveryCode.objects.filter(used_at=None)
    if settings.SECRET_KEY_FALLBACKS:
        done.old_codes = _who(unused.filter(key_name__in=older))
    done.dead_codes = _who(unused.exclude(key_name__in=[newest, *older]))
    done.seals = sealed_with_older_keys()
    return done


def _who(codes: QuerySet[RecoveryCode]) -> list[str]:
    names = codes.filter(user__state__in=CAN_SIGN_IN).values_list("user__username", flat=True)
    return sorted(set(names))


def _seeds() -> Iterator[list[int]]:
    last = 0
    rows = Authenticator.objects.filter(type=APP).order_by("pk")
    while pks := list(rows.filter(pk__gt=last).values_list("pk", flat=True)[:BATCH]):
        yield pks
        last = pks[-1]


@transaction.atomic
def _batch(pks: list[int], done: Resealed, *, is_trial: bool, at: datetime, by: int | None) -> None:
    anew = 0
    for row in Authenticator.objects.select_for_update().filter(pk__in=pks).order_by("pk"):
        try:
            secret = resealed(row.data["secret"], purpose=SEED)
        except InvalidToken:
            done.lost_seeds += 1
            continue
        if secret is not None:
            anew += 1
            row.data["secret"] = secret
            if not is_trial:
                row.save(update_fields=["data"])
    _noted("seeds", anew, is_trial=is_trial, at=at, by=by)
    done.seeds += anew


@transaction.atomic
def _phones(done: Resealed, *, is_trial: bool, at: datetime, by: int | None) -> None:
    anew = 0
    for row in StaffPhone.objects.select_for_update(no_key=True).order_by("pk"):
        try:
            value = resealed(row.value_sealed, purpose=PURPOSE)
        except InvalidToken:
            done.lost_phones += 1
            continue
        if value is not None:
            anew += 1
            row.value_sealed = value
            if not is_trial:
                row.save(update_fields=["value_sealed"])
    _noted("phones", anew, is_trial=is_trial, at=at, by=by)
    done.phones += anew


@transaction.atomic
def _answers(done: Resealed, *, is_trial: bool, at: datetime, by: int | None) -> None:
    anew = 0

    def change(body: str) -> str | None:
        nonlocal anew
        try:
            found = resealed(body, purpose=ANSWER)
        except InvalidToken:
            done.lost_answers += 1
            return None
        anew += found is not None
        return None if is_trial else found

    bodies_replace(SEALED, change)
    _noted("answers", anew, is_trial=is_trial, at=at, by=by)
    done.answers += anew


def _noted(what: str, count: int, *, is_trial: bool, at: datetime, by: int | None) -> None:
    if count and not is_trial:
        record("keys_reseal", action=Action.UPDATE, at=at, by=by, after={what: count})
