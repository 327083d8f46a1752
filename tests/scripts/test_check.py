"""scripts/check.py: every check runs, and only failures talk."""

import sys

import pytest

from scripts import check
from scripts.check import Check

FINE = Check("fine", lambda: [sys.executable, "-c", "print('chatter')"])
WRONG = Check("wrong", lambda: [sys.executable, "-c", "print('a fault\\n' * 60); exit(1)"])
ABSENT = Check("absent", lambda: ["/nowhere/tool"])


@pytest.fixture
def with_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three checks instead of the real ones."""
    monkeypatch.setattr(check, "all_checks", lambda: [FINE, WRONG, ABSENT])


@pytest.mark.usefixtures("with_checks")
def test_a_failure_shows_its_output_and_the_others_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert check.main([]) == 1

    said = capsys.readouterr()
    assert "ok   fine" in said.out
    assert "chatter" not in said.out
    assert said.out.count("a fault") == check.SHOWN_LINES
    assert "FAIL absent" in said.out
    assert "Failed: " in said.err


@pytest.mark.usefixtures("with_checks")
def test_named_checks_run_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert check.main(["fine"]) == 0
    assert "All static checks passed" in capsys.readouterr().out


@pytest.mark.usefixtures("with_checks")
def test_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert check.main(["typo"]) == 2
    assert "Unknown: typo" in capsys.readouterr().err


@pytest.mark.usefixtures("with_checks")
def test_the_whole_output_is_shown_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    check.main(["--whole", "wrong"])
    assert capsys.readouterr().out.count("a fault") == 60
