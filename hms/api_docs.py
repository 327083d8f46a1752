"""The schema of the REST API, for programs and for people."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views import View
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.doors import Public, requires
from core.html import render

_WHY = "the schema names doors and fields, nothing of the hospital"


class SchemaView(APIView):
    """OpenAPI 3.1 of every route; not part of itself."""

    renderer_classes = [OpenApiYamlRenderer, OpenApiJsonRenderer]
    schema = None

    @requires(Public(_WHY), module=None)
    def get(self, request: Request) -> Response:
        """Return the schema as YAML, or JSON by ?format=json."""
        return Response(SchemaGenerator().get_schema(request=None, public=True))


def operations() -> list[dict[str, Any]]:
    """Return every operation of the schema in a flat list."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    return [
        {"path": path, "method": method.upper(), **operation}
        for path, item in schema["paths"].items()
        for method, operation in item.items()
    ]


class ApiDocsView(View):
    """The same schema as a page that reads and prints without scripts."""

    @requires(Public(_WHY), module=None)
    def get(self, request: HttpRequest) -> HttpResponse:
        """Show every operation with its parameters and answers."""
        return render(request, "hms/api_docs.html", {"operations": operations()})
