"""Every route of the REST API, version 1."""

from django.urls import include, path

app_name = "api"
urlpatterns = [
    path("org/", include("org.api.urls")),
    path("audit/", include("audit.api.urls")),
]
