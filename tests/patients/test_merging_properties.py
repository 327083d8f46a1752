"""Whatever people do with suspicions and merges in whatever order: what must hold, holds."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import ServiceError
from core.models import StateChange
from org.models import User
from patients import services
from patients.models import DuplicatePair, MergeCase, Patient
from patients.rules.merging import cut, gaps
from patients.selectors.merging import keys
from patients.states import IDENTITY_STEPS, MERGE_STEPS, PAIR_STEPS
from tests.factories import org as people
from tests.factories import patients
from tests.factories.merging import tables
from tests.factories.org import STARTED

TABLES: dict[str, dict[str, frozenset[str]]] = {
    "patients.patient": IDENTITY_STEPS,
    "patients.duplicatepair": PAIR_STEPS,
    "patients.mergecase": MERGE_STEPS,
}
DEED = st.tuples(
    st.sampled_from(
        ["propose", "review", "execute", "reverse", "reject", "dismiss", "scan", "change"]
    ),
    st.integers(0, 2),
    st.integers(0, 2),
    st.integers(0, 1),
)


class People:
    """Three records that may be of one person, and two people who decide about them."""

    def __init__(self, desk: people.Hospital) -> None:
        self.actors = [desk.person("front_desk"), desk.person("records_officer")]
        clerk = self.actors[0]
        self.rows: list[Patient] = []
        for given_name in ("Anna", "Ana", "Hanna"):
            seen = [row.public_id for row in self.rows]
            changes = {"given": given_name, "mobile": "0611223344"}
            self.rows.append(patients.patient(desk.ward, clerk, seen=seen, **changes))

    def deed(self, name: str, one: int, two: int, who: int) -> None:
        """Do it, as far as it is allowed."""
        act: Callable[[int, int, User], Any] = getattr(self, f"_{name}")
        try:
            with transaction.atomic():
                act(one, two, self.actors[who])
        except ServiceError:
            return

    def _propose(self, one: int, two: int, by: User) -> None:
        services.merge_propose(self.rows[one], self.rows[two], reason="same", by=by.pk, at=STARTED)

    def _case(self, number: int) -> MergeCase:
        rows = list(MergeCase.objects.order_by("-pk"))
        if not rows:
            raise ServiceError()
        return rows[number % len(rows)]

    def _review(self, one: int, _two: int, by: User) -> None:
        case = self._case(one)
        services.merge_review(case, version=case.version, by=by.pk, at=STARTED)

    def _execute(self, one: int, _two: int, by: User) -> None:
        case = self._case(one)
        seen = case.winner.version, case.loser.version
        services.merge_execute(case, version=case.version, seen=seen, by=by.pk, at=STARTED)

    def _reverse(self, one: int, _two: int, by: User) -> None:
        case = self._case(one)
        services.merge_reverse(case, version=case.version, reason="two", by=by.pk, at=STARTED)

    def _reject(self, one: int, _two: int, by: User) -> None:
        case = self._case(one)
        services.merge_reject(case, version=case.version, reason="no", by=by.pk, at=STARTED)

    def _dismiss(self, one: int, _two: int, by: User) -> None:
        rows = list(DuplicatePair.objects.order_by("pk"))
        services.pair_dismiss(rows[one % len(rows)], reason="two", by=by.pk, at=STARTED)

    def _scan(self, _one: int, _two: int, _by: User) -> None:
        services.duplicates_scan(at=STARTED)

    def _change(self, one: int, two: int, by: User) -> None:
        services.identifier_add(
            self.rows[one], system="other", value=f"{one}{two} {by.pk}", by=by.pk, at=STARTED
        )


def check() -> None:
    """What must hold, whatever was done."""
    for table, steps in TABLES.items():
        for row in StateChange.objects.filter(subject_type=table).exclude(from_state=""):
            assert row.to_state in steps[row.from_state], (table, row)
    assert not Patient.objects.filter(merged_into__isnull=True, state="merged").exists()
    assert not Patient.objects.filter(merged_into__isnull=False).exclude(state="merged").exists()
    assert not MergeCase.objects.filter(executed_by=F("proposed_by")).exists()
    into = dict(Patient.objects.values_list("pk", "merged_into"))
    for start in into:
        here, steps_taken = start, 0
        while into[here] is not None:
            here, steps_taken = into[here], steps_taken + 1
            assert steps_taken <= len(into), "a circle"
    gone = [pk for pk, other in into.items() if other is not None]
    for key in keys():
        left = key.model._base_manager.filter(**{f"{key.column}__in": gone})
        assert not left.exists(), key


@pytest.mark.django_db
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(deeds=st.lists(DEED, max_size=14))
def test_no_order_of_deeds_breaks_what_must_hold(
    desk: people.Hospital, deeds: list[tuple[str, int, int, int]]
) -> None:
    with transaction.atomic():
        world = People(desk)
        before = tables()
        for deed in deeds:
            world.deed(*deed)
            check()
        while case := MergeCase.objects.filter(state="executed").order_by("-executed_at").first():
            # The last one first: two of one moment are told apart by what still stands.
            stands = MergeCase.objects.filter(state="executed", winner__merged_into=None)
            case = stands.first() or case
            services.merge_reverse(
                case, version=case.version, reason="end", by=world.actors[0].pk, at=STARTED
            )
        if not any(name == "change" for name, *_rest in deeds):
            assert tables() == before
        transaction.set_rollback(True)


class Span:
    """A range of whole numbers, as the database has ranges of days."""

    def __init__(self, lower: Any = None, upper: Any = None, *, empty: bool = False) -> None:
        self.lower, self.upper, self.isempty = lower, upper, empty

    def days(self) -> set[int]:
        """The days from -1 to 29 that are in it; open ends reach beyond."""
        low = -1 if self.lower is None else self.lower
        high = 30 if self.upper is None else self.upper
        return set() if self.isempty else set(range(low, high))


def _span(lower: int | None, length: int | None) -> Span:
    start = 0 if lower is None else lower
    return Span(lower, None if length is None else start + length)


SPAN = st.builds(_span, st.none() | st.integers(0, 20), st.none() | st.integers(1, 8))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(period=SPAN, taken=st.lists(SPAN, max_size=5))
def test_a_period_is_cut_to_days_that_nobody_has(period: Span, taken: list[Span]) -> None:
    theirs = set().union(*(each.days() for each in taken)) if taken else set()
    left = cut(period, taken)
    assert not left.days() & theirs
    assert left.days() <= period.days()
    assert left.isempty == (not period.days() - theirs)
    free = set().union(*(Span(*each).days() for each in gaps(period, taken)))
    assert free == period.days() - theirs
