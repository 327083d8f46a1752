"""Second factors: codes of an app, passkeys, recovery codes; how often one may be wrong."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.services import Action, Outcome, record
from core.errors import Invalid, NotFound, ServiceError
from core.limits import TooMany
from org.models import FactorTries, RecoveryCode, User
from org.rules import code_plain, is_app_code
from org.services.notices import notice_leave
from org.services.sessions import sessions_end
from org.services.vault import key_names, marks, opened, sealed
from org.states import NoticeKind

SEED = "totp seed"
RECOVERY = "recovery code"
APP, PASSKEY, RECOVERED = "totp", "webauthn", "recovery"
WRONG_CODES = 5
WRONG_WINDOW = timedelta(minutes=5)
CODES = 10
# Without letters and digits that look alike: 31 signs, so 12 of them are 59 bits.
_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP = 3, 4
PERIOD = 30


class CodeWrong(ServiceError):
    """No code of this person reads so now, or it was used before."""

    code = "code_wrong"
    message = _("This code is wrong or was used before.")


class LastFactor(ServiceError):
    """A second factor is compulsory for this person, and this is the only one."""

    code = "last_factor"
    status = 409
    message = _("This is your only second factor, and your role needs one. Add another first.")


class NoFactor(ServiceError):
    """There is nothing to take away."""

    code = "no_factor"
    status = 409
    message = _("This person has no second factor.")


@dataclass(frozen=True, slots=True)
class Checked:
    """What a typed code turned out to be: `kind` is "" when it opens nothing."""

    kind: str
    wait: int = 0


def seed_new() -> str:
    """Return a new seed of 160 bits as an app wants to read it, in base 32."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    return "".join(secrets.choice(alphabet) for _sign in range(32))


def _counter_of(seed: str, code: str, *, at: datetime) -> int | None:
    """The step of time whose code this is: the present one, one before or one after."""
    now = int(at.timestamp()) // PERIOD
    reach = settings.MFA_TOTP_TOLERANCE
    for counter in range(now - reach, now + reach + 1):
        if secrets.compare_digest(format_hotp_value(hotp_value(seed, counter)), code):
            return counter
    return None


def _app_code_use(user: User, code: str, *, at: datetime) -> bool:
    """The code of the app is right and newer than the last one that was used: each works once."""
    row = Authenticator.objects.select_for_update().filter(user=user, type=APP).first()
    if row is None or not is_app_code(code):
        return False
    seed = opened(row.data["secret"], purpose=SEED)
    counter = _counter_of(seed, code, at=at)
    if counter is None or counter <= row.data.get("counter", -1):
        return False
    row.data["counter"] = counter
    row.last_used_at = at
    row.save(update_fields=["data", "last_used_at"])
    return True


def _recovery_code_use(user: User, code: str, *, at: datetime) -> bool:
    """One row goes from unused to used; of many at once only one finds it unused."""
    rows = RecoveryCode.objects.filter(
        user=user, digest__in=marks(code, purpose=RECOVERY), used_at=None
    )
    if not rows.update(used_at=at):
        return False
    record("recovery_code_use", action=Action.EXECUTE, at=at, by=user.pk, subject=user)
    notice_leave(user, NoticeKind.CODE_USED, at=at)
    return True


def _tries(user: User, *, at: datetime) -> tuple[FactorTries, list[float]]:
    FactorTries.objects.get_or_create(user=user)
    row = FactorTries.objects.select_for_update().get(user=user)
    since = (at - WRONG_WINDOW).timestamp()
    return row, [moment for moment in row.wrong if moment > since]


@transaction.atomic
def code_check(user: User, *, code: str, at: datetime) -> Checked:
    """The code of an app, or a recovery code, is used up when it is right (SEC-A4).

    After five wrong ones in five minutes even the right one is refused; `wait` says how long.
    """
    row, wrong = _tries(user, at=at)
    if len(wrong) >= WRONG_CODES:
        wait = wrong[-WRONG_CODES] + WRONG_WINDOW.total_seconds() - at.timestamp()
        return Checked("", max(1, int(wait) + 1))
    plain = code_plain(code)
    kind = ""
    if _app_code_use(user, plain, at=at):
        kind = APP
    elif _recovery_code_use(user, plain, at=at):
        kind = RECOVERED
    row.wrong = [] if kind else [*wrong, at.timestamp()]
    row.save(update_fields=["wrong"])
    if not kind:
        _refusal_noted(user, reason="code", at=at)
    return Checked(kind)


def _refusal_noted(user: User, *, reason: str, at: datetime) -> None:
    record(
        "sign_in",
        action=Action.EXECUTE,
        at=at,
        by=user.pk,
        subject=user,
        outcome=Outcome.MINOR,
        reason=reason,
    )


def code_use(user: User, *, code: str, at: datetime) -> str:
    """As `code_check`; returns which kind of code it was. Raises CodeWrong, TooMany."""
    checked = code_check(user, code=code, at=at)
    if checked.wait:
        minutes = -(-checked.wait // 60)
        raise TooMany(
            _("Too many wrong codes. Try again in %(minutes)d min.") % {"minutes": minutes},
            wait=checked.wait,
        )
    if not checked.kind:
        raise CodeWrong(field="code")
    return checked.kind


def _added(user: User, row: Authenticator, *, at: datetime) -> Authenticator:
    record(
        "factor_add",
        action=Action.CREATE,
        at=at,
        by=user.pk,
        subject=user,
        after={"factor": row.type},
    )
    notice_leave(user, NoticeKind.FACTOR_ADDED, at=at)
    return row


@transaction.atomic
def app_add(user: User, *, seed: str, code: str, at: datetime) -> Authenticator:
    """The app that shows `code` for `seed` is the person's second factor.

    There is one app at most: another one replaces nothing. Raises CodeWrong, Invalid.
    """
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if Authenticator.objects.filter(user=user, type=APP).exists():
        raise Invalid(_("An app is set up already. Remove it first."))
    counter = _counter_of(seed, code_plain(code), at=at)
    if counter is None:
        raise CodeWrong(field="code")
    row = Authenticator(user=user, type=APP, created_at=at)
    row.data = {"secret": sealed(seed, purpose=SEED), "counter": counter}
    row.save()
    return _added(user, row, at=at)


@transaction.atomic
def passkey_add(
    user: User, *, name: str, credential: Mapping[str, object], at: datetime
) -> Authenticator:
    """The passkey, whose answer the caller has checked, is a second factor of the person."""
    row = Authenticator(user=user, type=PASSKEY, created_at=at)
    row.data = {"name": name, "credential": dict(credential)}
    row.save()
    return _added(user, row, at=at)


@transaction.atomic
def passkey_used(user: User, *, factor_id: int, at: datetime) -> None:
    """The list of factors says when the passkey was used."""
    Authenticator.objects.filter(user=user, pk=factor_id).update(last_used_at=at)


@transaction.atomic
def factor_remove(user: User, *, factor_id: int, is_compulsory: bool, at: datetime) -> None:
    """The factor opens nothing any more; without any factor recovery codes go as well.

    Raises NotFound, LastFactor when a role of the person needs one.
    """
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    rows = Authenticator.objects.filter(user=user, type__in=[APP, PASSKEY])
    row = rows.filter(pk=factor_id).first()
    if row is None:
        raise NotFound()
    others = rows.exclude(pk=row.pk).exists()
    if is_compulsory and not others:
        raise LastFactor()
    kind = row.type
    row.delete()
    if not others:
        RecoveryCode.objects.filter(user=user).delete()
    record(
        "factor_remove",
        action=Action.DELETE,
        at=at,
        by=user.pk,
        subject=user,
        before={"factor": kind},
    )
    notice_leave(user, NoticeKind.FACTOR_REMOVED, at=at)


@transaction.atomic
def factors_clear(user: User, *, reason: str, by: int, at: datetime) -> User:
    """A person who lost phone or key comes in with the password alone, and sets up a new factor.

    App, passkeys and recovery codes are gone, sessions end, the person is told. Raises NoFactor,
    and Invalid for oneself.
    """
    if user.pk == by:
        raise Invalid(_("Remove your own factors on your security page."))
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    rows = Authenticator.objects.filter(user=user, type__in=[APP, PASSKEY])
    kinds = sorted(rows.values_list("type", flat=True))
    if not kinds:
        raise NoFactor()
    rows.delete()
    RecoveryCode.objects.filter(user=user).delete()
    FactorTries.objects.filter(user=user).delete()
    record(
        "factors_clear",
        action=Action.DELETE,
        at=at,
        by=by,
        subject=user,
        reason=reason,
        before={"factors": kinds},
    )
    sessions_end(user, by=by, at=at, reason=reason)
    notice_leave(user, NoticeKind.FACTOR_REMOVED, at=at)
    return user


def recovery_keys() -> list[str]:
    """Return the names of the keys that recovery codes still match, the newest key's first.

    The empty one at the end is that of codes from before the name was noted.
    """
    return [*key_names(purpose=RECOVERY), ""]


def _recovery_code() -> str:
    groups = ("".join(secrets.choice(_SIGNS) for _sign in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


@transaction.atomic
def recovery_codes_make(user: User, *, at: datetime) -> list[str]:
    """The person has ten new recovery codes, which are returned this once; old ones are void."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    codes = [_recovery_code() for _number in range(CODES)]
    RecoveryCode.objects.filter(user=user).delete()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(
            user=user,
            digest=marks(code_plain(code), purpose=RECOVERY)[0],
            key_name=recovery_keys()[0],
            created_at=at,
        )
        for code in codes
    )
    record("recovery_codes_make", action=Action.CREATE, at=at, by=user.pk, subject=user)
    notice_leave(user, NoticeKind.CODES_MADE, at=at)
    return codes
