"""1,000 open inboxes on one server: what they cost, and how soon a new task is in them.

Each of 1,000 people has the page of tasks open; every 4 s it asks, as the page does, whether
anything is new (decisions 27). Every few seconds a task is opened in one of the wards. Counted are
the answers, the processor time of the web workers, and the seconds until the people of that ward
have it on their screens.
"""

import asyncio
import http.client
import os
import random
import statistics
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.db import transaction
from django.test import Client

from bench import web
from bench.patients import p95
from bench.place import Place
from core import clock
from org import levels, services
from org.models import Unit, User
from worklist.services import task_open

INBOXES = int(os.environ.get("BENCH_INBOXES", "1000"))
EVERY, SECONDS = 4.0, min(float(os.environ.get("BENCH_SECONDS", "60")), 300.0)
TASK_EVERY = 5.0
# So many tasks wait in each ward before it begins.
WAITING = 5
TIMEOUT = 15.0
ADDRESS = "/tasks/"


@dataclass
class Inbox:
    """One open page: whose it is, in which ward, and the tag of what it shows."""

    cookie: str
    ward: int
    tag: str = ""


@dataclass
class Seen:
    """What came of all polls."""

    unchanged: list[float] = field(default_factory=list)
    drawn: list[float] = field(default_factory=list)
    failed: int = 0
    # Ward -> word of the task -> when it was opened; and the seconds until a screen had it.
    opened: dict[int, dict[bytes, float]] = field(default_factory=lambda: defaultdict(dict))
    waited: list[float] = field(default_factory=list)


def _people(wards: list[Unit]) -> list[Inbox]:
    """Sessions of people of a few wards: some dozens work in each."""
    name, found = settings.SESSION_COOKIE_NAME, []
    for ward in wards:
        users = User.objects.filter(assignments__unit=ward).distinct().order_by("pk")
        for user in users:
            client = Client()
            client.force_login(user, backend="org.backends.UsernameBackend")
            found.append(Inbox(f"{name}={client.cookies[name].value}", ward.pk))
            if len(found) == INBOXES:
                return found
    return found


class _Line:
    """One kept connection of one page."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.reader: Any = None
        self.writer: Any = None

    async def get(self, inbox: Inbox) -> tuple[int, str, bytes]:
        """Ask as the page does; returns the status, the new tag and the body."""
        lines = [f"GET {ADDRESS} HTTP/1.1", f"Host: 127.0.0.1:{self.port}"]
        lines += [f"Cookie: {inbox.cookie}", "HX-Request: true", "HMS-Poll: 1"]
        if inbox.tag:
            lines.append(f"HX-PTag: {inbox.tag}")
        wire = "\r\n".join([*lines, "", ""]).encode()
        for is_last in (False, True):
            try:
                if self.writer is None:
                    opened = await asyncio.open_connection("127.0.0.1", self.port)
                    self.reader, self.writer = opened
                self.writer.write(wire)
                return await self._answer()
            except (OSError, asyncio.IncompleteReadError):
                self.close()
                if is_last:
                    raise
        raise AssertionError

    async def _answer(self) -> tuple[int, str, bytes]:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *rest = head.split("\r\n")
        named = {key.lower(): value for key, _colon, value in (r.partition(": ") for r in rest)}
        body = await self.reader.readexactly(int(named.get("content-length", "0")))
        if named.get("connection") == "close":
            self.close()
        return int(first.split(" ")[1]), named.get("hx-ptag", ""), body

    def close(self) -> None:
        """The next request opens another."""
        if self.writer is not None:
            self.writer.close()
        self.writer = None


async def _sits(inbox: Inbox, port: int, seen: Seen, start: float, first: float) -> None:
    """One page asks every 4 s, by the clock, until the time is over."""
    loop, line, due = asyncio.get_running_loop(), _Line(port), start + first
    known: set[bytes] = set()
    while due < start + SECONDS:
        await asyncio.sleep(max(0.0, due - loop.time()))
        try:
            status, tag, body = await asyncio.wait_for(line.get(inbox), TIMEOUT)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            seen.failed += 1
            line.close()
        else:
            _counted(seen, inbox, (status, loop.time() - due), tag)
            if status == http.client.OK:
                _shown(seen, inbox, known, body)
        due = max(due + EVERY, loop.time())
    line.close()


def _counted(seen: Seen, inbox: Inbox, answer: tuple[int, float], tag: str) -> None:
    status, seconds = answer
    if status == http.client.NOT_MODIFIED:
        seen.unchanged.append(seconds)
    elif status == http.client.OK:
        seen.drawn.append(seconds)
        inbox.tag = tag
    else:
        seen.failed += 1


def _shown(seen: Seen, inbox: Inbox, known: set[bytes], body: bytes) -> None:
    """Which new tasks of the ward this page shows for the first time, and how long that took."""
    now = asyncio.get_running_loop().time()
    for word, opened in seen.opened[inbox.ward].items():
        if word not in known and word in body:
            known.add(word)
            seen.waited.append(now - opened)


async def _work(wards: list[Unit], seen: Seen, start: float) -> None:
    """Somewhere a task is opened, again and again."""
    loop, dice, number = asyncio.get_running_loop(), random.Random(9), 0
    while loop.time() < start + SECONDS - EVERY * 2:
        await asyncio.sleep(TASK_EVERY)
        ward, number = dice.choice(wards), number + 1
        word = f"canary{number:04}"
        await asyncio.to_thread(_opened, ward, word)
        seen.opened[ward.pk][word.encode()] = loop.time()


def _opened(ward: Unit, word: str) -> None:
    with transaction.atomic():
        task_open(kind="request", unit_id=ward.pk, detail=word, role="nurse", at=clock.now())


async def _all(inboxes: list[Inbox], wards: list[Unit], port: int) -> Seen:
    seen, start = Seen(), asyncio.get_running_loop().time() + 1.0
    dice = random.Random(4)
    sitting = (_sits(inbox, port, seen, start, dice.random() * EVERY) for inbox in inboxes)
    await asyncio.gather(_work(wards, seen, start), *sitting)
    return seen


def measure(place: Place) -> None:
    """Print how many polls were answered how, their times, the cores they took, and the waits."""
    wards = list(Unit.objects.filter(kind="ward").order_by("pk"))[: max(1, INBOXES // 40)]
    services.activation_set(
        unit=place.root, module="tasks", level="live", reason="bench", by=None, at=clock.now()
    )
    levels.forget()
    caches["redis"].clear()
    for ward in wards:
        for _number in range(WAITING):
            _opened(ward, "waiting")
    inboxes = _people(wards)
    env = web.environment(place)
    web.collect(env)
    with web.serving(env, path="/sign-in/") as server:
        before = server.cpu_seconds()
        seen = asyncio.run(_all(inboxes, wards, server.port))
        cores = (server.cpu_seconds() - before) / SECONDS
    _show(len(inboxes), seen, cores)


def _show(count: int, seen: Seen, cores: float) -> None:
    polls = len(seen.unchanged) + len(seen.drawn)
    print(f"\n## {count:,} open inboxes, each asking every {EVERY:g} s, for {SECONDS:g} s")
    print(f"polls answered {polls:,} ({polls / SECONDS:.0f} a second), failed {seen.failed}")
    for name, times in (("nothing new", seen.unchanged), ("drawn anew", seen.drawn)):
        if len(times) > 1:
            median = statistics.median(times) * 1000
            print(
                f"{name:12} {len(times):7,}  median / p95 {median:.1f} / {p95(times) * 1000:.1f} ms"
            )
    print(f"web workers: {cores:.2f} cores")
    if seen.waited:
        tasks = sum(len(words) for words in seen.opened.values())
        print(
            f"{tasks} new tasks on {len(seen.waited)} screens after median "
            f"{statistics.median(seen.waited):.1f} s, p95 {p95(seen.waited):.1f} s, "
            f"at most {max(seen.waited):.1f} s"
        )
