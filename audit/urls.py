"""Addresses of the trail."""

from django.urls import path

from audit.views import events, exports, history

app_name = "audit"
urlpatterns = [
    path("", events.events, name="events"),
    path("export/", exports.export, name="export"),
    path("history/", history.changes, name="history"),
    path("events/<uuid:public_id>/", events.event, name="event"),
]
