"""The decision at every door: permission, unit scope, activation level."""

from datetime import UTC, datetime, timedelta
from typing import Any

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from core import clock, mode
from core.doors import SAFE, Knock, Public, SignedIn, SignInNeeded
from core.errors import Denied, NotFound, ServiceError
from org import selectors
from org.models import User
from org.permissions import NOBODY, Grants, grants_of, reach_everywhere
from org.rules import (
    PROFILE,
    Watch,
    scope_permissions,
    scopes_with,
    screen_watch,
    write_refusal,
)
from org.states import Level


class ModuleOff(ServiceError):
    """The module does not run in the unit of this record."""

    code = "module_off"
    status = 403
    message = _("This module is not switched on in this unit.")


class ModuleTraining(ServiceError):
    """The module is for training in this unit."""

    code = "module_training"
    status = 403
    message = _("This module is in training in this unit: use the training unit.")


class ModuleReadOnly(ServiceError):
    """The module takes nothing new in this unit."""

    code = "module_read_only"
    status = 423
    message = _("This module is read-only in this unit: use the paper pack.")


class TokenRefused(SignInNeeded):
    """A token was sent that is unknown, expired or ended; the session beside it does not count."""

    code = "invalid_token"
    message = _("This token is not valid, or no longer.")
    challenge = 'Bearer realm="api", error="invalid_token"'


class InsufficientScope(Denied):
    """The person could, but allowed the client something else; `scopes` names what would do."""

    code = "insufficient_scope"
    message = _("This app was not allowed to do that.")

    def __init__(self, *scopes: str) -> None:
        super().__init__(scopes=list(scopes))
        self.challenge = (
            f'Bearer realm="api", error="insufficient_scope", scope="{" ".join(scopes)}"'
        )


class SessionLocked(ServiceError):
    """The screen is locked: the session opens nothing but its unlocking and signing out."""

    code = "session_locked"
    status = 401
    message = _("This screen is locked. Unlock it and send your request again.")


class SecondFactorNeeded(ServiceError):
    """The roles of this person ask for a second factor, and none is set up."""

    code = "second_factor_needed"
    status = 403
    message = _("Set up a second factor first: a code of an app, or a passkey.")


class StepUpNeeded(ServiceError):
    """The door wants to know again who it is, and that was not asked lately."""

    code = "reauthentication_needed"
    status = 403
    message = _("Confirm first that it is you: sign-in was more than 10 minutes ago.")


_REFUSALS: dict[str, type[ServiceError]] = {
    error.code: error for error in (ModuleOff, ModuleTraining, ModuleReadOnly)
}


def grants(request: Any) -> Grants:
    """Return what the person behind the request may do, asked once per request."""
    if not hasattr(request, "_grants"):
        user = request.user
        own = NOBODY
        if user.is_authenticated:
            own = grants_of(user, at=clock.now(), stand=_stand(request))
        token = getattr(request, "token", None)
        request._own_grants = own
        request._grants = own.within(scope_permissions(token.scopes)) if token else own
    found: Grants = request._grants
    return found


def _stand(request: Any) -> int | None:
    """The unit that the session stands in, if it says one: its name comes with the grants."""
    chosen = getattr(request, "session", {}).get("unit")
    return chosen if isinstance(chosen, int) else None


def reach(request: Any, permission: str) -> tuple[frozenset[int], bool]:
    """Return the units in which the permission is held, and whether that is the whole house.

    The rooms below this one ask it as `request.reach`.
    """
    held = grants(request)
    return held.unit_ids(permission), reach_everywhere(held, permission)


def holds(request: Any, permission: str) -> bool:
    """Say whether the permission is held anywhere; asked by lower rooms as `request.holds`."""
    return grants(request).has(permission)


def person(request: Any) -> User:
    """Return the signed-in person behind the request. Raises SignInNeeded for nobody."""
    user = request.user
    if not isinstance(user, User):
        raise SignInNeeded()
    return user


_UNWATCHED = Watch(is_locked=False, takes_pin=False, seconds_left=0.0)


def lock_times(request: Any) -> tuple[timedelta, timedelta]:
    """Return after how long the screen locks, and after how long its PIN is no longer enough."""
    limit = min(float(grants(request).idle_minutes), settings.IDLE_MINUTES_AT_MOST)
    return timedelta(minutes=min(settings.LOCK_MINUTES, limit)), timedelta(minutes=limit)


def watch(request: Any) -> Watch:
    """Return how the screen behind the request stands; a request with a token has none."""
    row = getattr(getattr(request, "session", None), "row", None)
    if row is None or row.user_id is None or not request.user.is_authenticated:
        return _UNWATCHED
    lock_after, idle_limit = lock_times(request)
    return screen_watch(
        now=clock.now(),
        seen_at=row.last_seen_at,
        locked_at=row.locked_at,
        lock_after=lock_after,
        idle_limit=idle_limit,
    )


def must_enrol(request: Any) -> bool:
    """Say whether a second factor is compulsory for the person and not set up (SEC-A3).

    Asked at every request: a role that came later asks for it as well.
    """
    held = grants(request)
    is_wanted = settings.SECOND_FACTOR_REQUIRED and held.needs_second_factor
    return is_wanted and not held.has_second_factor


def is_fresh(request: Any) -> bool:
    """Say whether the person signed in, or said again who they are, lately enough (SEC-A11).

    Somebody with a second factor must have used it. A token is as fresh as the sign-in behind it;
    one of a system has no person behind it and always is.
    """
    limit = timedelta(seconds=settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)
    token = getattr(request, "token", None)
    if token is not None:
        since = token.signed_in_at
        return token.kind == "system" or (since is not None and clock.now() - since <= limit)
    since = identified_at(request)
    return since is not None and clock.now() - since <= limit


def identified_at(request: Any) -> datetime | None:
    """Return when the person of this session said last who they are, with the factor that counts.

    None when that is not known.
    """
    needs_factor = grants(request).has_second_factor
    moments = [
        record["at"]
        for record in get_authentication_records(request, request.user)
        if record["method"] == "mfa" or not needs_factor
    ]
    return datetime.fromtimestamp(max(moments), UTC) if moments else None


def decide(knock: Knock) -> None:
    """Let the knock pass, or raise what stands in its way.

    SignInNeeded, SessionLocked, SecondFactorNeeded, Denied, NotFound, StepUpNeeded, ReadOnly, or
    what the level says.

    A right that is held elsewhere but not in the record's unit answers as if nothing were there
    (SEC-Z8).
    """
    _permit(knock)
    is_writing = knock.method not in SAFE
    if is_writing and not knock.door.always:
        mode.check()
    if isinstance(knock.door.who, Public):
        return
    if knock.door.fresh and not is_fresh(knock.request):
        raise StepUpNeeded()
    # A form is refused before somebody fills it in, not after.
    is_form = not knock.door.methods <= SAFE
    if (is_writing or is_form) and knock.door.module and not isinstance(knock.door.who, SignedIn):
        check_level(knock)


def _permit(knock: Knock) -> None:
    door = knock.door
    if getattr(knock.request, "token_refused", False):
        raise TokenRefused()
    if isinstance(door.who, Public):
        return
    _check_session(knock)
    if not isinstance(door.who, SignedIn):
        _check_permission(knock, str(door.who))


def _check_session(knock: Knock) -> None:
    if not knock.request.user.is_authenticated:
        raise SignInNeeded()
    check_scope(knock)
    if not knock.door.locked and watch(knock.request).is_locked:
        raise SessionLocked()
    if not knock.door.early and must_enrol(knock.request):
        raise SecondFactorNeeded()


def _check_permission(knock: Knock, permission: str) -> None:
    held = grants(knock.request)
    if not held.has(permission):
        raise Denied()
    if knock.unit_id is not None and not held.has(permission, knock.unit_id):
        raise NotFound()


def check_scope(knock: Knock) -> None:
    """Raise InsufficientScope when the person may open the door but their client may not.

    Doors for things of one's own need the scope `profile`.
    """
    token, who = getattr(knock.request, "token", None), knock.door.who
    if token is None:
        return
    if isinstance(who, SignedIn):
        if PROFILE not in token.scopes:
            raise InsufficientScope(PROFILE)
        return
    held = grants(knock.request)
    if not held.has(str(who)) and knock.request._own_grants.has(str(who)):
        raise InsufficientScope(*scopes_with(str(who)))


def check_level(knock: Knock) -> None:
    """Raise ModuleOff, ModuleTraining or ModuleReadOnly when the record's unit may not write."""
    unit_id = (
        knock.unit_id if knock.unit_id is not None else getattr(knock.request, "unit_id", None)
    )
    level, row = selectors.level_row(unit=unit_id, module=str(knock.door.module))
    draining = bool(row and row.drain_until and row.drain_until > clock.now())
    code = write_refusal(
        level,
        closing=knock.door.closing,
        observe=knock.door.observe,
        draining=draining,
        is_training_unit=level == Level.TRAINING and selectors.is_training_unit(unit_id),
    )
    if code:
        extra: dict[str, Any] = {}
        if row:
            extra = {"since": row.since.isoformat(), "reason": row.reason}
        if code == ModuleTraining.code:
            extra["training_unit"] = _training_unit(knock.request, unit_id)
        raise _REFUSALS[code](**extra)


def _training_unit(request: Any, unit_id: int | None) -> dict[str, Any] | None:
    """The site's training unit, one of the person's own first; None where there is none."""
    reach = grants(request).all_unit_ids()
    found = selectors.training_units(near=unit_id)
    unit = next((unit for unit in found if unit.pk in reach), found[0] if found else None)
    if unit is None:
        return None
    return {
        "public_id": str(unit.public_id),
        "name": unit.name,
        "may_enter": unit.pk in reach,
    }
