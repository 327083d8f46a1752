"""Tokens of clients: handed out, used up, ended. Only their hashes are stored (SEC-A10)."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from oauth2_provider.models import AccessToken, Grant, RefreshToken

from audit.services import Action, Outcome, record
from org.models import ApiClient, User

# Longer than any family lives: a refresh token that was used is known until then.
KEPT = timedelta(hours=25)
BATCH = 5_000


@transaction.atomic
def tokens_end(
    user: User, *, client: ApiClient | None = None, by: int | None, at: datetime, reason: str
) -> int:
    """No client, or not this one, acts for the person any more; returns how many tokens ended."""
    # The same lock as when a token is handed out: none slips through in between.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    mine = Q(user=user) | Q(user__isnull=True, application__user=user)
    app = Q(application_id=client.application_id) if client else Q()
    refresh = RefreshToken.objects.filter(app, user=user, revoked__isnull=True)
    ended: int = refresh.update(revoked=at, updated=at)
    ended += (
        AccessToken.objects.filter(mine & app).delete()[1].get("oauth2_provider.AccessToken", 0)
    )
    Grant.objects.filter(app, user=user).delete()
    if ended:
        record(
            "tokens_end",
            action=Action.DELETE,
            at=at,
            by=by,
            subject=user,
            reason=reason,
            after={"client": str(client.public_id) if client else "", "tokens": ended},
        )
    return ended


@transaction.atomic
def token_issue_noted(*, client: ApiClient, user: User, scopes: list[str], at: datetime) -> None:
    """It is on the trail that a client was given tokens to act for somebody."""
    record(
        "token_issue",
        action=Action.EXECUTE,
        at=at,
        by=user.pk,
        subject=client,
        after={"client": client.application.name, "scopes": scopes},
    )


@transaction.atomic
def app_answer_noted(
    *, client: ApiClient, user: User, scopes: list[str], is_allowed: bool, at: datetime
) -> None:
    """It is on the trail what the person answered a client that asked to act for them."""
    record(
        "app_allow" if is_allowed else "app_refuse",
        action=Action.EXECUTE,
        at=at,
        by=user.pk,
        subject=client,
        after={"client": client.application.name, "scopes": scopes},
    )


@transaction.atomic
def token_revoke_noted(*, client: ApiClient, user: User | None, at: datetime) -> None:
    """It is on the trail that a client gave a token of somebody back."""
    record(
        "token_revoke",
        action=Action.DELETE,
        at=at,
        by=user.pk if user else None,
        subject=client,
        after={"client": client.application.name},
    )


@transaction.atomic
def token_reuse_noted(*, client: ApiClient, user: User, at: datetime) -> None:
    """It is on the trail that a used code or refresh token came again, and ended its family."""
    record(
        "token_reuse",
        action=Action.EXECUTE,
        at=at,
        by=user.pk,
        subject=client,
        outcome=Outcome.SERIOUS,
    )


@transaction.atomic
def tokens_purge(*, at: datetime) -> int:
    """What can no longer be used, nor tell of misuse, is gone; returns how many rows."""
    old = at - KEPT
    gone = 0
    for rows in (
        Grant.objects.filter(created__lte=old),
        RefreshToken.objects.filter(created__lte=old),
        AccessToken.objects.filter(expires__lte=at, refresh_token__isnull=True),
    ):
        numbers = list(rows.values_list("pk", flat=True)[:BATCH])
        gone += rows.model.objects.filter(pk__in=numbers).delete()[0]
    return gone
