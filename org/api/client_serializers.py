"""What the API takes and gives for API clients and apps. Input and output are separate."""

from typing import Any

from rest_framework import serializers

from core.api import StrictSerializer
from org.api.serializers import CleanCharField, PageOut, ReasonIn, SessionOut
from org.rules import SCOPES
from org.services.clients import MOST_ADDRESSES
from org.states import ClientKind


class ClientChangeIn(StrictSerializer):
    """What changes about a client; fields left out stay, lists are given whole."""

    name = CleanCharField(max_length=80, required=False)
    purpose = CleanCharField(max_length=300, multiline=True, required=False)
    contact = CleanCharField(max_length=200, required=False, allow_blank=True)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=list(SCOPES)), max_length=len(SCOPES), required=False
    )
    addresses = serializers.ListField(
        child=CleanCharField(max_length=400),
        max_length=MOST_ADDRESSES,
        required=False,
        help_text="Where it may be sent back to, exactly; none for a system.",
    )


class ClientIn(ClientChangeIn):
    """A new client. A system gets a login of its own, without any role yet."""

    name = CleanCharField(max_length=80)
    purpose = CleanCharField(max_length=300, multiline=True)
    kind = serializers.ChoiceField(choices=ClientKind.choices)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=list(SCOPES)), max_length=len(SCOPES)
    )


class LoginOut(serializers.Serializer[Any]):
    """The login that a system acts with."""

    public_id = serializers.UUIDField()
    username = serializers.CharField()


class ClientOut(serializers.Serializer[Any]):
    """A client, without its secret, which is stored nowhere."""

    public_id = serializers.UUIDField()
    client_id = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=ClientKind.choices)
    purpose = serializers.CharField()
    contact = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    addresses = serializers.ListField(child=serializers.CharField())
    login = LoginOut(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    close_reason = serializers.CharField()
    version = serializers.IntegerField()


class ClientSecretOut(ClientOut):
    """A client with its secret, this once; empty for an app on a device."""

    client_secret = serializers.CharField()


class ClientPageOut(PageOut):
    """One page of clients."""

    items = ClientOut(many=True)


class AppOut(serializers.Serializer[Any]):
    """An app that may act for a person."""

    public_id = serializers.UUIDField()
    name = serializers.CharField()
    purpose = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    since = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(help_text="When it was last given a token.")


class EndingIn(ReasonIn):
    """What of a person's sessions ends, and why."""

    what = serializers.ChoiceField(
        choices=[("all", "Browsers and apps"), ("apps", "Only the apps")], required=False
    )


class PersonSessionsOut(serializers.Serializer[Any]):
    """Where a person is signed in, and which apps act for them."""

    sessions = SessionOut(many=True)
    apps = AppOut(many=True)
