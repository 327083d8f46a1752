"""API of papers and of the photo."""

import base64
import binascii
from typing import TYPE_CHECKING, Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core import clock
from core.api import StrictSerializer, idempotent, parsed
from core.doors import requires
from core.errors import Denied, NotFound
from core.uploads import UploadRefused, read_paper, read_photo
from org import gate
from org.api.records import held
from org.api.serializers import CleanCharField, DayField
from patients import behind, selectors, services
from patients.api.serializers import NAME, REASON
from patients.forms import plain_name
from patients.permissions import Perm, document_kinds_read
from patients.states import DocumentKind, DocumentState

if TYPE_CHECKING:
    from patients.models import Document, Patient

MODULE = behind.MODULE
ADD_DESK, PHOTO_DESK = behind.desk(Perm.ADD_DOCUMENTS), behind.desk(Perm.PHOTO)
# A body of JSON may have 2.5 MB (settings); base64 makes four bytes of three.
MOST_TEXT = 2_500_000


def _text(limit: int) -> CleanCharField:
    return CleanCharField(max_length=limit, required=False, allow_blank=True)


class DocumentIn(StrictSerializer):
    """A PDF, JPEG or PNG as base64, up to 1.8 MB; larger ones go through the page."""

    content = serializers.CharField(max_length=MOST_TEXT)
    kind = serializers.ChoiceField(choices=DocumentKind.choices)
    title = _text(NAME)
    written_on = DayField(required=False)
    author = _text(NAME)
    encounter = serializers.UUIDField(required=False)
    file_name = _text(NAME)
    note = _text(REASON)


class PhotoIn(StrictSerializer):
    """A JPEG or PNG as base64; it is cut square."""

    content = serializers.CharField(max_length=MOST_TEXT)


class VoidIn(StrictSerializer):
    """Why it does not belong in the record."""

    reason = CleanCharField(max_length=REASON)


class DocumentOut(serializers.Serializer[Any]):
    """A paper; its hash is of what is kept, `sent_sha256` of what was sent."""

    public_id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=DocumentKind.choices)
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=DocumentState.choices)
    written_on = serializers.DateField(allow_null=True)
    author = serializers.CharField()
    encounter = serializers.UUIDField(allow_null=True)
    media_type = serializers.CharField()
    size = serializers.IntegerField()
    page_count = serializers.IntegerField()
    sha256 = serializers.CharField()
    sent_sha256 = serializers.CharField()
    note = serializers.CharField()
    added_at = serializers.DateTimeField()
    end_reason = serializers.CharField()


class DocumentsOut(serializers.Serializer[Any]):
    """The papers of the kinds that the caller reads, the newest first."""

    items = DocumentOut(many=True)


class PhotoOut(serializers.Serializer[Any]):
    """The photo that counts, or null."""

    public_id = serializers.UUIDField(allow_null=True)
    taken_at = serializers.DateTimeField(allow_null=True)


_PLAIN = (
    "public_id",
    "kind",
    "title",
    "state",
    "written_on",
    "author",
    "encounter",
    "media_type",
    "size",
    "page_count",
    "sha256",
    "sent_sha256",
    "note",
    "end_reason",
)


def _json(row: "Document") -> dict[str, Any]:
    return {name: getattr(row, name) for name in _PLAIN} | {"added_at": row.occurred_at}


def _all(request: Request, patient: "Patient") -> Response:
    rows = selectors.documents_of(patient, grants=held(request))
    return Response({"items": [_json(row) for row in rows]})


def _load(request: Request, public_id: UUID) -> "Patient":
    return behind.load(request._request, public_id)


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UploadRefused("damaged", field="content") from error


class DocumentsView(APIView):
    """The papers of a patient."""

    @extend_schema(operation_id="patient_document_list", responses={200: DocumentsOut})
    @requires(Perm.SEE_DOCUMENTS, module=None)
    def get(self, request: Request, public_id: UUID) -> Response:
        """Return the papers of the kinds that the caller reads."""
        return _all(request, _load(request, public_id))

    @extend_schema(
        operation_id="patient_document_add", request=DocumentIn, responses={200: DocumentsOut}
    )
    @requires(Perm.ADD_DOCUMENTS, module=MODULE, methods=("POST",), unit=ADD_DESK)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Add a paper."""
        patient = _load(request, public_id)

        def act() -> Response:
            values = parsed(DocumentIn, request)
            if values["kind"] not in document_kinds_read(held(request)):
                raise Denied(field="kind")
            name = plain_name(values.pop("file_name", ""))
            paper = read_paper(_bytes(values.pop("content")), name=name)
            services.document_add(
                patient,
                paper=paper,
                file_name=name,
                **values,
                by=gate.person(request).pk,
                at=clock.now(),
            )
            return _all(request, patient)

        return idempotent(request, act)


class DocumentVoidView(APIView):
    """A paper that does not belong here."""

    @extend_schema(
        operation_id="patient_document_void", request=VoidIn, responses={200: DocumentsOut}
    )
    @requires(Perm.ADD_DOCUMENTS, module=MODULE, methods=("POST",), unit=ADD_DESK)
    def post(self, request: Request, public_id: UUID, document_id: UUID) -> Response:
        """Mark the paper as added in error."""
        patient = _load(request, public_id)
        row = selectors.document_get(patient, document_id, grants=held(request))
        if row is None:
            raise NotFound()

        def act() -> Response:
            values = parsed(VoidIn, request)
            services.document_void(row, **values, by=gate.person(request).pk, at=clock.now())
            return _all(request, patient)

        return idempotent(request, act)


def _photo(patient: "Patient") -> Response:
    row = selectors.photo_of(patient)
    return Response(
        {
            "public_id": row.public_id if row else None,
            "taken_at": row.occurred_at if row else None,
        }
    )


class PhotoView(APIView):
    """The photo of a patient."""

    @extend_schema(operation_id="patient_photo_set", request=PhotoIn, responses={200: PhotoOut})
    @requires(Perm.PHOTO, module=MODULE, methods=("POST",), unit=PHOTO_DESK)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Set the photo; an earlier one stays in the record."""
        patient = _load(request, public_id)

        def act() -> Response:
            pictures = read_photo(_bytes(parsed(PhotoIn, request)["content"]))
            services.photo_set(
                patient, pictures=pictures, by=gate.person(request).pk, at=clock.now()
            )
            return _photo(patient)

        return idempotent(request, act)


class PhotoRemoveView(APIView):
    """Taking the photo out."""

    @extend_schema(operation_id="patient_photo_remove", request=VoidIn, responses={200: PhotoOut})
    @requires(Perm.PHOTO, module=MODULE, methods=("POST",), unit=PHOTO_DESK)
    def post(self, request: Request, public_id: UUID) -> Response:
        """Show no photo any more."""
        patient = _load(request, public_id)

        def act() -> Response:
            values = parsed(VoidIn, request)
            services.photo_remove(patient, **values, by=gate.person(request).pk, at=clock.now())
            return _photo(patient)

        return idempotent(request, act)
