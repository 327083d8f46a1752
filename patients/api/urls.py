"""API routes of patients."""

from django.urls import path

from patients.api import views

urlpatterns = [
    path("", views.PatientsView.as_view(), name="patients"),
    path("matches", views.MatchesView.as_view(), name="patient-matches"),
    path("unknown", views.UnknownsView.as_view(), name="patient-unknowns"),
    path("<uuid:public_id>/", views.PatientView.as_view(), name="patient"),
    path("<uuid:public_id>/newborns", views.NewbornsView.as_view(), name="patient-newborns"),
    path("<uuid:public_id>/verify", views.VerifyView.as_view(), name="patient-verify"),
    path("<uuid:public_id>/death", views.DeathView.as_view(), name="patient-death"),
    path("<uuid:public_id>/contacts", views.ContactsView.as_view(), name="patient-contacts"),
    path("<uuid:public_id>/numbers", views.IdentifiersView.as_view(), name="patient-numbers"),
]
