"""Suspicions that two records are one person: written down, dismissed, looked for every night."""

import heapq
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.services import Action, record
from core.errors import Invalid
from core.states import Machine, move, state_change_record
from patients.models import DuplicatePair, Patient
from patients.rules.matching import REVIEW, Match
from patients.selectors import duplicates
from patients.selectors.duplicates import Pair
from patients.states import PAIR_STEPS, PairState

PAIRS = Machine(
    column="state",
    table=PAIR_STEPS,
    words=PairState,
    stamps=dict.fromkeys((PairState.DISMISSED, PairState.CONFIRMED), "decided"),
)
# What two people can look through in a week; the best of them are listed first.
MOST_OPEN = 500
UNCHANGED = "what was compared has changed"


def _columns(match: Match) -> dict[str, Any]:
    reasons = [{"what": each.what, "how": each.how} for each in match.reasons]
    return {"score": Decimal(str(match.score)), "reasons": reasons}


def pair_hashes(pairs: list[Pair]) -> dict[Pair, str]:
    """Return the digest of what is compared of each pair."""
    known = duplicates.prints({pk for pair in pairs for pk in pair})
    return {(one, two): duplicates.pair_hash(known[one], known[two]) for one, two in pairs}


def pair_put(
    one: Patient, two: Patient, match: Match, *, by: int | None, at: datetime, note: str = ""
) -> DuplicatePair:
    """The suspicion is written down: somebody was registered although this was likely.

    The caller's transaction holds both records.
    """
    first, second = sorted((one.pk, two.pk))
    hashed = pair_hashes([(first, second)])[(first, second)]
    found = DuplicatePair.objects.filter(one=first, two=second).first()
    if found is not None:
        return found
    made = DuplicatePair.objects.create(
        one_id=first,
        two_id=second,
        compared=hashed,
        found_at=at,
        found_by_id=by,
        note=note[:300],
        **_columns(match),
    )
    state_change_record(made, "", PairState.OPEN, by=by, at=at, reason=note)
    return made


@transaction.atomic
def pair_dismiss(pair: DuplicatePair, *, reason: str, by: int, at: datetime) -> DuplicatePair:
    """They are two persons; this is remembered until what was compared changes.

    Raises Invalid, TransitionRefused.
    """
    if not reason.strip():
        raise Invalid(_("Say why they are two persons."), field="reason")
    row = DuplicatePair.objects.select_for_update(no_key=True).get(pk=pair.pk)
    pairs = [(row.one_id, row.two_id)]
    move(row, PairState.DISMISSED, machine=PAIRS, by=by, at=at, reason=reason)
    row.compared, row.note = pair_hashes(pairs)[pairs[0]], reason.strip()[:300]
    row.version += 1
    row.save(update_fields=["compared", "note", "version"])
    for patient in (row.one, row.two):
        record(
            "duplicate_dismiss",
            action=Action.UPDATE,
            at=at,
            by=by,
            subject=row,
            patient=patient.public_id,
            reason=reason,
            after={"state": row.state},
        )
    return row


# The nightly scan ----------------------------------------------------------------------------


def duplicates_scan(*, at: datetime, most: int = MOST_OPEN) -> int:
    """The likeliest pairs of the house are on the list, `most` of them; returns how many are new.

    A dismissed pair comes back only when what was compared has changed. Every chunk is read by
    itself: nothing is locked while people work.
    """
    best: list[tuple[float, Pair]] = []
    for after, until in duplicates.chunks():
        for pair, match in _worth(duplicates.compared(duplicates.alike(after, until))).items():
            heapq.heappush(best, (match.score, pair))
            if len(best) > most:
                heapq.heappop(best)
    found = duplicates.compared([pair for _score, pair in best])
    new = sum(_noted(pair, match, at=at) for pair, match in found.items())
    _rescored(at=at)
    _capped(most)
    return new


def _worth(found: Mapping[Pair, Match]) -> dict[Pair, Match]:
    """Leave out what is too little, and what was decided of the same facts."""
    likely = {pair: match for pair, match in found.items() if match.score >= REVIEW}
    if not likely:
        return {}
    hashes = pair_hashes(list(likely))
    rows = DuplicatePair.objects.filter(one__in=[one for one, _two in likely])
    for one, two, state, compared in rows.values_list("one", "two", "state", "compared"):
        is_decided = state in {PairState.CONFIRMED, PairState.MERGED}
        if is_decided or (state == PairState.DISMISSED and compared == hashes.get((one, two))):
            likely.pop((one, two), None)
    return likely


@transaction.atomic
def _noted(pair: Pair, match: Match, *, at: datetime) -> bool:
    """Write the pair down, or open it again; False when it was open already."""
    one, two = pair
    hashed = pair_hashes([pair])[pair]
    row, is_new = DuplicatePair.objects.get_or_create(
        one_id=one,
        two_id=two,
        defaults={"compared": hashed, "found_at": at, **_columns(match)},
    )
    if is_new:
        state_change_record(row, "", PairState.OPEN, by=None, at=at)
    elif row.state == PairState.DISMISSED and row.compared != hashed:
        move(row, PairState.OPEN, machine=PAIRS, by=None, at=at, reason=UNCHANGED)
        DuplicatePair.objects.filter(pk=row.pk).update(
            compared=hashed, found_at=at, found_by=None, note="", **_columns(match)
        )
    else:
        return False
    return True


@transaction.atomic
def _rescored(*, at: datetime) -> None:
    """Open pairs have the score of today; what is alike no longer is dismissed."""
    rows = DuplicatePair.objects.select_for_update(no_key=True).filter(state=PairState.OPEN)
    known = {(row.one_id, row.two_id): row for row in rows.order_by("pk")}
    for pair, match in duplicates.compared(list(known)).items():
        row, values = known[pair], _columns(match)
        if match.score < REVIEW:
            row.compared = pair_hashes([pair])[pair]
            row.save(update_fields=["compared"])
            move(row, PairState.DISMISSED, machine=PAIRS, by=None, at=at, reason="alike no longer")
        elif (row.score, row.reasons) != (values["score"], values["reasons"]):
            DuplicatePair.objects.filter(pk=row.pk).update(**values, version=row.version + 1)


@transaction.atomic
def _capped(most: int) -> None:
    """The least likely open pairs of the scan go again; the next scan would find them."""
    rows = DuplicatePair.objects.filter(state=PairState.OPEN, decided_at=None)
    over = list(rows.order_by("-score", "-pk").values_list("pk", flat=True)[most:])
    rows.filter(pk__in=over, found_by=None).delete()
