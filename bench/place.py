"""A hospital of one size in a database of its own, made and dropped."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.contrib.auth import get_user_model
from django.db import connections
from django.test.utils import setup_databases, teardown_databases

from bench import data
from core import clock
from org import levels
from org.models import Unit, User

SIZES = {"small": (60, 1_000), "large": (300, 12_000)}
PASSWORD = data.PASSWORD


@dataclass(frozen=True)
class Place:
    """What the measurements ask for: who asks, and the unit at the top."""

    size: str
    admin: User
    root: Unit
    person: User

    def environment(self) -> dict[str, str]:
        """Return where other processes find this database."""
        name = str(connections["owner"].settings_dict["NAME"])
        urls = ("DATABASE_URL", "DATABASE_OWNER_URL")
        return {key: urlsplit(os.environ[key])._replace(path=f"/{name}").geturl() for key in urls}


@contextmanager
def hospital(size: str) -> Iterator[Place]:
    """Units and people of the size exist, with statistics, until the block ends."""
    units, people = SIZES[size]
    name = connections["default"].settings_dict["NAME"]
    made = setup_databases(verbosity=0, interactive=False, aliases=["default", "owner"])
    try:
        admin = data.load(units=units, people=people, at=clock.now())
        levels.forget()
        with connections["owner"].cursor() as cursor:
            cursor.execute("ANALYZE")
        person = get_user_model().objects.get(username="person1")
        yield Place(size, admin, Unit.objects.get(parent=None), person)
    finally:
        connections.close_all()
        teardown_databases(made, verbosity=0)
        # The mirror keeps the name of the test database, from which the next would get its own.
        connections["default"].settings_dict["NAME"] = name
