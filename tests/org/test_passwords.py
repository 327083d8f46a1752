"""Passwords that somebody would guess are refused: listed, dressed-up, of the house, one's own."""

import hashlib
import time
import tracemalloc
from pathlib import Path

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from hms.checks import password_list
from org import validators
from org.models import User
from tests.factories import org as people

GOOD = "walnut-harbour-twelve"  # pragma: allowlist secret


def _codes(password: str, user: User | None = None) -> set[str]:
    with pytest.raises(ValidationError) as refused:
        validate_password(password, user)
    return {error.code for error in refused.value.error_list}


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("123qweasdzxc", "password_breached"),
        ("Mailcreated5240", "password_breached"),
        ("1QAZ2wsx3edc", "password_breached"),
        ("!!sunshine2026!!", "password_too_common"),
        ("12345dragon67890", "password_too_common"),
        ("Riverside2026!!", "hospital_words"),
        ("Hôpital-2026-12", "hospital_words"),
        ("short", "password_too_short"),
    ],
)
def test_what_somebody_would_guess_is_refused(
    hospital: people.Hospital, password: str, code: str
) -> None:
    assert code in _codes(password)


def test_ones_own_names_are_no_password(hospital: people.Hospital) -> None:
    user = people.person("grace.wanjiru", family_name="Wanjiru", given_name="Grace")
    assert "hospital_words" in _codes("wanjiru.grace.1985", user)
    assert "hospital_words" in _codes("Grace!Wanjiru!77", user)


@pytest.mark.parametrize(
    "password", [GOOD, "a" * 30 + "bcdefgh", "korrekt pferd batterie", "Ω" * 64]
)
def test_what_nobody_would_guess_is_taken(hospital: people.Hospital, password: str) -> None:
    validate_password(password, hospital.person("nurse"))


def test_the_shipped_list_is_the_recorded_one() -> None:
    recorded = (validators.SHIPPED.parent / "README.md").read_text(encoding="utf-8")
    found = hashlib.sha256(validators.SHIPPED.read_bytes()).hexdigest()
    assert found in recorded


def test_a_look_up_keeps_nothing_in_memory_and_is_fast() -> None:
    validators.is_shipped(GOOD)
    tracemalloc.start()
    started = time.perf_counter()
    wrong = sum(validators.is_shipped(f"{GOOD}-{number}") for number in range(2_000))
    taken = time.perf_counter() - started
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert wrong == 0
    assert peak < 100_000
    assert taken / 2_000 < 0.005


@pytest.fixture
def own_list(tmp_path: Path, settings) -> Path:
    """Return the file named in HMS_PASSWORD_LIST, with 5,000 hashes as HIBP writes them."""
    words = [f"word number {number}" for number in range(5_000)]
    lines = sorted(hashlib.sha1(word.encode()).hexdigest().upper() for word in words)
    path = tmp_path / "hashes.txt"
    path.write_text("".join(f"{line}:{len(line)}\r\n" for line in lines), encoding="ascii")
    settings.PASSWORD_LIST = str(path)
    return path


def test_the_hospitals_own_list_is_looked_into(db: None, own_list: Path) -> None:
    for number in (0, 1, 2_499, 4_998, 4_999, *range(100, 200)):
        assert validators.is_listed(f"word number {number}")
        assert not validators.is_listed(f"word number {number}x")
    assert _codes("word number 17") == {"password_breached"}
    assert password_list() == []


def test_each_line_of_a_list_is_found_also_without_counts_and_shortened(
    tmp_path: Path, settings
) -> None:
    path = tmp_path / "hashes.txt"
    settings.PASSWORD_LIST = str(path)
    for count in range(1, 12):
        words = [f"word {number}" for number in range(count)]
        for length in (10, 40):
            lines = sorted(hashlib.sha1(w.encode()).hexdigest().upper()[:length] for w in words)
            path.write_text("\n".join(lines), encoding="ascii")
            assert all(validators.is_listed(word) for word in words)
            assert not validators.is_listed("another word")


@pytest.mark.parametrize(
    ("content", "words"),
    [("", "empty"), ("hello\n", "ValueError"), ("F" * 40 + "\n" + "0" * 40, "not sorted")],
)
def test_a_list_that_cannot_be_used_is_said_at_the_check(
    tmp_path: Path, settings, content: str, words: str
) -> None:
    path = tmp_path / "hashes.txt"
    path.write_text(content, encoding="ascii")
    settings.PASSWORD_LIST = str(path)
    assert words in password_list()[0].msg
    settings.PASSWORD_LIST = str(tmp_path / "missing.txt")
    assert "FileNotFoundError" in password_list()[0].msg
    assert not validators.is_listed(GOOD)
