"""Two records of one person become one, done by a second person, and come apart again."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from audit.services import Action, record
from core.errors import Denied, Invalid, ServiceError, VersionConflict
from core.events import publish
from core.hooks import Blocker
from core.states import Machine, move, state_change_record
from org.services.vault import opened, sealed
from patients.events import PatientsMerged, PatientsParted
from patients.models import DuplicatePair, MergeCase, Patient
from patients.rules.matching import compare
from patients.selectors import merging
from patients.selectors.matches import people
from patients.selectors.records import CARE
from patients.services.checks import IDENTITY
from patients.services.details import PatientMerged
from patients.services.duplicates import PAIRS, pair_put
from patients.services.moving import (
    Tally,
    constraints_now,
    rows_move,
    rows_return,
    settled,
    settled_back,
)
from patients.services.none_known import none_known_settle
from patients.states import MERGE_STEPS, IdentityState, MergeState, PairState

MERGES = Machine(
    column="state",
    table=MERGE_STEPS,
    words=MergeState,
    stamps={
        state: str(state)
        for state in (
            MergeState.REVIEWED,
            MergeState.EXECUTED,
            MergeState.REVERSED,
            MergeState.REJECTED,
        )
    },
)


class MergeBlocked(ServiceError):
    """Something stands in the way of the merge; `blockers` says what."""

    code = "merge_blocked"
    message = _("These records cannot be merged now.")

    def __init__(self, found: Sequence[Blocker]) -> None:
        super().__init__(
            " ".join(str(each.text) for each in found),
            blockers=[{"code": each.code, "text": str(each.text)} for each in found],
        )
        self.blockers = tuple(found)


class MergeAsked(ServiceError):
    """A room asks something about the merge, and nobody said yet that it is right."""

    code = "merge_asked"
    status = 422
    message = _("Something here is unusual. Look at both records, and say that it is right.")

    def __init__(self, found: Sequence[Blocker]) -> None:
        super().__init__(questions=[{"code": each.code, "text": str(each.text)} for each in found])
        self.questions = tuple(found)


class ProposedAlready(ServiceError):
    """A merge of the record is proposed or done already."""

    code = "merge_proposed_already"
    message = _("A merge of this record has been proposed already.")


class OwnProposal(Denied):
    """Whoever proposed a merge neither reviews it nor carries it out."""

    code = "own_proposal"
    message = _("You proposed this merge: somebody else has to decide.")


class LaterMerge(ServiceError):
    """The record was merged once more after this merge."""

    code = "merged_again"
    message = _("The record that stayed was merged again later. Take that merge apart first.")


class CannotPart(ServiceError):
    """What was written since does not fit on two records; somebody has to end it first."""

    code = "cannot_part"
    message = _("What was written since the merge does not fit two records. End that first.")


def _both(winner_id: int, loser_id: int) -> tuple[Patient, Patient]:
    """Return both records, locked in the order of their numbers, also against new rows of theirs.

    A row that somebody adds to one of them at this moment waits, or is waited for.
    """
    # No join: what is joined would be from before the wait.
    rows = Patient.objects.select_for_update()
    found = {row.pk: row for row in rows.filter(pk__in=[winner_id, loser_id]).order_by("pk")}
    return found[winner_id], found[loser_id]


def _check_living(*rows: Patient) -> None:
    for row in rows:
        if row.merged_into is not None:
            raise PatientMerged(merged_into=str(row.merged_into.public_id))


def _check_pair(winner: Patient, loser: Patient) -> None:
    if winner.pk == loser.pk:
        raise Invalid(_("This is the same record."), field="into")
    _check_living(winner, loser)
    unknown = IdentityState.PROVISIONAL
    if winner.state == unknown and loser.state != unknown:
        text = _("The record with a name stays: merge the unknown person into it.")
        raise Invalid(text, field="into")


def _noted(case: MergeCase, act: str, *, by: int, at: datetime, **rest: Any) -> None:
    """The trail says it of both records."""
    for patient in (case.winner, case.loser):
        record(
            act,
            action=Action.UPDATE,
            at=at,
            by=by,
            subject=case,
            patient=patient.public_id,
            **rest,
        )


@transaction.atomic
def merge_propose(
    winner: Patient, loser: Patient, *, reason: str, by: int, at: datetime
) -> MergeCase:
    """It is proposed that the winner's record takes the place of the loser's.

    Raises Invalid, PatientMerged, MergeBlocked, ProposedAlready.
    """
    if not reason.strip():
        raise Invalid(_("Say why they are one person."), field="reason")
    if winner.pk == loser.pk:
        _check_pair(winner, loser)
    stays, goes = _both(winner.pk, loser.pk)
    _check_pair(stays, goes)
    found = MergeCase.objects.filter(loser=goes, state__in=["proposed", "reviewed", "executed"])
    if found.exists():
        raise ProposedAlready()
    _check_free(stays, goes, at=at)
    case = MergeCase.objects.create(
        winner=stays, loser=goes, reason=reason.strip(), proposed_at=at, proposed_by_id=by
    )
    state_change_record(case, "", MergeState.PROPOSED, by=by, at=at, reason=case.reason)
    pair = _pair_of(stays, goes, by=by, at=at)
    if pair.state == PairState.DISMISSED:
        move(pair, PairState.OPEN, machine=PAIRS, by=by, at=at, reason=case.reason)
    if pair.state == PairState.OPEN:
        move(pair, PairState.CONFIRMED, machine=PAIRS, by=by, at=at, reason=case.reason)
    _noted(case, "merge_propose", by=by, at=at, reason=case.reason)
    return case


def _check_free(
    winner: Patient, loser: Patient, *, at: datetime, sure: Collection[str] | None = None
) -> None:
    """Raise what the rooms have against it; with `sure` also what they ask and nobody answered."""
    found = merging.against(winner, loser, at=at)
    if refused := [each for each in found if not each.is_question]:
        raise MergeBlocked(refused)
    asked = [each for each in found if each.code not in (sure or ())]
    if sure is not None and asked:
        raise MergeAsked(asked)


def _pair_of(winner: Patient, loser: Patient, *, by: int, at: datetime) -> DuplicatePair:
    one, two = sorted((winner.pk, loser.pk))
    rows = DuplicatePair.objects.select_for_update(no_key=True)
    found = rows.filter(one=one, two=two).first()
    if found is not None:
        return found
    known = people({winner.pk: winner, loser.pk: loser})
    match = compare(known[one], known[two])
    return pair_put(winner, loser, match, by=by, at=at)


def _locked(case: MergeCase, version: int | None) -> MergeCase:
    """Return the case with both records, all locked: records first. Raises VersionConflict."""
    winner, loser = _both(case.winner_id, case.loser_id)
    row = MergeCase.objects.select_for_update(no_key=True).get(pk=case.pk)
    row.winner, row.loser = winner, loser
    if version is not None and row.version != version:
        raise VersionConflict(current=row.version)
    return row


def _stepped(row: MergeCase, to: str, *, by: int, at: datetime, reason: str = "") -> None:
    move(row, to, machine=MERGES, by=by, at=at, reason=reason)
    row.version += 1
    row.save(update_fields=["version"])


@transaction.atomic
def merge_review(
    case: MergeCase, *, version: int, note: str = "", by: int, at: datetime
) -> MergeCase:
    """A second person has compared both records: they are of one person.

    Raises OwnProposal, TransitionRefused, VersionConflict, PatientMerged, MergeBlocked.
    """
    row = _locked(case, version)
    if row.proposed_by_id == by:
        raise OwnProposal()
    _stepped(row, MergeState.REVIEWED, by=by, at=at, reason=note)
    _check_pair(row.winner, row.loser)
    _check_free(row.winner, row.loser, at=at)
    _noted(row, "merge_review", by=by, at=at, reason=note)
    return row


@transaction.atomic
def merge_reject(case: MergeCase, *, version: int, reason: str, by: int, at: datetime) -> MergeCase:
    """The records stay two; the suspicion is open again. Raises TransitionRefused, Invalid."""
    if not reason.strip():
        raise Invalid(_("Say why they are not merged."), field="reason")
    row = _locked(case, version)
    _stepped(row, MergeState.REJECTED, by=by, at=at, reason=reason)
    _pair_moved(row, PairState.OPEN, by=by, at=at, reason=reason)
    _noted(row, "merge_reject", by=by, at=at, reason=reason)
    return row


def _pair_moved(case: MergeCase, to: str, *, by: int, at: datetime, reason: str = "") -> None:
    pair = _pair_of(case.winner, case.loser, by=by, at=at)
    if to in PAIRS.table[pair.state]:
        move(pair, to, machine=PAIRS, by=by, at=at, reason=reason)


@transaction.atomic
def merge_execute(
    case: MergeCase,
    *,
    version: int,
    seen: tuple[int, int],
    sure: Collection[str] = (),
    by: int,
    at: datetime,
) -> MergeCase:
    """Everything of the loser is the winner's; the loser's record leads there, all or nothing.

    `seen` are the versions of both records that were looked at: what was looked at is merged.
    Raises OwnProposal, TransitionRefused, VersionConflict, PatientMerged, MergeBlocked, MergeAsked.
    """
    row = _locked(case, version)
    if row.proposed_by_id == by:
        raise OwnProposal()
    constraints_now()
    winner, loser = row.winner, row.loser
    _stepped(row, MergeState.EXECUTED, by=by, at=at)
    _check_pair(winner, loser)
    if (winner.version, loser.version) != seen:
        raise VersionConflict(_("One of the records was changed meanwhile. Look at both again."))
    _check_free(winner, loser, at=at, sure=sure)
    row.snapshot = {
        "winner": merging.columns_kept(winner),
        "loser": merging.columns_kept(loser),
        "highest": merging.highest(),
    }
    with settled(row, [winner, loser]):
        none_known_settle([winner, loser], reason=_now("Records were merged"), by=by, at=at)
    tally = rows_move(row, winner, loser)
    filled = _fill(row, winner, loser)
    loser.merged_into = winner
    _bumped(winner, *filled)
    _bumped(loser, "merged_into")
    move(loser, IdentityState.MERGED, machine=IDENTITY, by=by, at=at, reason=row.reason)
    row.snapshot |= {"filled": filled, "moved": tally.moved, "stayed": tally.stayed}
    row.save(update_fields=["snapshot", "notes_before_sealed"])
    _pair_moved(row, PairState.MERGED, by=by, at=at)
    _noted(row, "merge_execute", by=by, at=at, reason=row.reason, after=_told(tally, filled))
    _announce(PatientsMerged, row, at=at)
    return row


def _bumped(row: Patient, *names: str) -> None:
    """The record has one version more: who edits an older one is told."""
    row.version += 1
    columns = {name.removesuffix("_id") for name in names}
    row.save(update_fields=[*sorted(columns), "version"])


def _told(tally: Tally, columns: Mapping[str, object]) -> dict[str, object]:
    """Return what the trail keeps: how many rows of which table, which columns; no values."""
    return {"moved": tally.moved, "stayed": tally.stayed, "filled": sorted(columns)}


def _announce(
    fact: type[PatientsMerged | PatientsParted], case: MergeCase, *, at: datetime
) -> None:
    publish(
        fact(
            winner_id=case.winner_id,
            winner=case.winner.public_id,
            loser_id=case.loser_id,
            loser=case.loser.public_id,
            case=case.public_id,
        ),
        at=at,
        order_key=f"patient:{case.winner_id}",
    )


def _fill(case: MergeCase, winner: Patient, loser: Patient) -> dict[str, str | None]:
    """The winner has what it lacked; returns it as the snapshot keeps it."""
    found = merging.fills(winner, loser)
    for name, value in found.items():
        setattr(winner, name, value)
    filled = {name: merging.text_of(winner, name) for name in found}
    if loser.special_care_sealed:
        case.notes_before_sealed = winner.special_care_sealed
        winner.special_care_sealed = sealed(
            _notes_of_both(case.notes_before_sealed, loser), purpose=CARE
        )
        # What it says is in no snapshot.
        filled["special_care_sealed"] = None
    return filled


def _notes_of_both(before: str, loser: Patient) -> str:
    theirs = opened(loser.special_care_sealed, purpose=CARE)
    if not before:
        return theirs
    head = _now("From record %(mrn)s:") % {"mrn": loser.mrn}
    return f"{opened(before, purpose=CARE)}\n\n{head}\n{theirs}"


@transaction.atomic
def merge_reverse(
    case: MergeCase, *, version: int, reason: str, by: int, at: datetime
) -> MergeCase:
    """Both records are as before the merge; what was written on the winner since stays there.

    Raises Invalid, TransitionRefused, VersionConflict, LaterMerge.
    """
    if not reason.strip():
        raise Invalid(_("Say why they are two persons."), field="reason")
    row = _locked(case, version)
    constraints_now()
    winner, loser = row.winner, row.loser
    _stepped(row, MergeState.REVERSED, by=by, at=at, reason=reason)
    if winner.merged_into is not None:
        raise LaterMerge()
    since = merging.written_since(row)
    before = str(row.snapshot["loser"]["state"])
    move(loser, before, machine=IDENTITY, by=by, at=at, reason=reason)
    loser.merged_into = None
    _bumped(loser, "merged_into")
    try:
        tally = rows_return(row, winner, loser)
        settled_back(row, by=by, at=at, reason=reason)
    except IntegrityError as error:
        raise CannotPart() from error
    names, kept = _unfill(row, winner, loser)
    _bumped(winner, *names)
    row.snapshot |= {"since": since, "changed_since": tally.stayed, "kept": kept}
    row.save(update_fields=["snapshot"])
    _pair_moved(row, PairState.DISMISSED, by=by, at=at, reason=reason)
    _noted(row, "merge_reverse", by=by, at=at, reason=reason, after=_told(tally, since))
    _announce(PatientsParted, row, at=at)
    return row


def _unfill(case: MergeCase, winner: Patient, loser: Patient) -> tuple[list[str], list[str]]:
    """Take back what the merge filled in, unless somebody has changed it since.

    Returns the columns that were taken back, and those that stay.
    """
    filled, before = dict(case.snapshot["filled"]), case.snapshot["winner"]
    back: list[str] = []
    if "special_care_sealed" in filled:
        del filled["special_care_sealed"]
        wanted = _notes_of_both(case.notes_before_sealed, loser)
        now = winner.special_care_sealed
        if now and opened(now, purpose=CARE) == wanted:
            winner.special_care_sealed = case.notes_before_sealed
            back.append("special_care_sealed")
    changed = {name for name, text in filled.items() if merging.text_of(winner, name) != text}
    for group in merging.GROUPS:
        changed |= set(group) & filled.keys() if changed & set(group) else set()
    for name in filled.keys() - changed:
        setattr(winner, name, merging.value_of(Patient, name, before[name]))
        back.append(name)
    return back, sorted(changed)
