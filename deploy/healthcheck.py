"""Health check of one container: `healthcheck.py live | worker | relay | keeper`; 0 means well.

`live` asks the liveness thread of this container. The others ask the web server's readiness, which
knows when it last heard of each process: no database login and no start of the application here.
"""

import http.client
import json
import os
import sys

READY_HOST, READY_PORT = "web", 8000
SECONDS = 2.5


def _get(host: str, port: int, path: str, name: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
    try:
        connection.request("GET", path, headers={"Host": name, "X-Forwarded-Proto": "https"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def is_well(name: str) -> bool:
    """Say whether the process `name` is well. Raises OSError when nobody answers."""
    if name == "live":
        status, _body = _get("127.0.0.1", int(os.environ["LIVEZ_PORT"]), "/livez", "localhost")
        return status == http.client.OK
    site = os.environ["ALLOWED_HOSTS"].split(",", maxsplit=1)[0].strip().lstrip(".")
    _status, body = _get(READY_HOST, READY_PORT, "/readyz", site)
    checks = json.loads(body)["checks"]
    if name == "keeper":  # a late drill is no reason to restart it
        return bool(checks["backup"]["code"] not in {"keeper", "problem"})
    return bool(checks[name]["status"] == "ok")


def main(arguments: list[str]) -> int:
    """Return 0 when the named process is well, else 1."""
    try:
        return 0 if is_well(arguments[0]) else 1
    except (OSError, ValueError, LookupError, http.client.HTTPException):
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
