"""scripts/bootstrap.py: when .venv counts as complete, and how a half-made one heals."""

from pathlib import Path

import pytest

from scripts.bootstrap import BootstrapError, Environment, ensure


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """An environment not made yet, with locks that name no package."""
    locks = tmp_path / "requirements"
    locks.mkdir()
    for name in ("dev", "demo", "production"):
        (locks / f"{name}.txt").write_text(f"# {name}\n")
    return Environment(tmp_path / ".venv", locks)


@pytest.fixture
def complete(environment: Environment) -> Environment:
    """The same environment, made with the developers' packages."""
    ensure(environment, "dev")
    return environment


def test_a_fresh_environment_is_made(environment: Environment) -> None:
    ensure(environment, "demo")

    assert environment.is_complete("demo")
    assert not environment.is_complete("dev")


def test_the_developers_packages_include_the_demos(complete: Environment) -> None:
    assert complete.is_complete("demo")


def test_a_changed_lock_is_installed_again(complete: Environment) -> None:
    (complete.locks / "dev.txt").write_text("# another\n")

    assert not complete.is_complete("dev")
    assert complete.is_usable()


def test_an_interrupted_installation_is_made_anew(complete: Environment) -> None:
    complete.unfinished.touch()
    (complete.path / "left-over").touch()

    ensure(complete, "dev")

    assert complete.is_complete("dev")
    assert not (complete.path / "left-over").exists()


def test_a_directory_without_an_interpreter_is_made_anew(environment: Environment) -> None:
    (environment.path / "bin").mkdir(parents=True)
    (environment.path / "bin" / "python").write_text("cut off")

    ensure(environment, "dev")

    assert environment.is_complete("dev")


def test_a_lock_that_cannot_be_installed_says_why(complete: Environment) -> None:
    (complete.locks / "dev.txt").write_text("./not-here.whl --hash=sha256:" + "0" * 64 + "\n")

    with pytest.raises(BootstrapError, match="last words"):
        ensure(complete, "dev")

    assert not complete.is_complete("dev")
    assert not complete.is_usable()
