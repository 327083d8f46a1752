"""The decision at every door: permission, unit scope, activation level."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from core import clock, mode
from core.doors import SAFE, Knock, Public, SignedIn, SignInNeeded
from core.errors import Denied, NotFound, ServiceError
from org import selectors
from org.models import User
from org.permissions import NOBODY, Grants, grants_of, reach_everywhere
from org.rules import PROFILE, scope_permissions, scopes_with, write_refusal
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


def person(request: Any) -> User:
    """Return the signed-in person behind the request. Raises SignInNeeded for nobody."""
    user = request.user
    if not isinstance(user, User):
        raise SignInNeeded()
    return user


def decide(knock: Knock) -> None:
    """Let the knock pass, or raise SignInNeeded, Denied, NotFound, ReadOnly or what the level says.

    A right that is held elsewhere but not in the record's unit answers as if nothing were there
    (SEC-Z8).
    """
    _permit(knock)
    if knock.method in SAFE:
        return
    if not knock.door.always:
        mode.check()
    if knock.door.module is not None and not isinstance(knock.door.who, Public | SignedIn):
        check_level(knock)


def _permit(knock: Knock) -> None:
    who = knock.door.who
    if getattr(knock.request, "token_refused", False):
        raise TokenRefused()
    if isinstance(who, Public):
        return
    if not knock.request.user.is_authenticated:
        raise SignInNeeded()
    check_scope(knock)
    if isinstance(who, SignedIn):
        return
    held = grants(knock.request)
    if not held.has(str(who)):
        raise Denied()
    if knock.unit_id is not None and not held.has(str(who), knock.unit_id):
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
