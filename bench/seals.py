"""What sealing costs: writes with and without it, its lag, and a check of a million rows."""

import os
import threading
import time
from dataclasses import dataclass

from django.db import connection, connections

from audit.services import Action, record, seal, verify
from bench import place
from core import clock

ROWS = int(os.environ.get("BENCH_TRAIL_ROWS", "1000000"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "10"))
WRITERS = 4
EVERY = 2.0

_FILL = """
INSERT INTO audit_auditevent (public_id, occurred_at, act, action, outcome, actor, role, patient,
  subject_type, subject, reason, before, after, source, address, session, request_id)
SELECT gen_random_uuid(), now(), 'patients.read', 'R', '0', n %% 12000, 'nurse', gen_random_uuid(),
  'patients.patient', n::text, '', jsonb_build_object('ward', n %% 40, 'note', md5(n::text)),
  jsonb_build_object('ward', n %% 41, 'note', md5((n + 1)::text)), 'screen', '10.0.0.7',
  left(md5(n::text), 16), md5(n::text) FROM generate_series(%s, %s) n
"""


@dataclass
class Writing:
    """What the writers did in one stretch."""

    rate: float
    lag: float


def measure(_found: place.Place) -> None:
    """Print the figures of the section `seals`."""
    _writing(is_sealed=False)
    off, on = [], []
    for _ in range(3):
        off.append(_writing(is_sealed=False))
        on.append(_writing(is_sealed=True))
    without, with_seals = (sorted(w.rate for w in part)[1] for part in (off, on))
    print(f"audited writes/s, {WRITERS} writers: {without:.0f} without, {with_seals:.0f} with")
    longest = max(stretch.lag for stretch in on)
    print(f"ratio {with_seals / without:.2f}, longest run of the sealing {longest:.2f} s")
    for first in range(1, ROWS + 1, 100_000):
        with connections["owner"].cursor() as cursor:
            cursor.execute(_FILL, [first, min(first + 99_999, ROWS)])
    began = time.perf_counter()
    count = seal(at=clock.now())
    print(f"sealing {count} rows at once: {time.perf_counter() - began:.1f} s")
    began = time.perf_counter()
    report = verify()
    took = time.perf_counter() - began
    print(
        f"checking {report.rows} rows, {report.seals} seals: {took:.1f} s, clean={report.is_clean}"
    )


def _writing(*, is_sealed: bool) -> Writing:
    """Writers work for a while; the sealing runs beside them, or not."""
    end = time.monotonic() + SECONDS
    counts: list[int] = []

    def write() -> None:
        count = 0
        while time.monotonic() < end:
            record("bench", action=Action.READ, at=clock.now(), by=None, after={"n": count})
            count += 1
        counts.append(count)
        connection.close()

    writers = [threading.Thread(target=write) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    worst = 0.0
    while is_sealed and time.monotonic() < end:
        began = time.perf_counter()
        seal(at=clock.now())
        worst = max(worst, time.perf_counter() - began)
        time.sleep(EVERY)
    for writer in writers:
        writer.join()
    return Writing(rate=sum(counts) / SECONDS, lag=worst)
