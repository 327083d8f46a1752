"""A hospital that is put back is the one that the services make."""

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from pghistory.models import Event

from org.models import Unit, User
from org.permissions import grants_of
from tests.factories import org
from tests.factories.org import STARTED, Hospital
from tests.factories.photograph import photograph
from tests.fixtures.faults import fingerprint

HISTORIES = {model._meta.db_table for model in apps.get_models() if issubclass(model, Event)}


def _seen(make: Callable[[], Hospital]) -> Any:
    """Return how many rows each table has, and who may do what where; nothing of it stays."""
    with transaction.atomic():
        hospital = make()
        counts = {
            table: rows
            for table, (rows, _hash) in fingerprint().items()
            # Put back in one piece, a row has one version; step by step it had several.
            if table not in HISTORIES
        }
        codes = dict(Unit.objects.values_list("pk", "name"))
        rights = {
            role: [
                (held.role, sorted(codes[pk] for pk in held.unit_ids), sorted(held.permissions))
                for held in grants_of(user, at=STARTED).held
            ]
            for role, user in hospital.people.items()
        }
        transaction.set_rollback(True)
    return counts, rights


def test_a_hospital_put_back_is_like_one_made(db, _reference_data) -> None:
    assert _seen(org.hospital) == _seen(org.hospital_made)


def test_what_is_returned_is_what_is_stored(hospital: Hospital) -> None:
    for name in org.UNITS:
        unit = getattr(hospital, name)
        stored = Unit.objects.get(pk=unit.pk)
        assert (unit.name, unit.version, unit.parent_id) == (
            stored.name,
            stored.version,
            stored.parent_id,
        )
    stored = User.objects.get(username="admin")
    assert hospital.admin == stored == hospital.person("system_administrator")
    assert hospital.admin.check_password(org.PASSWORD)


def test_new_rows_meet_no_row_that_was_put_back(hospital: Hospital) -> None:
    taken = {user.pk for user in hospital.people.values()}
    assert org.person("newcomer").pk > max(taken)
    assert org.unit(hospital.ward, "B1").pk > hospital.elsewhere.pk


def test_a_photograph_refuses_to_change_what_was_there(hospital: Hospital) -> None:
    def rename() -> dict[str, int]:
        Unit.objects.filter(pk=hospital.ward.pk).update(name="Other")
        return {}

    with pytest.raises(AssertionError):
        photograph(rename)
