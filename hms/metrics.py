"""What monitoring reads: counters of this process, added up over all processes when asked (SEC-V8).

Each web worker and each process of the Celery pool has a place (a number that its successor takes
over) and counts in small files of that name: counters go on when a worker is renewed, and there are
never more files than places. No label ever holds an address, a person or a record: doors, tasks
and parts are known by name, and there are only so many.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
    values,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from core.health import Sign

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# Between the liveness port and the workers of one start; never in a file.
KEY, HEADER, PLACE = "HMS_METRICS_KEY", "HMS-Metrics-Key", "HMS_METRICS_PLACE"
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_SECONDS = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_STATES = {"ok": 0, "degraded": 1, "down": 2}


class Counters:
    """What one process counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "hms_requests",
            "Answers by door, method and class of status.",
            ["door", "method", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "hms_request_seconds",
            "How long answers took, by door.",
            ["door"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.tasks = Counter(
            "hms_tasks",
            "Background tasks by name and outcome.",
            ["task", "outcome"],
            registry=self.registry,
        )
        self.connections = Counter(
            "hms_database_connections",
            "Connections to the database: opened, and failed to open.",
            ["outcome"],
            registry=self.registry,
        )


class _Process:
    """Counts for itself until it has a place among others."""

    counters = Counters()
    is_shared = False


def share(place: str, *, folder: Path) -> None:
    """From now on this process counts in the files of its place. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.environ |= {FOLDER: str(folder)}
    values.ValueClass = values.MultiProcessValue(process_identifier=lambda: place)
    _Process.counters = Counters()
    _Process.is_shared = True


def forget(kind: str, *, folder: Path) -> None:
    """What places of this kind counted before a start is gone."""
    for path in folder.glob(f"*_{kind}-*.db"):
        path.unlink(missing_ok=True)


def request_answered(door: str, method: str, status: int, seconds: float) -> None:
    """One answer more."""
    counters, name = _Process.counters, door or "none"
    known = method if method in _METHODS else "other"
    counters.requests.labels(name, known, f"{status // 100}xx").inc()
    counters.seconds.labels(name).observe(max(0.0, seconds))


def task_ended(name: str, outcome: str) -> None:
    """One task more."""
    _Process.counters.tasks.labels(name, outcome.lower() or "unknown").inc()


def connection_tried(*, opened: bool) -> None:
    """The database was asked for one connection more."""
    _Process.counters.connections.labels("opened" if opened else "failed").inc()


def told(signs: "Iterable[Sign]") -> bytes:
    """Return everything in the text format: all processes' counters, and how each part is."""
    counted = _Process.counters.registry
    if _Process.is_shared:
        counted = CollectorRegistry()
        multiprocess.MultiProcessCollector(counted, path=os.environ[FOLDER])
    parts = CollectorRegistry()
    parts.register(_Parts(signs))
    return generate_latest(counted) + generate_latest(parts)


class _Parts(Collector):
    """The signs of readiness: how each part is, and each number that a sign carries."""

    def __init__(self, signs: "Iterable[Sign]") -> None:
        self.signs = signs

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield `hms_part_state` and one gauge a number."""
        text = "0 works, 1 degraded, 2 down."
        state = GaugeMetricFamily("hms_part_state", text, labels=["part"])
        for sign in self.signs:
            state.add_metric([sign.name], _STATES[sign.state])
            for name, value in sign.values.items():
                if isinstance(value, int | float):
                    full = f"hms_{sign.name}_{name}".replace("-", "_")
                    text = f"{name} of {sign.name}; /readyz says what it means."
                    yield GaugeMetricFamily(full, text, value=float(value))
        yield state
