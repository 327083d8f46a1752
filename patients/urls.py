"""Addresses of patients."""

from django.urls import path

from patients.views import desk, record

app_name = "patients"
urlpatterns = [
    path("", desk.patients, name="patients"),
    path("new/", desk.patient_new, name="patient-new"),
    path("unknown/", desk.unknown_new, name="unknown-new"),
    path("<uuid:public_id>/", record.patient, name="patient"),
    path("<uuid:public_id>/edit/", record.patient_edit, name="patient-edit"),
    path("<uuid:public_id>/verify/", record.patient_verify, name="patient-verify"),
    path("<uuid:public_id>/death/", record.patient_death, name="patient-death"),
    path("<uuid:public_id>/newborn/", record.newborn_new, name="newborn-new"),
    path("<uuid:public_id>/care-notes/", record.care_notes, name="care-notes"),
    path("<uuid:public_id>/contacts/new/", record.contact_new, name="contact-new"),
    path(
        "<uuid:public_id>/contacts/<uuid:contact_id>/end/", record.contact_end, name="contact-end"
    ),
    path("<uuid:public_id>/numbers/new/", record.identifier_new, name="identifier-new"),
    path(
        "<uuid:public_id>/numbers/<uuid:identifier_id>/end/",
        record.identifier_end,
        name="identifier-end",
    ),
]
