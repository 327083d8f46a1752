"""Asked, carried out, ended: the rows tell the truth however a job ends."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from audit.models import AuditEvent
from core import backups, clock
from core.models import BackupJob, Event
from hms.backup import desk, full
from hms.backup.config import BackupError, Config
from hms.backup.store import Store, alone
from tests.backup import files

pytestmark = pytest.mark.django_db


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return files.config(tmp_path)


@pytest.fixture
def _no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """The outside: a server that gives what a base backup gives."""

    def take(config: Config, store: Store, *, at: Any) -> Any:
        return files.full(store, 3, at=at)

    server = desk.wal.Server(18, "1234", files.SIZE, 1)
    monkeypatch.setattr(desk.wal, "server", lambda _config: server)
    monkeypatch.setattr(full, "take", take)


def ask(kind: str = backups.FULL) -> BackupJob:
    return desk.ask(kind, at=clock.now(), by=None)


def acts() -> list[tuple[str, str]]:
    return list(AuditEvent.objects.order_by("pk").values_list("act", "outcome"))


@pytest.mark.parametrize("kind", [backups.FULL, backups.DRILL])
def test_one_is_asked_for_at_a_time(kind: str) -> None:
    ask(kind)
    with pytest.raises(backups.UnderWay):
        ask(kind)
    assert BackupJob.objects.count() == 1
    assert [act for act, _outcome in acts()] == [f"backup_{kind}_ask"]


@pytest.mark.usefixtures("_no_server")
def test_the_waiting_job_is_carried_out_and_ends_well(config: Config) -> None:
    job = ask()
    taken = desk.full_now(config)
    job.refresh_from_db()
    assert (job.label, job.bytes, job.is_good) == (taken.label, taken.size, True)
    assert Store(config).fulls() == [taken]
    assert [act for act, _outcome in acts()] == ["backup_full_ask", "backup_full"]


@pytest.mark.usefixtures("_no_server")
def test_without_a_waiting_job_one_is_made(config: Config) -> None:
    desk.full_now(config)
    assert BackupJob.objects.get().is_good


def test_a_failure_is_on_the_row_on_the_trail_and_told_once(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_config: Config) -> None:
        raise BackupError("The database does not let the backup role in.")

    monkeypatch.setattr(desk.wal, "server", refuse)
    for _ in range(2):
        with pytest.raises(BackupError):
            desk.full_now(config)
    errors = set(BackupJob.objects.values_list("error", flat=True))
    assert errors == {"The database does not let the backup role in."}
    assert acts()[1] == ("backup_full", "8")
    assert Event.objects.filter(name="core.BackupFailed").count() == 1


def test_a_job_that_is_stopped_does_not_stay_under_way(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(_config: Config) -> None:
        raise SystemExit(143)

    monkeypatch.setattr(desk.wal, "server", stop)
    with pytest.raises(SystemExit):
        desk.full_now(config)
    assert BackupJob.objects.get().error == "It was stopped (SystemExit)."


def test_a_job_whose_process_is_gone_is_failed_and_its_rests_are_cleared(config: Config) -> None:
    store = Store(config)
    store.prepare("1234")
    (store.part("half") / "base").write_bytes(b"x")
    backups.job_begin(ask(), at=clock.now())
    assert desk.settle(config) is True
    assert BackupJob.objects.get().error == backups.ENDED_IN_THE_MIDDLE
    assert list(store.full_dir.iterdir()) == []


def test_a_job_that_somebody_works_on_is_left_alone(config: Config) -> None:
    backups.job_begin(ask(), at=clock.now())
    with alone(config.work / desk.LOCK, "backup or drill"):
        assert desk.settle(config) is False
        with pytest.raises(BackupError, match="is under way"):
            desk.full_now(config)
    assert BackupJob.objects.get().finished_at is None


def test_a_job_ended_by_somebody_else_is_not_ended_twice() -> None:
    job = ask()
    backups.job_begin(job, at=clock.now())
    other = BackupJob.objects.get()
    assert backups.job_end(other, at=clock.now(), error="gone") is True
    assert backups.job_end(job, at=clock.now()) is False
    assert BackupJob.objects.get().error == "gone"
    with pytest.raises(backups.UnderWay):
        backups.job_begin(job, at=clock.now())


# What is overdue --------------------------------------------------------------------------


def well(at: Any) -> None:
    for kind in (backups.FULL, backups.DRILL):
        job = backups.job_ask(kind=kind, at=at, by=None)
        backups.job_begin(job, at=at)
        backups.job_end(job, at=at)
    backups.watch_note(at=at, covered_until=at)


def late(after: timedelta, **seen: Any) -> set[str]:
    now = clock.now()
    well(now - after)
    if seen or after > backups.WAL_LATE:
        backups.watch_note(at=now, **({"covered_until": now} | seen))
    return set(backups.state(at=now).late)


def test_before_the_first_backup_everything_is_overdue() -> None:
    assert backups.state(at=clock.now()).late == {"keeper", "full", "wal"}
    assert backups.sign(at=clock.now()).state == "degraded"


def test_nothing_is_overdue_after_a_good_night() -> None:
    assert late(timedelta(seconds=20)) == set()
    assert backups.sign(at=clock.now()).state == "ok"


def test_a_backup_is_overdue_after_26_hours() -> None:
    assert late(timedelta(hours=25, minutes=59)) == set()


def test_and_not_before() -> None:
    assert late(timedelta(hours=26, minutes=1)) == {"full"}


def test_a_drill_is_overdue_after_8_days() -> None:
    assert late(timedelta(days=8, minutes=1)) == {"full", "drill"}


def test_the_first_drill_is_overdue_8_days_after_the_first_backup() -> None:
    now = clock.now()
    well(now - timedelta(days=8, minutes=1))
    BackupJob.objects.filter(kind=backups.DRILL).delete()
    assert "drill" in backups.state(at=now).late
    assert "drill" not in backups.state(at=now - timedelta(minutes=2)).late


def test_the_log_is_overdue_after_5_minutes() -> None:
    now = clock.now()
    assert late(timedelta(0), covered_until=now - timedelta(minutes=4, seconds=59)) == set()
    backups.watch_note(at=now, covered_until=now - timedelta(minutes=5, seconds=1))
    assert backups.state(at=now).late == {"wal"}


def test_a_silent_keeper_is_named() -> None:
    now = clock.now()
    well(now)
    assert "keeper" in backups.state(at=now + timedelta(seconds=91)).late


def test_a_trouble_of_the_keeper_is_named() -> None:
    assert late(timedelta(0), problem="gap in the log") == {"problem"}


def test_a_failed_drill_is_named_though_an_earlier_one_passed() -> None:
    now = clock.now()
    well(now)
    job = backups.job_ask(kind=backups.DRILL, at=now, by=None)
    backups.job_begin(job, at=now)
    backups.job_end(job, at=now + timedelta(seconds=1), error="3 differences")
    assert backups.state(at=now + timedelta(seconds=2)).late == {"drill-failed"}
