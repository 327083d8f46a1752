"""API door of wristbands and labels."""

import base64
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core import clock
from core.api import StrictSerializer, idempotent, parsed
from core.doors import requires
from org import gate
from org.api.serializers import CleanCharField
from patients import behind, services
from patients.api.serializers import REASON
from patients.papers import mark, paper_of
from patients.permissions import Perm
from patients.rules.papers import MOST_COPIES
from patients.states import Paper


class PaperIn(StrictSerializer):
    """Which wristband or labels, how many, and why once more."""

    paper = serializers.ChoiceField(choices=Paper.choices)
    copies = serializers.IntegerField(min_value=1, max_value=MOST_COPIES, required=False)
    reason = CleanCharField(max_length=REASON, required=False)


class PaperOut(serializers.Serializer):
    """What was printed; `content` is the PDF in base64."""

    public_id = serializers.UUIDField()
    paper = serializers.CharField()
    number = serializers.IntegerField()
    copies = serializers.IntegerField()
    printed_at = serializers.DateTimeField()
    content = serializers.CharField()


class PapersView(APIView):
    """Wristbands and labels of a patient."""

    @extend_schema(operation_id="patient_paper_print", request=PaperIn, responses={201: PaperOut})
    @requires(Perm.PRINT, module=None, methods=("POST",))
    def post(self, request: Request, public_id: UUID) -> Response:
        """Return one more print, counted; the second wristband says that it is one."""
        found = behind.load(request._request, public_id)

        def act() -> Response:
            values = parsed(PaperIn, request)
            with transaction.atomic():
                made = services.paper_print(
                    found,
                    paper=values["paper"],
                    copies=values.get("copies", 1),
                    reason=values.get("reason", ""),
                    by=gate.person(request).pk,
                    at=clock.now(),
                )
                hospital = getattr(request._request, "house_name", "") or _("Hospital")
                paper = paper_of(found, made, hospital=hospital, mark=mark(), today=clock.today())
            body = {
                "public_id": made.public_id,
                "paper": made.paper,
                "number": made.number,
                "copies": made.copies,
                "printed_at": made.printed_at,
                "content": base64.b64encode(paper.pdf).decode(),
            }
            return Response(body, status=201)

        return idempotent(request, act)
