"""How gunicorn serves the hospital: `gunicorn -c hms/gunicorn.py hms.wsgi:application`.

Liveness has a thread of its own in the master process: it answers while every worker is stuck and
never asks the database (SEC-V3). It knows only that the server process runs; /readyz knows more,
and has an answer here even while no worker has a thread left to give one. /startupz says 503 until
people could work for the first time since this start. /metrics is here and nowhere else: workers
give it only to whoever has the key that this process drew (SEC-V8).
"""

import http.client
import os
import secrets
import socketserver
import threading
from pathlib import Path
from typing import Any

_MEMORY = Path("/dev/shm")  # noqa: S108  # nosec B108  # heartbeat files must not wait for a disk

bind = f"{os.environ.get('HMS_BIND', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 4
timeout = 30
graceful_timeout = 10
keepalive = 5
max_requests = 5_000
max_requests_jitter = 1_000
# Each worker makes its own connections; nothing is shared across the fork.
preload_app = False
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1,::1")
limit_request_line = 8_190
limit_request_fields = 100
worker_tmp_dir = str(_MEMORY) if os.access(_MEMORY, os.W_OK) else None
# No second way into the master.
control_socket_disable = True
# The application writes one line a request itself, without query strings.
accesslog = None
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "hms.logs.formatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {"gunicorn.error": {"handlers": [], "level": "INFO", "propagate": True}},
}

LIVEZ_HOST = os.environ.get("LIVEZ_HOST", "127.0.0.1")
LIVEZ_PORT = int(os.environ.get("LIVEZ_PORT", "0"))
# As in hms/metrics.py, which this process does not load.
METRICS_KEY, METRICS_PLACE = "HMS_METRICS_KEY", "HMS_METRICS_PLACE"
METRICS_HEADER = "HMS-Metrics-Key"
_HEADERS_AT_MOST = 60
READY_SECONDS = 4.5
_ANY_ADDRESS = {"", "0.0.0.0", "[::]", "::"}  # noqa: S104  # nosec B104  # compared, not bound


class LivezHandler(socketserver.StreamRequestHandler):
    """Answers /livez by hand (no import, no lock, no database); workers answer the rest."""

    timeout = 2

    def handle(self) -> None:
        """Read one request and answer it."""
        try:
            method, path = [*self.rfile.readline(1024).split(b" ", 2), b"", b""][:2]
            for _number in range(_HEADERS_AT_MOST):
                if self.rfile.readline(1024) in {b"\r\n", b"\n", b""}:
                    break
            self.wfile.write(_answer(method, path))
        except OSError:
            return  # a client that hangs or has gone is no trouble of ours


Answer = tuple[bytes, bytes, bytes]
_JSON = b"application/json"


def _answer(method: bytes, path: bytes) -> bytes:
    if path not in _PATHS:
        status, kind, body = b"404 Not Found", _JSON, b'{"status":"not_found"}'
    elif method not in {b"GET", b"HEAD"}:
        status, kind, body = b"405 Method Not Allowed", _JSON, b'{"status":"method_not_allowed"}'
    else:
        status, kind, body = _PATHS[path]()
    head = (
        b"HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n"
        b"Cache-Control: no-store\r\nConnection: close\r\n\r\n" % (status, kind, len(body))
    )
    return head if method == b"HEAD" else head + body


def _liveness() -> Answer:
    return b"200 OK", _JSON, b'{"status":"ok"}'


def _readiness() -> Answer:
    return _of_worker("/readyz")


def _start() -> Answer:
    """Ready once is started for good: what breaks later is a matter of readiness."""
    if not _Life.has_started:
        answer = _of_worker("/readyz")
        if not answer[0].startswith(b"200"):
            return answer
        _Life.has_started = True
    return b"200 OK", _JSON, b'{"status":"started"}'


def _metrics() -> Answer:
    return _of_worker("/metrics")


_PATHS = {
    b"/livez": _liveness,
    b"/readyz": _readiness,
    b"/startupz": _start,
    b"/metrics": _metrics,
}


def _of_worker(path: str) -> Answer:
    """Return what a worker says, or that none has said anything in time."""
    host, _colon, port = bind.rpartition(":")
    site = os.environ.get("ALLOWED_HOSTS", "").split(",", maxsplit=1)[0].strip().lstrip(".")
    headers = {"Host": site or "localhost", "X-Forwarded-Proto": "https", METRICS_HEADER: _key()}
    address = "127.0.0.1" if host in _ANY_ADDRESS else host.strip("[]")
    worker = http.client.HTTPConnection(address, int(port), timeout=READY_SECONDS)
    try:
        worker.request("GET", path, headers=headers)
        response = worker.getresponse()
        kind = response.headers.get("Content-Type", "").encode() or _JSON
        return f"{response.status} {response.reason}".encode(), kind, response.read()
    except (OSError, http.client.HTTPException):
        detail = b'{"status":"down","code":"no_answer","detail":"no answer from a worker"}'
        body = b'{"status":"down","checks":{"web":%s}}' % detail
        return b"503 Service Unavailable", _JSON, body
    finally:
        worker.close()


def _key() -> str:
    return os.environ.get(METRICS_KEY, "")


class _Life:
    """What this master knows of its own start, and which worker has which place."""

    has_started = False
    places: dict[int, object] = {}


class LivezServer(socketserver.ThreadingTCPServer):
    """One short-lived thread a question."""

    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A question that broke is not worth a line in the log."""


_server: LivezServer | None = None


def livez_start(host: str, port: int) -> LivezServer:
    """A thread answers /livez from now on. Raises OSError when the port is taken."""
    server = LivezServer((host, port), LivezHandler)
    threading.Thread(target=server.serve_forever, name="livez", daemon=True).start()
    return server


def when_ready(server: Any) -> None:
    """gunicorn's master listens: liveness starts, unless LIVEZ_PORT is 0."""
    global _server  # noqa: PLW0603  # the configuration file is gunicorn's only place for state
    if LIVEZ_PORT and _server is None:
        try:
            _server = livez_start(LIVEZ_HOST, LIVEZ_PORT)
        except OSError as error:
            server.log.error("livez does not listen on port %s: %s", LIVEZ_PORT, error.strerror)


def on_starting(_server: Any) -> None:
    """A new start draws a key for its workers, and begins to count anew."""
    os.environ |= {METRICS_KEY: secrets.token_urlsafe(32)}
    folder = Path(os.environ.get("HMS_VAR") or Path(__file__).parent.parent / "var") / "metrics"
    for path in folder.glob("*_web-*.db"):
        path.unlink(missing_ok=True)


def pre_fork(_server: Any, worker: Any) -> None:
    """The worker takes the first free place: it counts on where another left off."""
    place = next(each for each in range(1000) if each not in _Life.places)
    _Life.places[place] = worker
    os.environ |= {METRICS_PLACE: f"web-{place}"}


def child_exit(_server: Any, worker: Any) -> None:
    """The place of a worker that ended is free."""
    for place, holder in list(_Life.places.items()):
        if holder is worker:
            del _Life.places[place]


def post_fork(_server_process: Any, _worker: Any) -> None:
    """A worker does not hold the liveness port after its master has gone."""
    if _server is not None:
        _server.socket.close()
