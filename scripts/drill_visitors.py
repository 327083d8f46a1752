"""People who sign in and look around during the drill, and remember what they were shown.

Every try carries a request id of its own: by it the trail is asked afterwards (SEC-U1, SEC-A9).
"""

from __future__ import annotations

import http.client
import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from scripts.drill_facts import Finding, none_of
from scripts.drill_writers import OK, Client, DrillError

LOOK_PAUSE, SIGN_IN_PAUSE = 0.2, 0.7
# A page that every person may open, and what every reader looks at.
OWN_PAGE = "/security/"
PAGES = ("/units/", "/api/v1/org/units/?kind=ward", OWN_PAGE)
# A person may sign in ten times a minute; a few names in turn stay below.
NAMES = 8
CHECK_TRIES = 5


@dataclass
class Visits:
    """What was shown and who got in, by the request's id; filled from several threads."""

    looks: list[str] = field(default_factory=list)
    sign_ins: dict[str, Client] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    # Pages that were opened with the cookie of an acknowledged sign-in.
    checks: int = 0
    faults: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Visitors:
    """One reader and one crowd at the door, until told to stop."""

    def __init__(
        self, port: int, reader: tuple[str, str], crowd: list[tuple[str, str]], *, mark: str
    ) -> None:
        self.port = port
        self.mark = mark
        self.visits = Visits()
        self._numbers = itertools.count(1)
        self._checked = 0
        self._reader = Client(port)
        self._reader.sign_in(*reader)
        self._crowd = itertools.cycle(crowd[:NAMES])
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._repeat, args=(work, pause), daemon=True)
            for work, pause in ((self._look, LOOK_PAUSE), (self._sign_in, SIGN_IN_PAUSE))
        ]

    def start(self) -> None:
        """People come and look from now on."""
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Nobody begins anything more."""
        self._stop.set()

    def have_ended(self) -> bool:
        """True when nobody is at anything any more."""
        return not any(thread.is_alive() for thread in self._threads)

    def _repeat(self, work: Callable[[], object], pause: float) -> None:
        while not self._stop.is_set():
            work()
            self._stop.wait(pause)

    def _number(self, kind: str) -> str:
        return f"{self.mark}{kind}-{next(self._numbers)}"

    def _look(self) -> None:
        number = self._number("look")
        page = PAGES[next(self._numbers) % len(PAGES)]
        self._shown(self._reader, page, number)

    def _shown(self, client: Client, page: str, number: str) -> int:
        """Return the status; a page that arrived whole is remembered, 0 is no whole answer."""
        try:
            answer = client.request("GET", page, headers={"X-Request-Id": number})
        except (OSError, http.client.HTTPException):
            return 0
        with self.visits.lock:
            if answer.status == OK:
                self.visits.looks.append(number)
            elif answer.status < 500:
                self.visits.faults.append(f"{page}: {answer.status}")
        return answer.status

    def _sign_in(self) -> None:
        """Try once; only a whole answer that says "you are in" is a sign-in."""
        client, number = Client(self.port), self._number("in")
        try:
            client.sign_in(*next(self._crowd), request_id=number)
        except (DrillError, OSError, http.client.HTTPException):
            return
        with self.visits.lock:
            self.visits.sign_ins[number] = client

    def check(self, *, everybody: bool = False) -> None:
        """Open a page with the cookie of everybody who got in since the last check, or of all."""
        with self.visits.lock:
            known = list(self.visits.sign_ins.items())
        for number, client in known[0 if everybody else self._checked :]:
            self.visits.checks += 1
            if not self._is_in(client):
                self.visits.lost.append(number)
        self._checked = len(known)

    def _is_in(self, client: Client) -> bool:
        for _try in range(CHECK_TRIES):
            status = self._shown(client, OWN_PAGE, self._number("check"))
            if status and status < 500:
                return status == OK
            time.sleep(1)
        return False

    def findings(self) -> list[Finding]:
        """Return what became of those who got in."""
        visits = self.visits
        return [
            none_of("acknowledged sign-ins lost", set(visits.lost), visits.sign_ins),
            none_of("looks refused without reason", visits.faults, visits.looks),
        ]
