"""Errors that services raise by name, and the stable codes that every door answers with."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


class ServiceError(Exception):
    """A refusal with a stable `code`, an HTTP status and a sentence a person can act on."""

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409
    message: ClassVar[Text] = _("This cannot be done now.")

    def __init__(self, message: Text = "", *, field: str = "", **extra: Any) -> None:
        self.detail: Text = message or self.message
        self.field = field
        self.extra = extra
        super().__init__(self.code)

    def __str__(self) -> str:
        return str(self.detail)


class Invalid(ServiceError):
    """An argument breaks a rule; `field` names it."""

    code = "invalid"
    status = 422
    message = _("This value cannot be used.")


class NotFound(ServiceError):
    """There is no such thing, or the asker may not know of it."""

    code = "not_found"
    status = 404
    message = _("Nothing was found here.")


class Denied(ServiceError):
    """The asker is known and may not do this."""

    code = "permission_denied"
    status = 403
    message = _("Your role does not allow this.")


class VersionConflict(ServiceError):
    """Somebody else changed the row first; `current` is its version now."""

    code = "version_conflict"
    status = 412
    message = _("Somebody else changed this in the meantime. Load it again and repeat your change.")


class TransitionRefused(ServiceError):
    """The state table has no such step; `allowed` lists the steps it has."""

    code = "illegal_transition"
    status = 409

    def __init__(
        self,
        from_state: str,
        to_state: str,
        allowed: tuple[str, ...] = (),
        *,
        words: Mapping[str, Text] = MappingProxyType({}),
    ) -> None:
        """`words` says how people read each state; one without a word shows its code."""
        names = {
            "from": words.get(from_state, from_state),
            "to": words.get(to_state, to_state),
        }
        super().__init__(
            _("This cannot go from “%(from)s” to “%(to)s”.") % names, allowed=list(allowed)
        )
        self.from_state = from_state
        self.to_state = to_state


class IdempotencyMismatch(ServiceError):
    """The same Idempotency-Key came before with another body."""

    code = "idempotency_mismatch"
    status = 422
    message = _("This Idempotency-Key was used before for a different request.")


class Busy(ServiceError):
    """The same request is being worked on at this moment."""

    code = "in_progress"
    status = 409
    message = _("The same request is still being worked on. Ask again in a moment.")
