"""Sessions, keys, codes and notices of a login."""

import uuid

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from org.models.people import User
from org.states import (
    NoticeKind,
)


class LoginSession(AbstractBaseSession):
    """A browser in which somebody is, or was about to be, signed in: Django's session and its list.

    The row is the session itself (org/adapters/sessions.py): ending one is deleting its row.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+")
    started_at = models.DateTimeField(db_default=Now())
    last_seen_at = models.DateTimeField(db_default=Now())
    # From here on the session opens nothing but its own unlocking.
    locked_at = models.DateTimeField(null=True)
    pin_misses = models.PositiveSmallIntegerField(default=0, db_default=0)
    address = models.CharField(max_length=45, blank=True)
    agent = models.CharField(max_length=200, blank=True)

    class Meta(AbstractBaseSession.Meta):
        abstract = False
        indexes = [models.Index(fields=["user", "-last_seen_at"], name="loginsession_user")]
        default_permissions = ()

    @classmethod
    def get_session_store_class(cls) -> type:
        raise NotImplementedError("Sessions are made through org.adapters.sessions.SessionStore.")


class AccountKey(models.Model):
    """A link that lets one person choose a password once; only its digest is stored (SEC-A10)."""

    class Kind(models.TextChoices):
        INVITATION = "invitation", _("First password")
        RESET = "reset", _("Forgotten password")

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    by_user = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["invitation", "reset"]), name="accountkey_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=models.F("created_at")), name="accountkey_expires"
            ),
            models.UniqueConstraint(
                fields=["user"], condition=Q(used_at__isnull=True), name="accountkey_one_open"
            ),
        ]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.kind} {self.user_id}"


class _OfLogin(models.Model):
    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")

    class Meta:
        abstract = True
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self._meta.model_name} {self.user_id}"


class RecoveryCode(_OfLogin):
    """A way in for somebody whose phone and key are lost: works once, kept as digest (SEC-A4)."""

    digest = models.CharField(max_length=64)
    key_name = models.CharField(max_length=16, blank=True, default="", db_default="")
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta(_OfLogin.Meta):
        constraints = [
            models.UniqueConstraint(fields=["user", "digest"], name="recoverycode_user_digest")
        ]


class FactorTries(models.Model):
    """When one person's last wrong codes were typed; its row is locked while a code is checked."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="+")
    wrong = models.JSONField(default=list)  # seconds since 1970, oldest first

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.user_id}"


class AccountNotice(_OfLogin):
    """Something that happened to a login, for its owner to be told at the next sign-in."""

    kind = models.CharField(max_length=30, choices=NoticeKind)
    occurred_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)

    class Meta(_OfLogin.Meta):
        abstract = False
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=NoticeKind.values), name="accountnotice_kind_known"
            )
        ]
        indexes = [
            models.Index(
                fields=["user", "id"], condition=Q(told_at=None), name="accountnotice_untold"
            )
        ]


class KnownPlace(_OfLogin):
    """A browser at an address from which somebody has signed in, as a keyed digest of both."""

    mark = models.CharField(max_length=64)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta(_OfLogin.Meta):
        abstract = False
        constraints = [models.UniqueConstraint(fields=["user", "mark"], name="knownplace_once")]
