"""API routes of the trail."""

from django.urls import path

from audit.api import views

urlpatterns = [
    path("events/", views.EventsView.as_view(), name="audit-events"),
    path("events/export", views.ExportView.as_view(), name="audit-export"),
    path("events/<uuid:public_id>/", views.EventView.as_view(), name="audit-event"),
    path("history/", views.HistoryView.as_view(), name="audit-history"),
    path("disclosures/", views.DisclosuresView.as_view(), name="audit-disclosures"),
    path("seals/", views.SealsView.as_view(), name="audit-seals"),
]
