"""Pieces that every room's API doors share: strict input, versions, repeats, pages."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core import idempotency
from core.errors import Invalid, ServiceError
from core.paging import Page, page, size_of
from core.retries import retried

MAX_NAMED = 20
PAGE_PARAMETERS = [
    OpenApiParameter("cursor", str, description="From `next` or `previous` of another page."),
    OpenApiParameter("size", int, description="Rows a page, 1 to 200; 50 when left out."),
]
IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    location=OpenApiParameter.HEADER,
    required=True,
    description="The version you read, in quotes, as the ETag gave it.",
)


class PreconditionNeeded(ServiceError):
    """A change must say which version it changes."""

    code = "precondition_required"
    status = 428
    message = _("Send If-Match with the version you read.")


class StrictSerializer(serializers.Serializer[Any]):
    """Takes exactly its own fields: others are refused by name, whatever they are (SEC-Z10)."""

    def to_internal_value(self, data: Any) -> Any:
        """Return clean values. Raises ValidationError naming each field that may not be set."""
        if isinstance(data, dict):
            takes = {name for name, field in self.fields.items() if not field.read_only}
            unknown = [str(name)[:80] for name in data if name not in takes]
            if unknown:
                del unknown[MAX_NAMED:]
                raise serializers.ValidationError(
                    {name: [_("This field cannot be set here.")] for name in unknown}
                )
        return super().to_internal_value(data)


def parsed(serializer: type[StrictSerializer], request: Request) -> dict[str, Any]:
    """Return the clean body. Raises ValidationError (422)."""
    checked = serializer(data=request.data)
    checked.is_valid(raise_exception=True)
    values: dict[str, Any] = checked.validated_data
    return values


def if_match(request: Request) -> int:
    """Return the version in If-Match. Raises PreconditionNeeded without it, Invalid if odd."""
    value = request.headers.get("If-Match", "").strip()
    if not value:
        raise PreconditionNeeded()
    digits = value.removeprefix("W/").strip('"')
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 9):
        raise Invalid(_("If-Match holds the version as a number in quotes."))
    return int(digits)


def with_etag(data: dict[str, Any], *, status: int = 200, location: str = "") -> Response:
    """Answer with one resource and its version as ETag."""
    headers = {"ETag": f'"{data["version"]}"'}
    if location:
        headers["Location"] = location
    return Response(data, status=status, headers=headers)


def page_of(request: Request, rows: QuerySet[Any], *, order: tuple[str, ...]) -> Page[Any]:
    """Return the page that `cursor` and `size` of the address ask for. Raises Invalid."""
    return page(
        rows,
        order=order,
        cursor=request.GET.get("cursor", ""),
        size=size_of(request.GET.get("size")),
    )


def paged(rows: Page[Any], render: Callable[[Any], dict[str, Any]]) -> Response:
    """Answer with one page: items, and cursors to the next and previous page ("" = none)."""
    return Response(
        {"items": [render(row) for row in rows.items], "next": rows.next, "previous": rows.previous}
    )


@dataclass(frozen=True, slots=True)
class Veil:
    """How an answer with a secret in it is kept for its repeat: never readable."""

    put_on: Callable[[str], str]
    take_off: Callable[[str], str]


_NO_VEIL = Veil(str, str)


def idempotent(request: Request, act: Callable[[], Response], *, veil: Veil = _NO_VEIL) -> Response:
    """Run `act` once per Idempotency-Key of this person; without a key just run it.

    `act` works on this database only: after a deadlock it runs again.
    """
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        return retried(act)
    raw = request._request
    fingerprint = idempotency.body_hash(
        raw.method or "", raw.path, orjson.dumps(request.data, option=orjson.OPT_SORT_KEYS)
    )

    def answer() -> idempotency.Answer:
        response = act()
        kept = {name: response[name] for name in ("ETag", "Location") if response.has_header(name)}
        body = orjson.dumps(response.data, default=str).decode()
        return idempotency.Answer(response.status_code, kept, veil.put_on(body))

    done = idempotency.once(
        user_id=int(str(request.user.pk)),
        key=key,
        door=raw.path,
        fingerprint=fingerprint,
        act=answer,
    )
    headers = {**done.headers, **({"Idempotent-Replay": "true"} if done.is_repeat else {})}
    body = orjson.loads(veil.take_off(done.body))
    return Response(body, status=done.status, headers=headers)
