"""Names of log segments, at every edge where counting by hand goes wrong."""

import pytest

from hms.backup import segments

MB16, MB64, GB1 = 16 << 20, 64 << 20, 1 << 30


@pytest.mark.parametrize(
    ("lsn", "size", "name"),
    [
        ("0/1", MB16, "000000010000000000000000"),
        ("0/1000000", MB16, "000000010000000000000000"),
        ("0/1000001", MB16, "000000010000000000000001"),
        ("0/FFFFFFFF", MB16, "0000000100000000000000FF"),
        ("1/0", MB16, "0000000100000000000000FF"),
        ("1/1", MB16, "000000010000000100000000"),
        ("1/1", MB64, "000000010000000100000000"),
        ("0/FFFFFFFF", MB64, "00000001000000000000003F"),
        ("0/FFFFFFFF", GB1, "000000010000000000000003"),
    ],
)
def test_the_segment_that_holds_the_byte_before_a_place(lsn: str, size: int, name: str) -> None:
    assert segments.holding(segments.lsn_number(lsn), timeline=1, size=size) == name


@pytest.mark.parametrize("size", [MB16, MB64, GB1])
def test_number_and_name_are_each_others_inverse(size: int) -> None:
    for number in (0, 1, 255, 256, 257, 100_000):
        name = segments.named(10, number, size=size)
        assert segments.is_segment(name)
        assert segments.number(name, size=size) == number


AFTER = "0000000100000000000000FD"
NEXT = [
    "0000000100000000000000FE",
    "0000000100000000000000FF",
    "000000010000000100000000",
    "000000010000000100000001",
]


def missing(names: list[str]) -> str:
    return segments.first_missing(names, after=AFTER, size=MB16)


def test_a_log_without_a_gap_misses_nothing_also_across_the_end_of_a_file() -> None:
    assert missing(NEXT) == ""
    assert missing([]) == ""


@pytest.mark.parametrize("gone", NEXT[:-1])
def test_each_missing_segment_is_named(gone: str) -> None:
    assert missing([name for name in NEXT if name != gone]) == gone


def test_the_end_of_the_log_is_no_gap() -> None:
    assert missing(NEXT[:-1]) == ""


def test_what_is_older_or_of_another_timeline_or_no_segment_does_not_count() -> None:
    others = ["000000010000000000000001", "000000020000000100000005", "00000002.history"]
    assert missing([*NEXT, *others]) == ""
