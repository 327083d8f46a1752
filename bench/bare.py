"""The yardstick: a Django view that reads one row by its key and answers with JSON."""

from django.http import HttpRequest, JsonResponse
from django.urls import path

from org.models import Unit


def bare(_request: HttpRequest, pk: int) -> JsonResponse:
    """Answer with one unit; no session, no middleware, no permission."""
    return JsonResponse(Unit.objects.values("id", "name", "code").get(pk=pk))


urlpatterns = [path("bare/<int:pk>/", bare)]
