"""What allauth and axes ask of the house; the way of a password from the form to the session."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import (
    get_authentication_records,
    perform_password_login,
    record_authentication,
)
from allauth.account.internal.stagekit import clear_login
from allauth.account.models import Login
from allauth.account.stages import LoginStage, LoginStageController
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.stages import AuthenticateStage
from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib import auth, messages
from django.db import connection, transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from core import clock
from core.context import asker
from org import house, services
from org.models import User
from org.rules import username_plain
from org.selectors import is_service_account
from org.services import factors, vault

STAGE = "allauth.mfa.stages.AuthenticateStage"
WINDOW = timedelta(hours=settings.AXES_COOLOFF_TIME)
INVENTED_KEPT = 5_000
# Which password was shown, for the time until the second factor: the mark that sessions have.
SHOWN = "shown_password"


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a name and a password: a person, or until when the name is locked."""

    user: User | None = None
    locked_until: datetime | None = None


class AccountAdapter(DefaultAccountAdapter):
    """Nobody signs up by themselves; nothing is sent or shown but by us."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Say no: administrators invite people."""
        return False

    def get_login_stages(self) -> list[str]:
        """After the password there is one step: the second factor, for those who have one."""
        return [STAGE]

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """One page asks again who it is, in whichever way the person can answer."""
        url = reverse("account_reauthenticate")
        return [{"id": "reauthenticate", "description": "", "url": url}]

    def add_message(self, *_args: Any, **_kwargs: Any) -> None:
        """Say nothing: our own pages do."""

    def send_notification_mail(self, *_args: Any, **_kwargs: Any) -> None:
        """Send nothing: notices are facts of ours."""

    def pre_login(self, request: HttpRequest, user: User, **_kwargs: Any) -> HttpResponse | None:
        """Turn away a login closed between password and second factor, and that of a system."""
        if user.is_active and not is_service_account(user):
            return None
        clear_login(request)
        return HttpResponseRedirect(reverse("org:sign-in"))

    def post_login(
        self, request: HttpRequest, user: User, *, redirect_url: str | None = None, **_kwargs: Any
    ) -> HttpResponse:
        """The person is in: on the trail, told what happened to the login, on their way."""
        now = clock.now()
        how = "+".join(str(row.get("type") or row["method"]) for row in _records(request, user))
        services.sign_in_noted(user, at=now, reason=how)
        services.place_note(
            user, address=asker().address, agent=request.headers.get("User-Agent", ""), at=now
        )
        for notice in services.notices_tell(user, at=now):
            messages.warning(request, notice.get_kind_display())
        return HttpResponseRedirect(redirect_url or reverse("home"))


def _records(request: HttpRequest, user: User) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = get_authentication_records(request, user)
    return found


def again_noted(request: HttpRequest, user: User, *, kind: str) -> None:
    """The session remembers that the person was asked again, and how they answered."""
    if kind == "password":
        record_authentication(request, user, "password", reauthenticated=True)
    else:
        record_authentication(request, user, "mfa", type=kind, reauthenticated=True)


class FactorAdapter(DefaultMFAAdapter):
    """Second factors: seeds are sealed, names are ours."""

    def encrypt(self, text: str) -> str:
        """Return the seed sealed."""
        return vault.sealed(text, purpose=factors.SEED)

    def decrypt(self, encrypted_text: str) -> str:
        """Return the seed as the app knows it."""
        return vault.opened(encrypted_text, purpose=factors.SEED)

    def _get_user_identifier(self, user: User) -> str:
        return user.username

    def _get_site_name(self) -> str:
        home = house.current()
        return home.name if home else "Hospital"

    def get_public_key_credential_user_entity(self, user: User) -> dict[str, Any]:
        """Return what a device shows beside the passkey; the handle is allauth's."""
        found: dict[str, Any] = super().get_public_key_credential_user_entity(user)
        return {**found, "display_name": user.full_name}


def axes_username(request: HttpRequest | None, credentials: dict[str, Any] | None = None) -> str:
    """Return the one spelling of the tried name: ` BOB` and `bob` share a lock (SEC-A5)."""
    posted = request.POST.get("username", "") if request is not None else ""
    return username_plain(str((credentials or {}).get("username") or posted))[:64]


def axes_address(_request: HttpRequest) -> str:
    """Return the address our own proxy saw, never what the asker claims."""
    return asker().address


def lock_answer(_request: HttpRequest, original: HttpResponse, *_credentials: Any) -> HttpResponse:
    """Leave our own page as it is: it says until when the name is locked."""
    return original


class LockHandler(AxesDatabaseHandler):
    """Counts failures per name and address; keeps nothing of what was typed (SEC-U8)."""

    def user_login_failed(
        self, sender: Any, credentials: dict[str, Any], request: Any = None, **_kwargs: Any
    ) -> None:
        """One more failure of this name; refused tries do not count and so do not prolong."""
        if request is None or request.axes_locked_out:
            return
        name, now = axes_username(request, credentials), request.axes_attempt_time
        AccessAttempt.objects.filter(attempt_time__lte=now - WINDOW).delete()
        row, is_new = AccessAttempt.objects.get_or_create(
            username=name,
            ip_address=request.axes_ip_address or None,
            user_agent="",
            defaults={"failures_since_start": 1, "http_accept": "", "path_info": ""},
        )
        if not is_new:
            AccessAttempt.objects.filter(pk=row.pk).update(
                failures_since_start=F("failures_since_start") + 1, attempt_time=now
            )
        if is_new and row.pk % 64 == 0:
            invented_names_trim()
        if self.get_failures(request, credentials) >= settings.AXES_FAILURE_LIMIT:
            services.sign_in_locked(name, at=clock.now())


def invented_names_trim() -> None:
    """Names that nobody has fill only so much; the rows of real people are not touched."""
    names = User.objects.values("username")
    invented = AccessAttempt.objects.exclude(username__in=names).order_by("-attempt_time", "-pk")
    kept = list(invented.values_list("pk", flat=True)[:INVENTED_KEPT])
    if len(kept) == INVENTED_KEPT:
        invented.exclude(pk__in=kept).delete()


def password_try(request: HttpRequest, *, username: str, password: str) -> Tried:
    """Return who it is, or nobody; a locked name costs as much time as any other (SEC-A6).

    Tries of one name happen one after the other, so that a crowd has no more of them.
    """
    name = username_plain(username)[:64]
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(%s, 36))", [f"sign-in {name}"]
            )
        user = auth.authenticate(request, username=name, password=password)
        if isinstance(user, User):
            return Tried(user)
        until = services.locked_until(name, at=clock.now())
        if getattr(request, "axes_locked_out", False):
            User().set_password(password)
        reason = "locked" if getattr(request, "axes_locked_out", False) else "password"
        services.sign_in_noted(None, at=clock.now(), reason=reason, name=name)
        return Tried(locked_until=until)


@transaction.atomic
def sign_in(request: HttpRequest, user: User, *, target: str) -> HttpResponse:
    """The password was right: on to the second factor, or in; nobody is in without a row of it."""
    login = Login(user=user, redirect_url=target)
    answer: HttpResponse = perform_password_login(request, {"username": user.username}, login)
    if not request.user.is_authenticated:
        request.session[SHOWN] = user.get_session_auth_hash()
    return answer


def pending(request: HttpRequest) -> LoginStage | None:
    """Return the step at which somebody's second factor is waited for.

    A password that was changed since it was shown leads no further (SEC-A8).
    """
    if request.user.is_authenticated:
        return None
    stage: LoginStage | None = LoginStageController.enter(request, AuthenticateStage.key)
    shown = request.session.get(SHOWN, "")
    if stage and not constant_time_compare(shown, stage.login.user.get_session_auth_hash()):
        clear_login(request)
        return None
    return stage


@transaction.atomic
def factor_done(request: HttpRequest, stage: LoginStage, *, kind: str) -> HttpResponse:
    """The second factor was right: in."""
    record_authentication(request, stage.login.user, "mfa", type=kind)
    answer: HttpResponse = stage.exit()
    return answer
