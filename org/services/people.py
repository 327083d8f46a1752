"""Logins, their states, preferences, and what a licensed profession adds."""

from collections.abc import Mapping
from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from audit.services import Action, changes, record
from core.errors import Invalid, ServiceError, VersionConflict
from core.states import Machine, move, state_change_record
from org.models import AccountKey, Practitioner, User
from org.rules import is_username, username_plain
from org.selectors import is_service_account
from org.services.sessions import sessions_end
from org.services.tokens import tokens_end
from org.states import ACCOUNT_STEPS, AccountState

ACCOUNT = Machine(column="state", table=ACCOUNT_STEPS, words=AccountState)
_FIELDS = ("family_name", "given_name", "title", "email", "staff_number", "language")
_PROFESSION = ("profession", "specialty", "licence_number", "licence_issuer", "licence_until_on")
_PREFERENCES: dict[str, set[object]] = {
    "theme": {"light", "dark", "contrast", "auto"},
    "density": {"compact", "standard", "comfortable"},
    "single_keys": {True, False},
}


class UsernameTaken(ServiceError):
    """Another login has this name."""

    code = "username_taken"
    message = _("Another person already has this user name.")


class StaffNumberTaken(ServiceError):
    """Another login has this staff number."""

    code = "staff_number_taken"
    message = _("Another person already has this staff number.")


def _taken(error: IntegrityError) -> ServiceError:
    if "user_staff_number" in str(error):
        return StaffNumberTaken(field="staff_number")
    return UsernameTaken(field="username")


@transaction.atomic
def person_create(
    *,
    username: str,
    family_name: str,
    given_name: str = "",
    by: int | None,
    at: datetime,
    is_demo: bool = False,
    **rest: str,
) -> User:
    """A login exists, invited and without a password: it opens nothing until one is set.

    `rest` may hold title, email, staff_number, language. Raises UsernameTaken, StaffNumberTaken,
    Invalid.
    """
    names = {"family_name": family_name, "given_name": given_name, **rest}
    return person_insert(username, names=names, by=by, at=at, is_demo=is_demo)


def person_insert(
    username: str,
    *,
    names: Mapping[str, str],
    by: int | None,
    at: datetime,
    is_demo: bool = False,
) -> User:
    """As `person_create`, in a transaction that the caller has opened."""
    plain = username_plain(username)
    if not is_username(plain):
        raise Invalid(
            _("A user name has 1 to 64 letters a to z, digits, dots, hyphens, underscores or @."),
            field="username",
        )
    if set(names) - set(_FIELDS):
        raise Invalid(field=sorted(set(names) - set(_FIELDS))[0])
    user = User(username=plain, is_demo=is_demo, **names)
    user.set_unusable_password()
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        raise _taken(error) from error
    state_change_record(user, "", AccountState.INVITED, by=by, at=at)
    record(
        "person_create",
        action=Action.CREATE,
        at=at,
        by=by,
        subject=user,
        after={"username": plain, **names},
    )
    return user


def _locked(user: User, version: int | None) -> User:
    row = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if version is not None and row.version != version:
        raise VersionConflict(current=row.version)
    return row


@transaction.atomic
def person_update(
    user: User, *, values: Mapping[str, object], version: int | None, by: int, at: datetime
) -> User:
    """The person's names, e-mail, staff number or language are as given.

    Links sent to an older address open nothing. Raises VersionConflict, StaffNumberTaken, Invalid.
    """
    if set(values) - set(_FIELDS):
        raise Invalid(field=sorted(set(values) - set(_FIELDS))[0])
    row = _locked(user, version)
    before, after = changes({name: getattr(row, name) for name in _FIELDS}, values)
    if not after:
        return row
    for name, value in after.items():
        setattr(row, name, value)
    row.version += 1
    if "email" in after:
        links_end(row)
    try:
        with transaction.atomic():
            row.save(update_fields=[*after, "version"])
    except IntegrityError as error:
        raise _taken(error) from error
    record(
        "person_update",
        action=Action.UPDATE,
        at=at,
        by=by,
        subject=row,
        before=before,
        after=after,
    )
    return row


@transaction.atomic
def practitioner_save(
    user: User,
    *,
    values: Mapping[str, object],
    by: int,
    at: datetime,
    version: int | None = None,
) -> Practitioner:
    """The licensed profession of the person is as given.

    Raises Invalid, VersionConflict (0 = none was entered before).
    """
    _locked(user, None)
    row = Practitioner.objects.filter(user=user).first() or Practitioner(user=user)
    current = row.version if row.pk else 0
    if version is not None and version != current:
        raise VersionConflict(current=current)
    return practitioner_write(row, values=values, by=by, at=at)


def practitioner_write(
    row: Practitioner, *, values: Mapping[str, object], by: int, at: datetime
) -> Practitioner:
    """The profession, whose person the caller has locked, is as given. Raises Invalid."""
    if set(values) - set(_PROFESSION) or not values.get("profession"):
        raise Invalid(_("Name the profession."), field="profession")
    before, after = changes({name: getattr(row, name) for name in _PROFESSION}, values)
    is_new = row.pk is None
    for name, value in after.items():
        setattr(row, name, value)
    row.version = 1 if is_new else row.version + 1
    row.save()
    record(
        "practitioner_save",
        action=Action.CREATE if is_new else Action.UPDATE,
        at=at,
        by=by,
        subject=row,
        before=before,
        after=after,
    )
    return row


@transaction.atomic
def password_set(user: User, *, password: str, by: int | None, at: datetime) -> User:
    """The person signs in with `password` from now on; an invited account becomes active.

    Raises Invalid with the first rule that the password breaks.
    """
    row = _locked(user, None)
    if is_service_account(row):
        raise Invalid(_("This login belongs to a system: nobody signs in with it."))
    tokens_end(row, by=by, at=at, reason="password set")
    try:
        validate_password(password, row)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), field="password") from error
    row.set_password(password)
    row.version += 1
    row.save(update_fields=["password", "version"])
    record("password_set", action=Action.UPDATE, at=at, by=by, subject=row)
    if row.state == AccountState.INVITED:
        row = account_activate(row, by=by, at=at, reason="first password")
    return row


def links_end(user: User) -> None:
    """No link that was sent to the person sets a password any more."""
    AccountKey.objects.filter(user=user, used_at=None).delete()


def _account_move(
    user: User, to: str, act: str, *, by: int | None, at: datetime, reason: str
) -> User:
    row = _locked(user, None)
    before = row.state
    move(row, to, machine=ACCOUNT, by=by, at=at, reason=reason)
    row.version += 1
    row.save(update_fields=["version"])
    links_end(row)
    record(
        act,
        action=Action.UPDATE,
        at=at,
        by=by,
        subject=row,
        reason=reason,
        before={"state": before},
        after={"state": to},
    )
    return row


@transaction.atomic
def account_activate(user: User, *, by: int | None, at: datetime, reason: str) -> User:
    """The login may be used. Raises TransitionRefused."""
    return _account_move(user, AccountState.ACTIVE, "account_activate", by=by, at=at, reason=reason)


@transaction.atomic
def account_suspend(user: User, *, by: int, at: datetime, reason: str) -> User:
    """The login opens nothing from now on, and its sessions end.

    Raises TransitionRefused, Invalid for oneself.
    """
    if user.pk == by:
        raise Invalid(_("You cannot suspend your own login."))
    row = _account_move(
        user, AccountState.SUSPENDED, "account_suspend", by=by, at=at, reason=reason
    )
    sessions_end(row, by=by, at=at, reason=reason)
    return row


@transaction.atomic
def account_leave(user: User, *, by: int, at: datetime, reason: str) -> User:
    """The person has left and is signed out everywhere.

    Raises TransitionRefused, Invalid for oneself.
    """
    if user.pk == by:
        raise Invalid(_("You cannot end your own employment here."))
    row = _account_move(user, AccountState.LEFT, "account_leave", by=by, at=at, reason=reason)
    sessions_end(row, by=by, at=at, reason=reason)
    return row


@transaction.atomic
def preferences_set(user: User, *, values: Mapping[str, object], at: datetime) -> User:
    """Theme, density, single-letter keys or language of the person are as given. Raises Invalid."""
    row = _locked(user, None)
    for name, value in values.items():
        if name != "language" and value not in _PREFERENCES.get(name, set()):
            raise Invalid(field=name)
        setattr(row, name, value)
    row.save(update_fields=[*values])
    record(
        "preferences_set", action=Action.UPDATE, at=at, by=row.pk, subject=row, after=dict(values)
    )
    return row
