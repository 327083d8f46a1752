"""Asks the running product whether it is ready."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 5.0
OK = 200


class Readiness:
    """The answer of /readyz, and in words what is missing."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.host = parts.hostname or "127.0.0.1"
        self.port = parts.port or 80
        self.why_not = "no answer yet"

    def is_ready(self) -> bool:
        """True when the product says it is ready; else `why_not` tells."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT_SECONDS)
        try:
            connection.request("GET", "/readyz")
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException) as error:
            self.why_not = f"no answer ({type(error).__name__})"
            return False
        finally:
            connection.close()
        if response.status == OK:
            return True
        self.why_not = _reason(body) or f"status {response.status}"
        return False


def _reason(body: bytes) -> str:
    try:
        found = json.loads(body)
    except ValueError:
        return ""
    return json.dumps(found, ensure_ascii=False)[:300]
