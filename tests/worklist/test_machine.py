"""Whatever people do with a task in whatever order, it stays possible (hypothesis)."""

from datetime import timedelta

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import ServiceError
from core.models import StateChange
from tests.factories import org as people
from tests.factories import tasks
from tests.factories.org import STARTED, Hospital
from worklist import services
from worklist.models import Task, TaskEscalation
from worklist.states import OPEN, SEVERITY, TASK_STEPS, TaskState

ACTS = (
    "claim",
    "release",
    "done",
    "void",
    "hold",
    "wake",
    "hand_over",
    "cancel",
    "escalate",
    "wake_all",
    "join",
)
SUBJECT = ("lab.result", "7")
steps = st.lists(
    st.tuples(st.sampled_from(ACTS), st.integers(0, 1), st.integers(1, 600)), max_size=14
)


class Ward:
    """One task, two nurses, a clock that only goes on."""

    def __init__(self, hospital: Hospital, priority: str) -> None:
        first, second = hospital.person("nurse"), people.person("night-nurse")
        people.assign(second, "nurse", hospital.ward)
        self.crew = [first.pk, second.pk]
        self.unit = hospital.ward
        self.at = STARTED
        self.row = self.opened(priority)

    def opened(self, priority: str = "") -> Task:
        return tasks.task(
            self.unit, kind="unmatched_result", subject=SUBJECT, at=self.at, priority=priority
        )

    def act(self, name: str, who: int, minutes: int) -> None:
        self.at += timedelta(minutes=minutes)
        by, other = self.crew[who], self.crew[1 - who]
        at, row, verbs = self.at, self.row, services
        {
            "claim": lambda: verbs.task_claim(row, by=by, at=at),
            "release": lambda: verbs.task_release(row, by=by, at=at),
            "done": lambda: verbs.task_done(row, by=by, at=at),
            "void": lambda: verbs.task_void(row, reason="x", by=by, at=at),
            "hold": lambda: verbs.task_hold(
                row, until=at + timedelta(minutes=minutes), reason="x", by=by, at=at
            ),
            "wake": lambda: verbs.task_wake(row, by=by, at=at),
            "hand_over": lambda: verbs.task_hand_over(row, to_user=other, reason="x", by=by, at=at),
            "cancel": lambda: verbs.task_cancel(row, reason="x", by=None, at=at),
            "escalate": lambda: verbs.tasks_escalate(at=at),
            "wake_all": lambda: verbs.tasks_wake(at=at),
            "join": lambda: self.opened("stat" if minutes > 400 else ""),
        }[name]()

    def check(self, before: Task) -> None:
        row = Task.objects.get(pk=self.row.pk)
        changes = list(
            StateChange.objects.filter(subject_type="worklist.task", subject_id=row.pk)
            .order_by("id")
            .values_list("from_state", "to_state")
        )
        assert changes[-1][1] == row.state
        assert all(to in TASK_STEPS[start] for start, to in changes[1:])
        assert [to for _start, to in changes[:-1]] == [start for start, _to in changes[1:]]
        assert (row.state == TaskState.CLAIMED) <= (row.owner_id is not None)
        assert SEVERITY[row.priority] >= SEVERITY[before.priority]
        assert row.level >= before.level
        assert row.state in OPEN or row.next_level_at is None
        numbers = TaskEscalation.objects.filter(task=row).values_list("number", flat=True)
        assert len(set(numbers)) == len(numbers)
        assert row.first_touched_at == before.first_touched_at or before.first_touched_at is None
        assert Task.objects.filter(group_key=row.group_key, state__in=OPEN).count() <= 1


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps, st.sampled_from(["routine", "urgent", "stat"]))
def test_no_order_of_acts_leaves_a_task_that_cannot_be(
    hospital: Hospital, plan: list[tuple[str, int, int]], priority: str
) -> None:
    with transaction.atomic():
        ward = Ward(hospital, priority)
        for name, who, minutes in plan:
            before = Task.objects.get(pk=ward.row.pk)
            try:
                with transaction.atomic():
                    ward.act(name, who, minutes)
            except ServiceError:
                after = Task.objects.get(pk=ward.row.pk)
                assert (after.state, after.owner_id) == (before.state, before.owner_id)
            ward.check(before)
        transaction.set_rollback(True)
