"""What the keeper asks for by itself: the first backup, one a night, one after every trouble."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from core import backups, clock
from core.models import BackupJob, BackupWatch
from hms.backup import keeper
from hms.backup.keeper import FIRST, NIGHTLY, Keeper
from hms.backup.store import BASE, Store
from hms.backup.wal import Archiver, Mark
from tests.backup import files
from tests.backup.files import segment

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(files.config(tmp_path))
    made.prepare("1234")
    return made


def reason(store: Store, *, at: datetime = NOON, timeline: int = 1) -> str:
    return keeper.reason(store, at=at, timeline=timeline, hour=1)


def test_the_first_backup_is_due_at_once(store: Store) -> None:
    assert reason(store) == FIRST


def test_after_it_one_a_night(store: Store) -> None:
    files.full(store, 3, at=NOON)
    night = NOON + timedelta(hours=13)
    assert reason(store, at=night - timedelta(seconds=1)) == ""
    assert reason(store, at=night) == NIGHTLY


def test_a_gap_asks_for_a_new_one_and_is_named_until_it_is_there(store: Store) -> None:
    files.full(store, 3, at=NOON - timedelta(hours=2))
    files.log(store, 3, 9)
    assert reason(store) == ""
    store.wal_path(segment(6)).unlink()
    assert f"gap: {segment(6)} is missing" in reason(store)
    files.full(store, 9, at=NOON - timedelta(hours=1))
    assert reason(store) == ""


def test_a_damaged_newest_backup_asks_for_a_new_one(store: Store) -> None:
    full = files.full(store, 3, at=NOON)
    store.path(full, BASE).unlink()
    assert f"{BASE} is missing" in reason(store)


def test_a_restored_server_asks_for_a_new_one(store: Store) -> None:
    files.full(store, 3, at=NOON)
    assert "was restored" in reason(store, timeline=2)


@pytest.mark.parametrize(
    ("began", "due"),
    [
        ("2026-11-25T00:59", "2026-11-25T01:00"),
        ("2026-11-25T01:00", "2026-11-26T01:00"),
        # The clock goes back at 3 o'clock: two nights of 24 and 25 hours.
        ("2026-10-24T12:00", "2026-10-25T02:00+01:00"),
    ],
)
def test_the_night_is_the_hospitals(began: str, due: str) -> None:
    with timezone.override("Europe/Berlin"):
        here = timezone.get_current_timezone()
        start = datetime.fromisoformat(began).replace(tzinfo=here)
        wanted = datetime.fromisoformat(due)
        wanted = wanted if wanted.tzinfo else wanted.replace(tzinfo=here)
        hour = 2 if "+" in due else 1
        found = keeper.next_night(start, hour=hour)
        assert abs(found - wanted) <= timedelta(hours=1)
        assert timezone.localtime(found).hour == hour


# One look ---------------------------------------------------------------------------------


@pytest.fixture
def alone_at_work(store: Store, monkeypatch: pytest.MonkeyPatch) -> Keeper:
    """A keeper whose children are only counted."""
    made = Keeper(store.config)
    monkeypatch.setattr(made, "_start_child", lambda: None)
    store.config.spool.mkdir(parents=True)
    return made


def look(made: Keeper) -> BackupWatch:
    made._look(Archiver(made.config, made.store), timeline=1)
    return BackupWatch.objects.get()


@pytest.mark.django_db
def test_what_is_due_is_asked_for_once(alone_at_work: Keeper) -> None:
    look(alone_at_work)
    look(alone_at_work)
    assert BackupJob.objects.get().kind == backups.FULL


@pytest.mark.django_db
def test_after_a_failure_it_waits_a_while(alone_at_work: Keeper) -> None:
    look(alone_at_work)
    job = BackupJob.objects.get()
    backups.job_end(job, at=clock.now() - timedelta(minutes=9), error="no room")
    look(alone_at_work)
    assert BackupJob.objects.count() == 1
    BackupJob.objects.update(finished_at=clock.now() - timedelta(minutes=11))
    look(alone_at_work)
    assert BackupJob.objects.count() == 2


@pytest.mark.django_db
def test_a_gap_is_on_the_page_and_a_backup_waits(alone_at_work: Keeper) -> None:
    store = alone_at_work.store
    files.full(store, 3, at=clock.now())
    files.log(store, 3, 9)
    store.wal_path(segment(6)).unlink()
    assert segment(6) in look(alone_at_work).problem
    assert backups.job_waiting(backups.FULL) is not None


@pytest.mark.django_db
def test_sizes_and_whether_it_could_delete_are_told(alone_at_work: Keeper) -> None:
    full = files.full(alone_at_work.store, 3, at=clock.now())
    files.log(alone_at_work.store, 3, 9)
    seen = look(alone_at_work)
    assert (seen.fulls, seen.full_bytes, seen.wal_bytes) == (1, full.size, 7 * len(b"sealed"))
    assert (seen.can_delete, seen.has_copy, seen.can_delete_copy) == (True, False, False)
    assert seen.problem == ""


def test_a_moment_is_covered_once_its_segment_is_archived(store: Store) -> None:
    archiver = Archiver(store.config, store)
    archiver.note(Mark(NOON, segment(5)))
    archiver.note(Mark(NOON + timedelta(minutes=1), segment(6)))
    archiver.last = segment(4)
    archiver.settle()
    assert archiver.covered_until is None
    archiver.last = segment(5)
    archiver.settle()
    assert archiver.covered_until == NOON
