"""A copy of the migrated test database is kept on the server: a run begins with it, not with
hundreds of migrations. It is made anew whenever anything that shapes it has changed."""

import fcntl
import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connections
from django.db.utils import ProgrammingError

PREFIX = "hms_migrated_"
# What migrate does is written here; the versions of other packages stand in the lock file.
SHAPED_BY = ("*/migrations/*.py", "config/*.yaml", "hms/**/*.py", "requirements/dev.txt")


def name() -> str:
    """Return what the copy for this state of the project is called."""
    seen = hashlib.sha256()
    for path in sorted(_files(settings.BASE_DIR)):
        seen.update(path.as_posix().encode())
        seen.update(path.read_bytes())
    return f"{PREFIX}{seen.hexdigest()[:16]}"


def _files(root: Path) -> Iterator[Path]:
    for pattern in SHAPED_BY:
        yield from root.glob(pattern)


@contextmanager
def turn() -> Iterator[None]:
    """One process of this machine at a time makes its test database."""
    with (Path(tempfile.gettempdir()) / "hms-test-database.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def use(template: str) -> None:
    """The test database will be a copy, where there is one to copy."""
    if template in _there():
        connections["owner"].settings_dict["TEST"]["TEMPLATE"] = template


def keep(template: str) -> None:
    """The test database that was just made is copied for later runs; older copies go."""
    known = _there()
    if template in known:
        return
    made = connections["owner"].settings_dict["NAME"]
    connections.close_all()
    with connections["owner"]._nodb_cursor() as cursor:
        for old in known:
            _tried(cursor, f'DROP DATABASE IF EXISTS "{old}"')
        # Another run may copy at this moment, or be first: then there is nothing to do.
        _tried(cursor, f'CREATE DATABASE "{template}" TEMPLATE "{made}"')


def _tried(cursor: object, statement: str) -> None:
    try:
        cursor.execute(statement)  # type: ignore[attr-defined]
    except (ProgrammingError, OSError):
        return
    except Exception as error:
        if getattr(error.__cause__, "pgcode", None) != "55006":
            raise


def _there() -> Iterable[str]:
    with connections["owner"]._nodb_cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{PREFIX}%"])
        return {row[0] for row in cursor.fetchall()}
