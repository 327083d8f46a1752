"""Fixtures of every room's tests.

The test database is made by the owner's role and used through the app's (decisions 31): tests that
commit name `databases=["default", "owner"]`, so that the owner empties the tables after them.
"""

import os
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("HMS_ENV", "test")
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

import pytest
from django.conf import settings
from django.core.cache import caches
from django.db import connections
from django.test import Client
from django.test.utils import setup_databases, teardown_databases
from pytest_django import DjangoDbBlocker

from core import mode
from org import house, levels
from tests import emptying, template
from tests.factories import org as people
from tests.factories import sessions

ALL = ["default", "owner"]
# Workers of one run share a Redis: each has its own keys there, and none meets a rate limit.
settings.CACHES["redis"]["KEY_PREFIX"] = f"test-{os.environ.get('PYTEST_XDIST_WORKER', 'gw')}"
settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]["client"] = "1000000/min"


COMMITTING = {"transactional_db", "committed_hospital", "live_server"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that commits is emptied through the owner, whoever forgot to say so."""
    for item in items:
        if COMMITTING & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.django_db(transaction=True, databases=ALL), append=False)


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest,
    django_test_environment: None,
    django_db_blocker: DjangoDbBlocker,
    django_db_modify_db_settings: None,
) -> Iterator[None]:
    """Always make the owner's test database: the app's alias mirrors it."""
    kept = template.name()
    with django_db_blocker.unblock():
        # Of the workers of one run one migrates; the others wait for its copy.
        with template.turn():
            template.use(kept)
            made = setup_databases(verbosity=0, interactive=False, aliases=ALL)
            template.keep(kept)
        emptying.install()
    yield
    with django_db_blocker.unblock():
        for alias in ALL:
            _sessions_end(alias)
        connections.close_all()
        teardown_databases(made, verbosity=0)


def _sessions_end(alias: str) -> None:
    """No other session of this role is left in the test database.

    A browser that keeps its line open keeps a thread of the live server, and that its connection.
    """
    with connections[alias].cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE "
            "datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
        )


@pytest.fixture(autouse=True)
def _no_memory_of_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Levels and the hospital are remembered, in threads and in Redis: each test starts without."""
    levels.forget()
    house.forget()
    mode.reset()
    # However slow the machine: no question between two counts of questions.
    monkeypatch.setattr(house, "FRESH_FOR", 3600.0)
    monkeypatch.setattr(mode, "FRESH_FOR", 3600.0)
    caches["redis"].delete(levels.KEY)


@pytest.fixture(autouse=True)
def _spool_of_its_own(settings: object, tmp_path: Path) -> None:
    """Looks that the trail did not take are kept aside per test."""
    settings.AUDIT_SPOOL_DIR = tmp_path / "looks"  # type: ignore[attr-defined]


@pytest.fixture
def _reference_data(request: pytest.FixtureRequest) -> None:
    """Roles come with migrate; a test that commits may have emptied them."""
    from hms import roles
    from org.selectors import role_list

    if not role_list().exists():
        roles.sync("default")


@pytest.fixture
def hospital(db: None, _reference_data: None) -> people.Hospital:
    """A site with a few units and one person per role (see tests/factories/org.py)."""
    made = people.hospital()
    house.current()
    mode.state()
    return made


@pytest.fixture
def committed_hospital(transactional_db: None, _reference_data: None) -> people.Hospital:
    """The same hospital, committed: for tests with several connections."""
    return people.hospital()


@pytest.fixture
def as_role(hospital: people.Hospital) -> Iterator[object]:
    """Return a signed-in client for a role: `as_role("nurse")`."""

    def sign_in(role: str) -> Client:
        client = Client()
        sessions.sign_in(client, hospital.person(role))
        return client

    yield sign_in
