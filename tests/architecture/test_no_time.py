"""Only core.clock reads the time, and only core.states.move writes a state."""

import ast

from django.apps import apps

from tests.architecture.source import ROOMS, Source, files

CLOCK = "core/clock.py"
READS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("timezone", "now")}
READS |= {("date", "today"), ("time", "time")}
# Without an argument these read the time; with one they convert it.
CONVERTS = {("timezone", "localdate"), ("timezone", "localtime")}
# Where a first state is set on insert, beside move() itself.
MOVERS = {"core/states.py", "core/events.py"}
STATE_COLUMNS = {"state", "level", "status"}
# How far a task has risen only counts up, by the clock: no machine, nothing to check.
COUNTS_UP = {"worklist/services/escalation.py"}


def _calls(source: Source) -> list[str]:
    return [
        f"{source.path}:{node.lineno}"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and (
            (node.func.value.id, node.func.attr) in READS
            or ((node.func.value.id, node.func.attr) in CONVERTS and not node.args)
        )
    ]


def _is_state(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and node.attr in STATE_COLUMNS
        and not (isinstance(node.value, ast.Name) and node.value.id == "self")
    )


def _assigned(source: Source) -> list[str]:
    """Return where a state is assigned, or written by update(state=...)."""
    found = []
    for node in ast.walk(source.tree):
        targets = node.targets if isinstance(node, ast.Assign) else []
        flat = [
            part
            for target in targets
            for part in (target.elts if isinstance(target, ast.Tuple) else [target])
        ]
        is_update = (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "update"
            and any(word.arg in STATE_COLUMNS for word in node.keywords)
        )
        if is_update or any(_is_state(target) for target in flat):
            found.append(f"{source.path}:{node.lineno}")
    return found


def test_only_the_clock_reads_the_time() -> None:
    read = [place for source in files(*ROOMS) if source.path != CLOCK for place in _calls(source)]
    assert read == []


def test_only_move_writes_a_state() -> None:
    written = [
        place
        for source in files(*ROOMS)
        if source.path not in MOVERS | COUNTS_UP
        for place in _assigned(source)
    ]
    assert written == []


def test_services_take_the_time_as_an_argument() -> None:
    asked = [
        source.path
        for source in files(*ROOMS)
        if source.layer in {"services", "selectors", "rules", "states", "models", "permissions"}
        and "clock" in {node.id for node in ast.walk(source.tree) if isinstance(node, ast.Name)}
    ]
    assert asked == []


def test_moments_end_in_at_and_days_in_on() -> None:
    wrong = []
    for model in apps.get_models():
        if model.__module__.split(".")[0] in ROOMS:
            for field in model._meta.local_fields:
                if field.name == "expire_date":  # Django's own column of a session
                    continue
                ends = {
                    "DateTimeField": ("_at", "_until", "since", "last_login"),
                    "DateField": ("_on",),
                }
                expected = ends.get(field.get_internal_type())
                if expected and not field.name.endswith(expected):
                    wrong.append(f"{model._meta.label}.{field.name}")
    assert wrong == []
