"""Runs the acts: days of history on a simulated clock, or on and on in real time."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction

from core import clock, mode
from core.context import asking
from core.errors import ServiceError
from core.events import together
from hms.simulation.acts import ACTS, Act
from hms.simulation.scene import Scene
from hms.tasks import drain
from org.tasks import assignments_settle_due
from worklist.tasks import tasks_escalate_due, tasks_wake_due

DAY = timedelta(days=1)
BEAT = timedelta(minutes=30)
LONGEST_REST = 30.0
RETRY_SECONDS = 2.0
# Share of the day's acts that begin in each hour: quiet nights, changes of shift at 7 and 19.
_BUSY = (1, 1, 1, 1, 1, 2, 5, 10, 7, 6, 6, 5, 4, 5, 5, 5, 4, 4, 6, 8, 4, 3, 2, 2)
log = structlog.get_logger("hms.simulation")


@dataclass(frozen=True, slots=True)
class Done:
    """One act that took place."""

    at: datetime
    act: str
    what: str


def _moments(act: Act, start: datetime, dice: random.Random) -> list[datetime]:
    """Return when the act happens during the day that begins at `start`."""
    whole, rest = divmod(act.per_day, 1)
    count = int(whole) + (dice.random() < rest)
    hours = dice.choices(range(24), weights=_BUSY, k=count)
    first = start.hour
    return [
        start + timedelta(hours=(hour - first) % 24, seconds=dice.randrange(3600)) for hour in hours
    ]


def plan(start: datetime, dice: random.Random) -> list[tuple[datetime, Act | None]]:
    """Return the acts of one day in order; None stands for the beat."""
    acts: list[tuple[datetime, Act | None]] = [
        (moment, act) for act in ACTS for moment in _moments(act, start, dice)
    ]
    beats = [(start + BEAT * number, None) for number in range(1, DAY // BEAT + 1)]
    return sorted([*acts, *beats], key=lambda item: item[0])


def act_out(act: Act, scene: Scene) -> Done | None:
    """One act takes place by the clock, whole or not at all; its facts are delivered."""
    done = None
    if mode.state().is_read_only:
        return done
    try:
        with asking(source="screen", user_id=scene.admin.pk), transaction.atomic(), together():
            what = act.run(scene)
        done = Done(clock.now(), act.name, what) if what else None
    except ServiceError as error:
        log.info("simulated_act_refused", act=act.name, code=error.code)
    drain()
    return done


def history(*, seed: int, days: int, until: datetime) -> list[Done]:
    """The hospital has lived through `days` days that end at `until`; returns what was done.

    The same seed on the same hospital gives the same acts. Raises LookupError without the demo.
    """
    dice = random.Random(seed)  # noqa: S311  # dice of a play, not a secret
    scene = Scene(dice)
    done: list[Done] = []
    for day in range(days, 0, -1):
        for moment, act in plan(until - DAY * day, dice):
            if moment >= until:
                break
            with clock.at(moment):
                found = _step(act, scene)
            if found:
                done.append(found)
    return done


def _step(act: Act | None, scene: Scene) -> Done | None:
    if act is not None:
        return act_out(act, scene)
    assignments_settle_due()
    tasks_wake_due()
    tasks_escalate_due()
    drain()
    return None


def follow(*, seed: int, pace: float, rest: Callable[[float], bool]) -> None:
    """The hospital lives on in real time, `pace` times as busy as planned, until `rest` says stop.

    `rest(seconds)` waits and returns True when the simulation has to end. A lost database is
    waited for. Raises LookupError without the demo.
    """
    dice = random.Random(seed)  # noqa: S311  # dice of a play, not a secret
    scene: Scene | None = None
    while not rest(_pause(dice, pace)):
        try:
            scene = scene or Scene(dice)
            act = dice.choices(ACTS, weights=[item.per_day for item in ACTS])[0]
            found = act_out(act, scene)
        except (OperationalError, InterfaceError) as error:
            log.warning("simulation_database_away", error=type(error).__name__)
            connection.close()
            if rest(RETRY_SECONDS):
                return
            continue
        if found:
            log.info("simulated_act", act=found.act)


def _pause(dice: random.Random, pace: float) -> float:
    """Return the seconds until the next act: busy hours have shorter ones."""
    share = _BUSY[clock.now().hour] / sum(_BUSY)
    per_second = sum(act.per_day for act in ACTS) * share * pace / 3600
    return min(dice.expovariate(per_second), LONGEST_REST)
