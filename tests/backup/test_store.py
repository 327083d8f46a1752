"""The files of the backups: what counts as whole, what is kept, what reaches the second place."""

from pathlib import Path

import pytest

from hms.backup.config import BackupError
from hms.backup.store import BASE, FACTS, FILES, Store, alone
from tests.backup import files
from tests.backup.files import segment


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(files.config(tmp_path, keep=2, copy=tmp_path / "second"))
    made.prepare("1234")
    return made


def numbers(store: Store) -> list[int]:
    return sorted(int(name[16:], 16) for name in store.wal())


# What is whole ----------------------------------------------------------------------------


def test_a_backup_is_read_as_it_was_written(store: Store) -> None:
    full = files.full(store, 3)
    assert store.fulls() == [full]
    assert store.problem(full, reads=True) == ""


def test_a_half_taken_backup_is_not_listed_and_swept(store: Store) -> None:
    part = store.part("20260101T010000Z-000001")
    (part / BASE).write_bytes(b"half")
    assert store.fulls() == []
    assert store.sweep() == 1
    assert list(store.full_dir.iterdir()) == []


@pytest.mark.parametrize("name", [BASE, FILES])
def test_a_missing_file_is_named(store: Store, name: str) -> None:
    full = files.full(store, 3)
    store.path(full, name).unlink()
    assert store.problem(full) == f"{full.label}/{name} is missing"
    assert store.whole() == []


def test_a_file_that_is_cut_off_is_named(store: Store) -> None:
    full = files.full(store, 3)
    path = store.path(full, BASE)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    wanted = f"{full.label}/{BASE} has {len(whole) - 1} bytes instead of {len(whole)}"
    assert store.problem(full) == wanted


def test_one_flipped_bit_is_found_when_everything_is_read(store: Store) -> None:
    full = files.full(store, 3)
    path = store.path(full, BASE)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert store.problem(full) == ""
    assert f"{BASE} is damaged" in store.problem(full, reads=True)


def test_a_store_of_another_cluster_is_refused(store: Store) -> None:
    store.prepare("1234")
    with pytest.raises(BackupError, match="another database cluster"):
        store.prepare("9876")


# The log ----------------------------------------------------------------------------------


def test_a_gap_after_a_backup_is_seen_and_one_before_it_is_not(store: Store) -> None:
    old, new = files.full(store, 3), files.full(store, 10, days=1)
    files.log(store, 3, 20)
    store.wal_path(segment(7)).unlink()
    assert store.gap(old) == segment(7)
    assert store.gap(new) == ""


# Retention --------------------------------------------------------------------------------


def test_the_newest_backups_and_the_log_since_the_oldest_of_them_are_kept(store: Store) -> None:
    made = [files.full(store, number, days=number) for number in (3, 8, 12)]
    files.log(store, 1, 20)
    assert store.expire() == [made[0].label]
    assert store.fulls() == made[1:]
    assert numbers(store) == list(range(8, 21))
    assert store.expire() == []


def test_damaged_backups_do_not_push_out_whole_ones(store: Store) -> None:
    made = [files.full(store, number, days=number) for number in (3, 8, 12, 15)]
    files.log(store, 1, 20)
    for full in made[2:]:
        store.path(full, BASE).unlink()
    assert store.expire() == []
    assert numbers(store) == list(range(3, 21))


def test_nothing_goes_while_no_backup_is_whole(store: Store) -> None:
    full = files.full(store, 5)
    store.path(full, FILES).unlink()
    files.log(store, 1, 9)
    assert store.expire() == []
    assert numbers(store) == list(range(1, 10))


def test_the_log_of_an_older_timeline_goes_by_its_place(store: Store) -> None:
    files.full(store, 8)
    files.full(store, 12, timeline=2, days=1)
    files.log(store, 1, 10)
    files.log(store, 10, 14, timeline=2)
    store.expire()
    assert min(numbers(store)) == 8
    assert store.wal_path(segment(14, 2)).exists()


# The second place -------------------------------------------------------------------------


def test_the_second_place_gets_everything_once(store: Store) -> None:
    full = files.full(store, 3)
    files.log(store, 3, 5)
    assert store.copy_missing() == 3 + 3
    assert store.copy_missing() == 0
    second = Store(files.config(store.config.store.parent, store=store.config.copy))
    assert second.fulls() == [full]
    assert second.problem(full, reads=True) == ""


def test_a_copy_that_was_cut_off_is_only_appended_to(store: Store) -> None:
    full = files.full(store, 3)
    store.copy_missing()
    assert store.config.copy is not None
    path = store.config.copy / "full" / full.label / BASE
    whole = path.read_bytes()
    path.write_bytes(whole[:100])
    number = path.stat().st_ino
    assert store.copy_missing() == 1
    assert (path.read_bytes(), path.stat().st_ino) == (whole, number)


def test_what_expires_here_stays_in_the_second_place(store: Store) -> None:
    made = [files.full(store, number, days=number) for number in (3, 8, 12)]
    store.copy_missing()
    store.expire()
    assert store.config.copy is not None
    assert (store.config.copy / "full" / made[0].label / FACTS).exists()


def test_a_second_place_that_is_away_is_named_and_the_first_stays_whole(store: Store) -> None:
    full = files.full(store, 3)
    assert store.config.copy is not None
    store.config.copy.write_text("not a directory")
    with pytest.raises(BackupError, match="The second place"):
        store.copy_missing()
    assert store.whole() == [full]


def test_only_one_at_a_time(tmp_path: Path) -> None:
    with alone(tmp_path / "lock", "keeper"):
        with pytest.raises(BackupError, match="Another keeper is under way"):
            with alone(tmp_path / "lock", "keeper"):
                pass
    with alone(tmp_path / "lock", "keeper"):
        pass
