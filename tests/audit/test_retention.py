"""Whole months leave after the years the law asks for; what remains verifies."""

import gzip
import hashlib
import json
import time
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from audit.models import AuditEvent, Retired
from audit.services import Action, record, seal, verify
from core import clock
from tests.factories.org import STARTED

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
PART = "audit_auditevent_2009_03"


@pytest.fixture
def old(settings, tmp_path):
    """Two rows of March 2009 and one of today, all sealed."""
    settings.HMS_VAR = tmp_path
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT audit_month_make('2009-03-01')")
    for _ in range(2):
        AuditEvent.objects.create(
            act="old",
            action=Action.READ,
            occurred_at=STARTED,
            recorded_at=datetime(2009, 3, 31, 23, 59, tzinfo=UTC),
            source="task",
        )
    record("new", action=Action.READ, at=STARTED, by=None)
    for _ in range(200):
        seal(at=clock.now())
        if not verify().unsealed:
            break
        time.sleep(0.1)
    yield tmp_path / "out"
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {PART}")


def run(*words: str) -> str:
    out = StringIO()
    call_command("audit_retention", *words, stdout=out)
    return out.getvalue()


def test_nothing_is_dropped_unless_asked(old) -> None:
    assert f"{PART}: 2 rows" in run("--older-than", "2010-01-01", "--to", str(old))
    assert AuditEvent.objects.filter(act="old").count() == 2


def test_a_month_leaves_as_a_file_and_the_rest_is_whole(old) -> None:
    run("--older-than", "2009-04-01", "--to", str(old), "--apply")
    mark = Retired.objects.get()
    path = old / mark.export_name
    assert hashlib.sha256(path.read_bytes()).hexdigest() == mark.export_sha256
    with gzip.open(path, "rt") as file:
        assert [json.loads(line)["act"] for line in file] == ["old", "old"]
    assert list(AuditEvent.objects.values_list("act", flat=True)) == ["new", "audit.month_retire"]
    assert verify().is_clean


def test_a_mark_not_made_with_our_key_excuses_nothing(old, settings) -> None:
    run("--older-than", "2009-04-01", "--to", str(old), "--apply")
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE audit_retired DISABLE TRIGGER USER")
        cursor.execute("UPDATE audit_retired SET mac = 'x'")
        cursor.execute("ALTER TABLE audit_retired ENABLE TRIGGER USER")
    kinds = {problem.kind for problem in verify().problems}
    assert kinds == {"mark of a retired month not made with our key", "row removed"}


def test_the_month_that_has_begun_stays(old) -> None:
    assert "0 months" in run("--older-than", "2009-03-15", "--to", str(old))


@pytest.mark.parametrize("years", [1, 6, 10])
def test_younger_than_the_years_to_keep_is_refused(old, settings, years: int) -> None:
    settings.AUDIT_YEARS = years
    kept = max(6, years)
    with pytest.raises(CommandError, match=f"kept {kept} years"):
        run("--older-than", f"{clock.now().year - kept + 1}-01-01")


def test_a_trail_that_is_not_whole_loses_nothing(old) -> None:
    record("late", action=Action.READ, at=STARTED, by=None)
    with pytest.raises(CommandError, match="not sealed"):
        run("--older-than", "2009-04-01", "--to", str(old), "--apply")
    assert AuditEvent.objects.filter(act="old").count() == 2
