"""Rooms stand on each other in one order, and every room keeps its furniture in place."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

from tests.architecture.source import ROOMS, ROOT, files, imports

# From the floor up (house 3); a room missing here is not placed yet.
ORDER = ("core", "audit", "org", "patients", "worklist", "hms")
BLIND_TO_HTTP = {"rules", "services", "selectors", "models", "states", "events", "permissions"}
# Django's own tables may be pointed at from anywhere.
FOREIGN = {"auth", "contenttypes", "sessions", "oauth2_provider"}


def test_the_contracts_of_import_linter_hold() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [str(linter), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def test_every_room_of_the_site_has_its_place() -> None:
    ours = {config.name.split(".")[0] for config in apps.get_app_configs()} & {
        path.name for path in ROOT.iterdir() if path.is_dir()
    }
    assert ours == set(ORDER)


@pytest.mark.parametrize("room", ROOMS)
def test_verbs_and_questions_know_nothing_of_http(room: str) -> None:
    found = [
        f"{source.path}: {name}"
        for source in files(room)
        if source.layer in BLIND_TO_HTTP and room != "hms"
        for name in imports(source.tree)
        if name.startswith(("django.http", "django.shortcuts", "rest_framework", "celery"))
    ]
    assert found == []


@pytest.mark.parametrize("room", ROOMS)
def test_no_room_has_a_junk_drawer(room: str) -> None:
    # Django looks for a database backend under this name.
    names = {Path(each.path).stem for each in files(room) if each.path != "hms/database/base.py"}
    assert names & {"utils", "helpers", "common", "misc", "managers", "base"} == set()


def _keys() -> list[tuple[type[models.Model], models.ForeignKey]]:
    return [
        (model, field)
        for model in apps.get_models(include_auto_created=True)
        if model.__module__.split(".")[0] in ROOMS
        for field in model._meta.local_fields
        if isinstance(field, models.ForeignKey)
    ]


def _rank(model: type[models.Model]) -> int:
    return ORDER.index(model._meta.app_label)


def test_a_key_never_points_up_or_sideways() -> None:
    wrong = [
        f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}"
        for model, field in _keys()
        if field.related_model._meta.app_label not in FOREIGN
        and _rank(field.related_model) > _rank(model)
    ]
    assert wrong == []


def test_a_key_into_another_room_has_no_way_back() -> None:
    wrong = [
        f"{model._meta.label}.{field.name}"
        for model, field in _keys()
        if field.related_model._meta.app_label in set(ORDER) - {model._meta.app_label}
        and field.remote_field.related_name != "+"
    ]
    assert wrong == []


def test_models_ask_nothing_and_save_as_django_does() -> None:
    overridden = [
        f"{source.path}: {node.name}"
        for source in files(*ROOMS)
        if source.layer == "models"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef) and node.name in {"save", "delete", "clean"}
    ]
    assert overridden == []
