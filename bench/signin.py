"""Sign-ins a second (SEC-A1): the hash alone on two threads, and the whole door."""

import itertools
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password

from bench import client, web
from bench.client import Ask
from bench.load import CSRF
from bench.place import PASSWORD, Place

HASHES, SIGN_INS, CLIENTS, CORES = 80, 160, 4, 2
LEAST = 30


def _posts(place: Place) -> Iterator[Ask]:
    form = {"username": place.admin.username, "password": PASSWORD, "csrfmiddlewaretoken": CSRF}
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": f"{settings.CSRF_COOKIE_NAME}={CSRF}",
    }
    return itertools.repeat(Ask("sign in", "/sign-in/", "POST", urlencode(form).encode(), headers))


def hashes_a_second() -> float:
    """Return how many passwords two threads check in a second."""
    stored = make_password(PASSWORD)
    started = time.perf_counter()
    with ThreadPoolExecutor(CORES) as pool:
        good = list(pool.map(lambda _number: check_password(PASSWORD, stored), range(HASHES)))
    if not all(good):
        raise SystemExit("A password was not recognised.")
    return HASHES / (time.perf_counter() - started)


def measure(place: Place) -> None:
    """Print both rates."""
    alone = max(hashes_a_second() for _ in range(3))
    with web.serving(web.environment(place), path="/sign-in/") as server:
        best = 0.0
        for _number in range(3):
            started = time.perf_counter()
            answers = client.crowd(server.port, _posts(place), clients=CLIENTS, count=SIGN_INS)
            best = max(best, SIGN_INS / (time.perf_counter() - started))
            if any(each.status != 302 for each in answers):
                raise SystemExit("A sign-in was refused.")
    print(f"\nSign-ins (best of 3): {best:.0f} a second through the door, {CLIENTS} clients;")
    print(f"passwords checked: {alone:.0f} a second on {CORES} threads (wanted: {LEAST})")
