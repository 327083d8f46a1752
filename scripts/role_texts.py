"""Texts of roles: their names and their permissions' names, shown through gettext at run time."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

ROLES = Path("config") / "roles.yaml"
# What Django itself adds to a model that does not say otherwise.
DEFAULT_ACTS = ("add", "change", "delete", "view")


def role_texts(root: Path) -> Iterator[tuple[str, str]]:
    """Yield (place, text) for every role and every permission; nothing without a role file."""
    path = root / ROLES
    if not path.exists():
        return
    roles = yaml.safe_load(path.read_text(encoding="utf-8"))["roles"].values()
    for role in roles:
        yield ROLES.as_posix(), role["name"]
    granted = {permission for role in roles for permission in role["permissions"]}
    for source in _models(root):
        place = source.relative_to(root).as_posix()
        app = source.relative_to(root).parts[0]
        for text in _permission_names(source, app, granted):
            yield place, text


def _models(root: Path) -> list[Path]:
    return sorted([*root.glob("*/models.py"), *root.glob("*/models/*.py")])


def _permission_names(source: Path, app: str, granted: set[str]) -> Iterator[str]:
    for node in ast.parse(source.read_text(encoding="utf-8")).body:
        if not isinstance(node, ast.ClassDef):
            continue
        options = _meta(node)
        yield from (name for _, name in options.get("permissions", ()))
        for act in options.get("default_permissions", DEFAULT_ACTS):
            if f"{app}.{act}_{node.name.lower()}" in granted:
                yield f"Can {act} {_spaced(node.name)}"


def _meta(model: ast.ClassDef) -> dict[str, list[tuple[str, str]]]:
    """Return the two options that matter, as far as they are written out as values."""
    found = {}
    for meta in model.body:
        if not isinstance(meta, ast.ClassDef) or meta.name != "Meta":
            continue
        for line in meta.body:
            name = _assigned(line)
            if isinstance(line, ast.Assign) and name in {"permissions", "default_permissions"}:
                found[name] = ast.literal_eval(line.value)
    return found


def _assigned(line: ast.stmt) -> str:
    target = line.targets[0] if isinstance(line, ast.Assign) else None
    return target.id if isinstance(target, ast.Name) else ""


def _spaced(name: str) -> str:
    """Return a model's name as Django words it: `RolePlace` becomes `role place`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).lower()
