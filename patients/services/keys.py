"""The installation's key was replaced: patients' secrets are sealed and marked anew (SEC-O6)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from cryptography.fernet import InvalidToken
from django.db import models, transaction

from audit.services import Action, record
from org.services.vault import marks, opened, resealed
from patients.models import (
    Contact,
    MergeCase,
    Patient,
    PatientIdentifier,
    PatientPhone,
    PreRegistration,
)
from patients.rules.numbers import number_key, phone_key
from patients.selectors.preregistration import PURPOSE as BEFORE
from patients.selectors.records import CARE
from patients.selectors.search import NUMBER, PHONE

BATCH = 500


@dataclass(frozen=True, slots=True)
class _Column:
    model: type[models.Model]
    name: str
    purpose: str
    # What is marked of the opened text, for columns beside which a mark stands.
    key: Callable[[str], str] | None


COLUMNS = (
    _Column(PatientIdentifier, "value_sealed", NUMBER, number_key),
    _Column(PatientPhone, "value_sealed", PHONE, phone_key),
    _Column(Contact, "phone_sealed", PHONE, None),
    _Column(Patient, "special_care_sealed", CARE, None),
    _Column(MergeCase, "notes_before_sealed", CARE, None),
    _Column(PreRegistration, "note_sealed", BEFORE, None),
    _Column(PreRegistration, "email_sealed", BEFORE, None),
    _Column(PreRegistration, "answers_sealed", BEFORE, None),
)


@dataclass
class Resealed:
    """How many values were sealed anew, and how many no key of ours opens."""

    anew: int = 0
    lost: int = 0


def sealed_anew(*, is_trial: bool, at: datetime, by: int | None) -> Resealed:
    """Every sealed value and its mark are of the newest key, in batches that each leave a row.

    Whoever is interrupted runs it again: what is of the newest key already is passed over.
    """
    done = Resealed()
    for column in COLUMNS:
        for pks in _batches(column):
            _batch(column, pks, done, is_trial=is_trial, at=at, by=by)
    return done


def _batches(column: _Column) -> Iterator[list[int]]:
    last = 0
    rows = column.model._default_manager.exclude(**{column.name: ""}).order_by("pk")
    while pks := list(rows.filter(pk__gt=last).values_list("pk", flat=True)[:BATCH]):
        yield pks
        last = pks[-1]


@transaction.atomic
def _batch(
    column: _Column, pks: list[int], done: Resealed, *, is_trial: bool, at: datetime, by: int | None
) -> None:
    anew = 0
    rows = column.model._default_manager.select_for_update(no_key=True)
    for row in rows.filter(pk__in=pks).order_by("pk"):
        sealed = getattr(row, column.name)
        try:
            found = resealed(sealed, purpose=column.purpose)
        except InvalidToken:
            done.lost += 1
            continue
        if found is not None:
            anew += 1
            if not is_trial:
                values = {column.name: found, **_mark(column, sealed)}
                column.model._default_manager.filter(pk=row.pk).update(**values)
    if anew and not is_trial:
        after = {column.model._meta.label_lower: anew}
        record("keys_reseal", action=Action.UPDATE, at=at, by=by, after=after)
    done.anew += anew


def _mark(column: _Column, sealed: str) -> dict[str, str]:
    if column.key is None:
        return {}
    plain = opened(sealed, purpose=column.purpose)
    return {"mark": marks(column.key(plain), purpose=column.purpose)[0]}
