"""Addresses of the trail."""

from django.urls import path

from audit.views import disclosures, events, exports, history, seals

app_name = "audit"
urlpatterns = [
    path("", events.events, name="events"),
    path("export/", exports.export, name="export"),
    path("events/<uuid:public_id>/", events.event, name="event"),
    path("history/", history.changes, name="history"),
    path("disclosures/", disclosures.disclosures, name="disclosures"),
    path("disclosures/file/", disclosures.disclosures_file, name="disclosures-file"),
    path("disclosures/new/", disclosures.disclosure_new, name="disclosure-new"),
    path("seals/", seals.overview, name="seals"),
    path("seals/check/", seals.verify_ask, name="verify-ask"),
    path("seals/acknowledge/", seals.break_acknowledge, name="break-acknowledge"),
]
