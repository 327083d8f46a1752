"""Programs that use the API."""

from django.db import models
from django.db.models import Q

from core.models import BaseModel, kept_history
from org.states import (
    ClientKind,
)


@kept_history("last_used_at")
class ApiClient(BaseModel):
    """What the house knows of an OAuth2 application: what for, which scopes, whether it is open."""

    application = models.OneToOneField(
        "oauth2_provider.Application", on_delete=models.PROTECT, related_name="+"
    )
    purpose = models.CharField(max_length=300)
    contact = models.CharField(max_length=200, blank=True, default="", db_default="")
    # Codes of the closed list in org.rules; what a token may do is this AND what its person may do.
    scopes = models.JSONField(default=list)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.BigIntegerField(null=True, blank=True)
    close_reason = models.CharField(max_length=300, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, close_reason="")
                | Q(closed_at__isnull=False) & ~Q(close_reason=""),
                name="apiclient_closed_has_reason",
            )
        ]
        default_permissions = ()
        permissions = [("view_clients", "See API clients"), ("manage_clients", "Edit API clients")]

    def __str__(self) -> str:
        return self.purpose

    @property
    def kind(self) -> str:
        """What sort of program it is, read from how it asks for tokens."""
        if self.application.authorization_grant_type == "client-credentials":
            return ClientKind.SYSTEM
        return ClientKind.APP if self.application.client_type == "public" else ClientKind.SERVER
