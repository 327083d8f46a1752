"""Small functions, small files, no hidden wiring. A waiver is a line with a name and a date."""

import ast
import re
from statistics import quantiles

from tests.architecture.source import ROOMS, ROOT, Source, files

CODE = (*ROOMS, "scripts")
FUNCTION, FUNCTION_P95 = 60, 35
FILE, TEST_FILE, SCRIPT_FILE = 600, 500, 500
WAIVER = re.compile(r"# budget: .+, [A-Za-z .-]+, \d{4}-\d{2}-\d{2}")
# The only signals that we receive, none of a model: after a migrate, and when a process starts.
RECEIVERS = {"hms/apps.py", "hms/celery.py", "hms/startup.py"}
# Wiring at start-up, where models are not loaded when the module is.
LATE_IMPORTS = {"hms/apps.py", "hms/celery.py"}
MODEL_SIGNALS = re.compile(r"\b(pre|post)_(init|save|delete)\b|\bm2m_changed\b")


def _waived(source: Source) -> bool:
    return any(WAIVER.search(line) for line in source.text.splitlines()[:5])


def _functions(source: Source) -> list[tuple[str, int]]:
    return [
        (f"{source.path}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def _lengths(*folders: str) -> dict[str, int]:
    return dict(
        item for source in files(*folders) if not _waived(source) for item in _functions(source)
    )


def test_no_function_is_longer_than_a_screen() -> None:
    long = {name: lines for name, lines in _lengths(*CODE, "tests").items() if lines > FUNCTION}
    assert long == {}


def test_nineteen_of_twenty_functions_are_short() -> None:
    assert quantiles(_lengths(*CODE).values(), n=20)[-1] <= FUNCTION_P95


def test_no_file_is_a_heap() -> None:
    limits = {"tests": TEST_FILE}
    long = {
        source.path: source.lines
        for folder in (*CODE, "tests")
        for source in files(folder)
        if source.lines > limits.get(folder, FILE) and not _waived(source)
    }
    assert long == {}


def test_scripts_of_pages_stay_small() -> None:
    long = {
        path.name: len(path.read_text(encoding="utf-8").splitlines())
        for path in (ROOT / "static" / "js").glob("*.js")
    }
    assert {name: lines for name, lines in long.items() if lines > SCRIPT_FILE} == {}


def _receives(source: Source) -> bool:
    return any(
        (isinstance(node, ast.Attribute) and node.attr == "connect")
        or (isinstance(node, ast.Name) and node.id == "receiver")
        for node in ast.walk(source.tree)
    )


def test_nothing_hangs_on_a_signal() -> None:
    importing = {
        source.path for source in files(*ROOMS) if "signals" in source.text and _receives(source)
    }
    assert importing == RECEIVERS


def test_no_signal_of_a_model_is_named() -> None:
    named = [source.path for source in files(*ROOMS) if MODEL_SIGNALS.search(source.text)]
    assert named == []


def _late(source: Source) -> list[str]:
    found = []
    for function in ast.walk(source.tree):
        if isinstance(function, ast.FunctionDef):
            for node in ast.walk(function):
                module = getattr(node, "module", None) if isinstance(node, ast.ImportFrom) else None
                if module and module.split(".")[0] in ROOMS:
                    found.append(f"{source.path}:{node.lineno}")
    return found


def test_no_import_hides_in_a_function() -> None:
    hidden = [
        place
        for source in files(*ROOMS)
        if source.path not in LATE_IMPORTS
        for place in _late(source)
    ]
    assert hidden == []
