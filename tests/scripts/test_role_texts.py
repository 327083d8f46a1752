"""scripts/role_texts.py: what roles and permissions are called, read without starting Django."""

from pathlib import Path

import pytest

from scripts.role_texts import role_texts

ROLES = """\
roles:
  nurse: {name: Nurse, permissions: [ward.view_bedplace, ward.move_patient]}
  clerk: {name: Clerk, permissions: []}
"""
MODELS = """\
class BedPlace(models.Model):
    class Meta:
        db_table = "bed"
        permissions = [("move_patient", "Move a patient")]


class Note(models.Model):
    class Meta:
        default_permissions = ()
"""


@pytest.fixture
def product(tmp_path: Path) -> Path:
    """One room with two models, and two roles."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "roles.yaml").write_text(ROLES)
    (tmp_path / "ward").mkdir()
    (tmp_path / "ward" / "models.py").write_text(MODELS)
    return tmp_path


def test_names_of_roles_and_of_held_permissions_are_found(product: Path) -> None:
    assert list(role_texts(product)) == [
        ("config/roles.yaml", "Nurse"),
        ("config/roles.yaml", "Clerk"),
        ("ward/models.py", "Move a patient"),
        ("ward/models.py", "Can view bed place"),
    ]


def test_without_roles_there_is_nothing(tmp_path: Path) -> None:
    assert list(role_texts(tmp_path)) == []
