"""`make check`: every static check, two at a time; prints the output of those that fail.

python -m scripts.check [--whole] [name …]     all checks, or only the named ones
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from scripts.console import fail, paint, say

ROOT = Path(__file__).resolve().parent.parent
WORKERS = 2
LIMIT_SECONDS = 300
SHOWN_LINES = 40
NOT_OURS = {"var", "node_modules", "staticfiles", "vendor"}
# A port where nothing listens: a static check that needs a database would fail at once.
NO_DATABASE = "postgres://hms_app@127.0.0.1:9/hms"
NO_REDIS = "redis://127.0.0.1:9/0"


@dataclass(frozen=True)
class Check:
    """One command that must end with exit code 0."""

    name: str
    command: Callable[[], list[str]]
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """How one check ended."""

    name: str
    passed: bool
    seconds: float
    output: str


def _module(*arguments: str) -> Callable[[], list[str]]:
    return lambda: [sys.executable, "-m", *arguments]


def _tool(name: str, *arguments: str) -> Callable[[], list[str]]:
    return lambda: [str(Path(sys.executable).parent / name), *arguments]


def _manage(*arguments: str) -> Callable[[], list[str]]:
    return lambda: [sys.executable, "-W", "ignore", "manage.py", *arguments]


def packages() -> list[str]:
    """Return the product's own packages at the top of the tree."""
    found = (path.parent.name for path in ROOT.glob("*/__init__.py"))
    return sorted(name for name in found if name not in {"tests", "scripts", "bench"})


def templates() -> list[str]:
    """Return the product's HTML templates."""
    found = sorted((ROOT / "templates").rglob("*.html"))
    return [str(path.relative_to(ROOT)) for path in found]


def _on_templates(make: Callable[[list[str]], list[str]]) -> Callable[[], list[str]]:
    return lambda: make(templates()) if templates() else ["true"]


def _djade(files: list[str]) -> list[str]:
    return [*_tool("djade")(), "--check", "--target-version", "6.1", *files]


def _djlint(files: list[str]) -> list[str]:
    return [sys.executable, "-m", "djlint", "--lint", "--quiet", *files]


def _bandit() -> list[str]:
    return [
        sys.executable,
        *("-m", "bandit", "--quiet", "-ll", "-c", "pyproject.toml", "-r"),
        *packages(),
    ]


def all_checks() -> list[Check]:
    """Return every check, the slowest first so that the others fit beside it."""
    static = {"HMS_ENV": "test", "DATABASE_URL": NO_DATABASE, "REDIS_URL": NO_REDIS}
    production = static | {
        "HMS_ENV": "production",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "ALLOWED_HOSTS": "hospital.example",
    }
    return [
        Check("types", _module("mypy"), static),
        Check(
            "types of the tools",
            _module(
                "mypy",
                "--config-file",
                os.devnull,
                "--strict",
                "--ignore-missing-imports",
                "scripts",
            ),
        ),
        Check("import contracts", _tool("lint-imports", "--cache-dir", "var/import-linter")),
        Check("dependencies", _module("deptry", ".")),
        Check(
            "settings for production",
            _manage("check", "--deploy", "--fail-level", "WARNING"),
            production,
        ),
        Check("system check", _manage("check"), static),
        Check("migrations are complete", _manage("makemigrations", "--check", "--dry-run"), static),
        Check(
            "migrations on a running system",
            _module(
                "scripts.devservers", "run", "--", sys.executable, "-m", "scripts.migration_lint"
            ),
            {"HMS_ENV": "test"},
        ),
        Check("api schema", _manage("openapi", "--check"), static),
        Check("security patterns", _bandit),
        Check("house rules", _module("scripts.house_rules")),
        Check("secrets", _module("scripts.secrets_scan")),
        Check("translations", _module("scripts.messages", "check")),
        Check("template style", _on_templates(_djade)),
        Check("template faults", _on_templates(_djlint)),
        Check("code faults", _module("ruff", "check", ".")),
        Check("code style", _module("ruff", "format", "--check", ".")),
        Check("shell scripts", lambda: ["bash", "-n", *_shell_scripts()]),
    ]


def _shell_scripts() -> list[str]:
    return [str(path) for path in sorted((ROOT / "scripts").glob("*.sh"))]


def run(check: Check) -> Outcome:
    """Run one check to its end."""
    began = time.monotonic()
    try:
        done = subprocess.run(
            check.command(),
            cwd=ROOT,
            env=os.environ | {"NO_COLOR": "1"} | check.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )
        passed, output = done.returncode == 0, done.stdout + done.stderr
    except subprocess.TimeoutExpired:
        passed, output = False, f"Not done after {LIMIT_SECONDS} s."
    except OSError as error:
        passed, output = False, str(error)
    return Outcome(check.name, passed, time.monotonic() - began, output.strip())


def _report(outcome: Outcome, *, whole: bool) -> None:
    mark = paint("ok  ", "green") if outcome.passed else paint("FAIL", "red")
    say(f"  {mark} {outcome.name} ({outcome.seconds:.1f} s)")
    if outcome.passed:
        return
    lines = outcome.output.splitlines()
    shown = len(lines) if whole else SHOWN_LINES
    for line in lines[:shown]:
        say(f"       {line}")
    if len(lines) > shown:
        say(f"       … and {len(lines) - shown} lines more:")
        say(f'       .venv/bin/python -m scripts.check --whole "{outcome.name}"')


def main(arguments: list[str]) -> int:
    """Run the named checks, or all; return 1 if any failed."""
    whole = "--whole" in arguments
    names = [argument for argument in arguments if argument != "--whole"]
    known = all_checks()
    unknown = set(names) - {check.name for check in known}
    if unknown:
        fail(
            f"Unknown: {', '.join(sorted(unknown))}. Known: "
            + ", ".join(check.name for check in known)
        )
        return 2
    chosen = [check for check in known if not names or check.name in names]
    say(f"{len(chosen)} static checks, {WORKERS} at a time:")
    began = time.monotonic()
    failed = []
    with ThreadPoolExecutor(WORKERS) as pool:
        for future in as_completed([pool.submit(run, check) for check in chosen]):
            outcome = future.result()
            _report(outcome, whole=whole)
            failed += [] if outcome.passed else [outcome.name]
    seconds = time.monotonic() - began
    if failed:
        fail(f"Failed: {', '.join(failed)} ({seconds:.0f} s).")
        return 1
    say(f"All static checks passed in {seconds:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
