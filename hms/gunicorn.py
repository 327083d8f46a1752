"""How gunicorn serves the hospital: `gunicorn -c hms/gunicorn.py hms.wsgi:application`.

Liveness has a thread of its own in the master process: it answers while every worker is stuck and
never asks the database (SEC-V3). It knows only that the server process runs; /readyz knows more,
and has an answer here even while no worker has a thread left to give one.
"""

import http.client
import os
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
_HEADERS_AT_MOST = 60
READY_SECONDS = 4.5
_ANY_ADDRESS = {"", "0.0.0.0", "[::]", "::"}  # noqa: S104  # nosec B104  # compared, not bound


class LivezHandler(socketserver.StreamRequestHandler):
    """Answers /livez by hand (no import, no lock, no database), and passes /readyz on."""

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


def _answer(method: bytes, path: bytes) -> bytes:
    if path not in {b"/livez", b"/readyz"}:
        status, body = b"404 Not Found", b'{"status":"not_found"}'
    elif method not in {b"GET", b"HEAD"}:
        status, body = b"405 Method Not Allowed", b'{"status":"method_not_allowed"}'
    elif path == b"/readyz":
        status, body = _readiness()
    else:
        status, body = b"200 OK", b'{"status":"ok"}'
    head = (
        b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
        b"Cache-Control: no-store\r\nConnection: close\r\n\r\n" % (status, len(body))
    )
    return head if method == b"HEAD" else head + body


def _readiness() -> tuple[bytes, bytes]:
    """Return what a worker says of /readyz, or that none has said anything in time."""
    host, _colon, port = bind.rpartition(":")
    site = os.environ.get("ALLOWED_HOSTS", "").split(",", maxsplit=1)[0].strip().lstrip(".")
    headers = {"Host": site or "localhost", "X-Forwarded-Proto": "https"}
    address = "127.0.0.1" if host in _ANY_ADDRESS else host.strip("[]")
    worker = http.client.HTTPConnection(address, int(port), timeout=READY_SECONDS)
    try:
        worker.request("GET", "/readyz", headers=headers)
        response = worker.getresponse()
        return f"{response.status} {response.reason}".encode(), response.read()
    except (OSError, http.client.HTTPException):
        detail = b'{"status":"down","detail":"no answer from a worker"}'
        return b"503 Service Unavailable", b'{"status":"down","checks":{"web":%s}}' % detail
    finally:
        worker.close()


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


def post_fork(_server_process: Any, _worker: Any) -> None:
    """A worker does not hold the liveness port after its master has gone."""
    if _server is not None:
        _server.socket.close()
