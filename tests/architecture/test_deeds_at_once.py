"""The same good request four times at the same instant: somebody gets it, nobody meets a 5xx."""

import os
from dataclasses import replace

import pytest
from django.http import HttpResponse
from django.test import Client

from tests.factories import org as people
from tests.fixtures.deeds import DEEDS, World
from tests.fixtures.rivals import race

RIVALS = 4
# `make test-all` tries every door; each run some of them, and those that have met a 5xx once.
MET = {"POST org:unlock", "POST org:password-change"}
NAMES = list(DEEDS) if os.environ.get("HMS_WHOLE") else sorted({*list(DEEDS)[::5], *MET})


@pytest.fixture(autouse=True)
def _no_brake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.limits.seconds_to_wait", lambda *_args, **_named: 0.0)


@pytest.mark.parametrize("name", NAMES)
def test_a_crowd_is_answered(name: str, committed_hospital: people.Hospital) -> None:
    world = World(committed_hospital)
    sent = DEEDS[name](world)
    cookies = (sent.client or world.admin).cookies

    def act(_number: int) -> HttpResponse:
        rival = Client(raise_request_exception=False)
        rival.cookies.update(cookies)
        return world.send(replace(sent, client=rival))

    found = race(act, clients=RIVALS)
    assert found.broken == []
    assert found.won, found.refused
