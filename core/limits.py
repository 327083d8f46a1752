"""So many times in a window, counted in Redis; open while Redis is away (SEC-V1, SEC-I8)."""

import hashlib
import time

from django.core.cache import caches
from django.utils.translation import gettext_lazy as _

from core import clock
from core.errors import ServiceError

REST_SECONDS = 5.0


class TooMany(ServiceError):
    """The asker did this too often; `wait` is how many seconds are left."""

    code = "throttled"
    status = 429
    message = _("This was tried too often. Wait a little.")


class _Redis:
    """After trouble Redis is left alone for a moment: a hanging one costs one time-out, not all."""

    rests_until = 0.0


def seconds_to_wait(bucket: str, who: str, *, limit: int, window: int) -> float:
    """Count one more and return 0.0, or the seconds left of the window when that is too many.

    One counter per window, counted up atomically; `who` is stored as a fingerprint only.
    """
    if time.monotonic() < _Redis.rests_until:
        return 0.0
    now = clock.now().timestamp()
    mark = hashlib.sha256(who.encode()).hexdigest()[:24]
    key, cache = f"limit:{bucket}:{mark}:{int(now // window)}", caches["redis"]
    try:
        counted = 1 if cache.add(key, 1, window) else cache.incr(key)
    except ValueError:  # the window ended between the two
        return 0.0
    except Exception:  # a limit must not turn people away because its counter is gone
        _Redis.rests_until = time.monotonic() + REST_SECONDS
        return 0.0
    return float(window - now % window) if counted > limit else 0.0


def check(bucket: str, who: str, *, limit: int, window: int) -> None:
    """Count one more. Raises TooMany with the seconds to wait."""
    wait = seconds_to_wait(bucket, who, limit=limit, window=window)
    if wait:
        raise TooMany(wait=int(wait) + 1)
