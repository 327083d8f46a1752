"""The registry: every room adds its acts by one line here."""

from collections.abc import Callable
from dataclasses import dataclass

from hms.simulation import staff, tasks
from hms.simulation.scene import Scene

# What was done, in words for the log and the tests, or None when there was nothing to do.
Run = Callable[[Scene], str | None]


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that people do `per_day` times on an ordinary day."""

    name: str
    per_day: float
    run: Run


ACTS = (
    Act("sign_in", 90, staff.sign_in),
    Act("sign_out", 80, staff.sign_out),
    Act("shift_change", 2, staff.shift_change),
    Act("colleague_invite", 1, staff.colleague_invite),
    Act("contract_end", 0.7, staff.contract_end),
    Act("ward_observe", 0.7, staff.ward_observe),
    Act("task_ask", 40, tasks.task_ask),
    Act("task_take", 36, tasks.task_take),
    Act("task_finish", 44, tasks.task_finish),
)
