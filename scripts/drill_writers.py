"""Clients that keep writing through the API, and remember what was acknowledged.

Like a careful client they repeat a write that got no answer, with the same Idempotency-Key, so
every write ends acknowledged or, when the patience is over, open. The load is bounded: a few
clients, a pause after each write, loopback only.
"""

from __future__ import annotations

import http.client
import http.cookies
import json
import re
import threading
import time
import uuid
from dataclasses import dataclass, field
from urllib.parse import urlencode

TIMEOUT_SECONDS = 8.0
PAUSE_SECONDS = 0.05
RETRY_SECONDS = 0.2
PATIENCE_SECONDS = 60.0
SIGN_IN = "/sign-in/"
DOOR = "/api/v1/org/units/"
TOKEN_FIELD = re.compile(r'name="csrfmiddlewaretoken"\s+value="([^"]+)"')
CREATED, FOUND, OK, SERVER_ERROR = 201, 302, 200, 500
TOO_MANY, CONFLICT = 429, 409


class DrillError(Exception):
    """The drill cannot be carried out; the message says why."""


@dataclass(frozen=True)
class Answer:
    """One HTTP answer."""

    status: int
    body: str


class Client:
    """A browser in small: cookies, the CSRF token, JSON."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}

    def request(
        self, method: str, path: str, body: str = "", headers: dict[str, str] | None = None
    ) -> Answer:
        """Send one request. Raises OSError or HTTPException when there is no whole answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {"Cookie": cookie, "Origin": f"http://127.0.0.1:{self.port}"} | (headers or {})
        try:
            connection.request(method, path, body.encode() or None, sent)
            response = connection.getresponse()
            content = response.read().decode(errors="replace")
            self._keep(response.headers.get_all("Set-Cookie") or [])
            return Answer(response.status, content)
        finally:
            connection.close()

    def _keep(self, lines: list[str]) -> None:
        for line in lines:
            for name, morsel in http.cookies.SimpleCookie(line).items():
                self.cookies[name] = morsel.value

    def sign_in(self, username: str, password: str, *, request_id: str = "") -> None:
        """The session is that of the person. Raises DrillError."""
        page = self.request("GET", SIGN_IN)
        found = TOKEN_FIELD.search(page.body)
        if not found:
            raise DrillError(f"The sign-in page answered {page.status} without a token.")
        form = {"username": username, "password": password, "csrfmiddlewaretoken": found.group(1)}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if request_id:
            headers["X-Request-Id"] = request_id
        answer = self.request("POST", SIGN_IN, urlencode(form), headers)
        if answer.status != FOUND:
            raise DrillError(f"{username} could not sign in: status {answer.status}.")

    def token(self) -> str:
        """Return the CSRF token, whatever the cookie is called."""
        return next((v for name, v in self.cookies.items() if name.endswith("csrf")), "")

    def parent_unit(self) -> str:
        """Return a unit below which others can be made. Raises DrillError."""
        answer = self.request("GET", f"{DOOR}?kind=hospital")
        rows = json.loads(answer.body).get("items", []) if answer.status == OK else []
        if not rows:
            raise DrillError(f"The list of units answered {answer.status} without a hospital.")
        return str(rows[0]["public_id"])


@dataclass
class Write:
    """One write that a person wants done once."""

    code: str
    began: float
    answered: float = 0.0
    tries: int = 0
    last: str = ""

    @property
    def seconds(self) -> float:
        return self.answered - self.began


@dataclass
class Log:
    """What all clients wrote, by outcome; filled from several threads."""

    acknowledged: list[Write] = field(default_factory=list)
    open: list[Write] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def first_success_after(self, moment: float) -> float | None:
        """Return when the first write that was *begun* after the moment was acknowledged."""
        with self.lock:
            times = [each.answered for each in self.acknowledged if each.began >= moment]
        return min(times, default=None)

    def slowest_since(self, moment: float) -> float:
        """Return the longest time a write took that was under way at or after the moment."""
        with self.lock:
            times = [each.seconds for each in self.acknowledged if each.answered >= moment]
        return max(times, default=0.0)

    def between(self, start: float, end: float) -> list[float]:
        """Return the durations of the writes that began and ended between the moments."""
        with self.lock:
            return [
                each.seconds
                for each in self.acknowledged
                if each.began >= start and each.answered <= end and each.tries == 1
            ]


class Writers:
    """Several clients writing until told to stop."""

    def __init__(self, port: int, username: str, password: str, *, count: int, mark: str) -> None:
        self.port = port
        self.mark = mark
        self.log = Log()
        self._stop = threading.Event()
        self._clients = []
        for _number in range(count):
            client = Client(port)
            client.sign_in(username, password)
            self._clients.append(client)
        self._parent = self._clients[0].parent_unit()
        self._threads = [
            threading.Thread(target=self._work, args=(number, client), daemon=True)
            for number, client in enumerate(self._clients)
        ]

    def start(self) -> None:
        """The clients write from now on."""
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Every client ends after the write it is at."""
        self._stop.set()

    def have_ended(self) -> bool:
        """True when no client writes any more."""
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self, number: int, client: Client) -> None:
        serial = 0
        while not self._stop.is_set():
            serial += 1
            self._write(client, Write(f"{self.mark}{number}-{serial}", time.monotonic()))
            self._stop.wait(PAUSE_SECONDS)

    def _write(self, client: Client, write: Write) -> None:
        """Repeat the write until it is acknowledged, refused, or the patience is over."""
        key = str(uuid.uuid4())
        deadline = write.began + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            write.tries += 1
            if self._attempt(client, write, key):
                return
            time.sleep(RETRY_SECONDS)
        with self.log.lock:
            self.log.open.append(write)

    def _attempt(self, client: Client, write: Write, key: str) -> bool:
        """True when the write is settled."""
        body = {"parent": self._parent, "code": write.code, "name": write.code, "kind": "ward"}
        headers = {
            "Content-Type": "application/json",
            "X-CSRFToken": client.token(),
            "Idempotency-Key": key,
            # By it the trail is asked afterwards.
            "X-Request-Id": f"{write.code}.{write.tries}",
        }
        try:
            answer = client.request("POST", DOOR, json.dumps(body), headers)
        except (OSError, http.client.HTTPException) as error:
            write.last = type(error).__name__
            return False
        write.last = str(answer.status)
        if answer.status == CREATED:
            write.answered = time.monotonic()
            with self.log.lock:
                self.log.acknowledged.append(write)
            return True
        # A repeat may meet its own first try still at work, or a limit on the rate.
        if answer.status >= SERVER_ERROR or answer.status in {TOO_MANY, CONFLICT}:
            return False
        with self.log.lock:
            self.log.faults.append(f"{write.code}: {answer.status} {answer.body[:200]}")
        return True
