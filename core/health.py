"""Signs of life and what they add up to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.models import Heartbeat

LATE = timedelta(seconds=45)


def beat(name: str, *, at: datetime) -> None:
    """The process `name` was alive at `at`."""
    Heartbeat.objects.update_or_create(name=name, defaults={"beat_at": at})


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing readiness looks at: ok, degraded (people can work) or down (they cannot).

    `code` is for programs and never changes; `text` is for people, in whatever language they read,
    with `values` in it.
    """

    name: str
    state: str
    text: str | Promise = ""
    values: Mapping[str, object] = field(default_factory=dict)
    code: str = ""

    @property
    def detail(self) -> str:
        """The sentence, in the language of the moment."""
        return str(self.text) % self.values if self.values else str(self.text)


def sign_of_life(name: str, *, at: datetime, late: timedelta = LATE) -> Sign:
    """Return whether the process was heard of lately."""
    row = Heartbeat.objects.filter(pk=name).first()
    if row is None:
        return Sign(name, "degraded", _("Not heard of yet."), code="never_seen")
    age = at - row.beat_at
    is_fresh = age <= late
    values = {"seconds": int(age.total_seconds())}
    text = _("Heard of %(seconds)s s ago.")
    return Sign(name, "ok" if is_fresh else "degraded", text, values, "" if is_fresh else "silent")
