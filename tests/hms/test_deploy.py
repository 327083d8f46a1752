"""A production start: clean checks, and a plain refusal of everything that belongs to the demo."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection
from django.db.backends.signals import connection_created

from core import clock
from hms import checks, startup
from org import selectors, services

KEY = "kR7-" + "q3Vx9Lm2" * 8
pytestmark = pytest.mark.usefixtures("_reference_data")


def _manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("HMS_", "SECRET_KEY", "ALLOWED_", "DJANGO_"))
    }
    given = {"HMS_ENV": "production", "SECRET_KEY": KEY, "ALLOWED_HOSTS": "hospital.example.org"}
    return subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:hms", "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env=inherited | given | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.django_db
def test_check_deploy_has_nothing_to_say() -> None:
    done = _manage("check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "x" * 60),
        ("SECRET_KEY", "demo-" + KEY),
        ("SECRET_KEY", f"{KEY},more"),
        ("SECRET_KEY_FALLBACKS", f"{KEY},short"),
        ("HMS_AUDIT_KEYS", f"{KEY},short"),
        ("HMS_AUDIT_KEYS", "demo-" + KEY),
    ],
)
def test_production_does_not_start_with_a_poor_key(name: str, key: str) -> None:
    done = _manage("check", **{name: key})
    assert done.returncode != 0
    assert name in done.stderr.splitlines()[-1]


@pytest.mark.django_db
def test_the_end_of_a_line_in_a_file_is_no_part_of_a_key(tmp_path: Path) -> None:
    """The old key goes from one file to another by hand: it must stay the same key."""
    (tmp_path / "old").write_text(f"{KEY}\n")
    (tmp_path / "list").write_text(f"{KEY}y , {KEY}z\n")
    code = "from django.conf import settings as s; print([s.SECRET_KEY, *s.SECRET_KEY_FALLBACKS])"
    done = _manage(
        *("shell", "--no-imports", "-c", code),
        SECRET_KEY_FILE=str(tmp_path / "old"),
        SECRET_KEY_FALLBACKS_FILE=str(tmp_path / "list"),
    )
    assert done.stdout.strip() == str([KEY, f"{KEY}y", f"{KEY}z"]), done.stderr


@pytest.mark.django_db
def test_a_host_of_everybody_and_no_tls_are_named() -> None:
    done = _manage("check", "--deploy", ALLOWED_HOSTS="*", HMS_TLS="0")
    assert done.returncode != 0
    assert "hms.E001" in done.stderr
    assert "hms.W002" in done.stderr


@pytest.fixture
def production(settings: object) -> None:
    settings.IS_PRODUCTION = True  # type: ignore[attr-defined]


@pytest.fixture
def kept_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """The start-up check gives its connection back; the test's transaction still needs it."""
    monkeypatch.setattr(connection, "close", lambda: None)


@pytest.fixture
def demo_hospital(db: None) -> None:
    services.hospital_set_up(
        services.Hospital(
            name="Riverside",
            site_code="M",
            site_name="Main",
            time_zone="UTC",
            currency="EUR",
            language="en",
            admin_username="boss",
            admin_family_name="Craig",
            admin_given_name="",
            admin_password="lighthouse-keeper-9",  # pragma: allowlist secret
            is_demo=True,
        ),
        at=clock.now(),
    )


@pytest.mark.usefixtures("demo_hospital", "production", "kept_connection")
def test_a_demo_hospital_stops_the_start() -> None:
    with pytest.raises(ImproperlyConfigured, match="hospital, logins"):
        startup.refuse_demo()
    assert [found.id for found in checks.production_database(databases=["default"])] == ["hms.E003"]


@pytest.mark.usefixtures("production", "kept_connection")
@pytest.mark.django_db
def test_a_demo_login_alone_stops_the_start_until_it_opens_nothing() -> None:
    at = clock.now()
    user = services.person_create(username="d", family_name="D", is_demo=True, by=None, at=at)
    startup.refuse_demo()
    services.account_activate(user, by=None, at=at, reason="test")
    with pytest.raises(ImproperlyConfigured, match="logins"):
        startup.refuse_demo()


@pytest.mark.usefixtures("demo_hospital")
def test_the_demo_itself_starts() -> None:
    startup.refuse_demo()


@pytest.mark.usefixtures("demo_hospital", "production", "kept_connection")
def test_celery_ends_as_well() -> None:
    from hms.celery import refuse_demo

    with pytest.raises(SystemExit, match="holds the demo"):
        refuse_demo()


@pytest.fixture
def database_away(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    def away() -> list[str]:
        raise OperationalError

    with monkeypatch.context() as patched:
        patched.setattr(selectors, "demo_traces", away)
        yield patched
    connection_created.disconnect(dispatch_uid="hms.refuse_demo")


@pytest.mark.usefixtures("demo_hospital", "production", "kept_connection")
def test_a_database_that_is_away_is_checked_at_its_first_connection(
    database_away: pytest.MonkeyPatch,
) -> None:
    startup.refuse_demo()
    database_away.undo()
    database_away.setattr(settings, "IS_PRODUCTION", True)
    for _attempt in range(2):
        with pytest.raises(ImproperlyConfigured):
            connection_created.send(type(connection), connection=connection)


@pytest.mark.usefixtures("production", "kept_connection")
@pytest.mark.django_db
def test_the_late_check_is_made_once_when_all_is_well(
    database_away: pytest.MonkeyPatch,
) -> None:
    startup.refuse_demo()
    connection_created.send(type(connection), connection=connection)
    database_away.setattr(selectors, "demo_traces", list)
    connection_created.send(type(connection), connection=connection)
    assert not connection_created.disconnect(dispatch_uid="hms.refuse_demo")


@pytest.mark.django_db
@pytest.mark.usefixtures("production")
def test_the_owner_of_the_tables_is_not_the_application(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks.production_database(databases=["default"]) == []
    assert checks.production_database(databases=None) == []
    monkeypatch.setattr(checks, "_may_change_the_trail", lambda: True)
    assert [found.id for found in checks.production_database(databases=["default"])] == ["hms.W003"]
