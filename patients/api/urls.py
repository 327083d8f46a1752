"""API routes of patients."""

from django.urls import path

from patients.api import (
    access,
    consents,
    details,
    documents,
    merging,
    papers,
    preregistration,
    safety,
    views,
)

urlpatterns = [
    path("", views.PatientsView.as_view(), name="patients"),
    path("matches", views.MatchesView.as_view(), name="patient-matches"),
    path("unknown", views.UnknownsView.as_view(), name="patient-unknowns"),
    path("restrictions", access.RestrictionsView.as_view(), name="restrictions"),
    path("restrictions/<uuid:public_id>/", access.RestrictionView.as_view(), name="restriction"),
    path("restrictions/<uuid:public_id>/lift", access.LiftView.as_view(), name="restriction-lift"),
    path("glasses", access.GlassesView.as_view(), name="glasses"),
    path("glasses/<uuid:public_id>/end", access.GlassEndView.as_view(), name="glass-end"),
    path("glasses/<uuid:public_id>/review", access.GlassReviewView.as_view(), name="glass-review"),
    path("<uuid:public_id>/papers", papers.PapersView.as_view(), name="patient-papers"),
    path("<uuid:public_id>/seen", access.SeenView.as_view(), name="patient-seen"),
    path(
        "preregistrations",
        preregistration.PreRegistrationsView.as_view(),
        name="preregistrations",
    ),
    path(
        "preregistrations/<uuid:public_id>/",
        preregistration.PreRegistrationView.as_view(),
        name="preregistration",
    ),
    path(
        "preregistrations/<uuid:public_id>/link",
        preregistration.PreRegistrationLinkView.as_view(),
        name="preregistration-link",
    ),
    path(
        "preregistrations/<uuid:public_id>/register",
        preregistration.PreRegistrationRegisterView.as_view(),
        name="preregistration-register",
    ),
    path(
        "preregistrations/<uuid:public_id>/match",
        preregistration.PreRegistrationMatchView.as_view(),
        name="preregistration-match",
    ),
    path(
        "preregistrations/<uuid:public_id>/reject",
        preregistration.PreRegistrationRejectView.as_view(),
        name="preregistration-reject",
    ),
    path("duplicates", merging.DuplicatesView.as_view(), name="duplicates"),
    path("duplicates/<uuid:public_id>/", merging.DuplicateView.as_view(), name="duplicate"),
    path(
        "duplicates/<uuid:public_id>/dismiss",
        merging.DismissView.as_view(),
        name="duplicate-dismiss",
    ),
    path("merges", merging.MergesView.as_view(), name="merges"),
    path("merges/<uuid:public_id>/", merging.MergeView.as_view(), name="merge"),
    path("merges/<uuid:public_id>/review", merging.ReviewView.as_view(), name="merge-review"),
    path("merges/<uuid:public_id>/reject", merging.RejectView.as_view(), name="merge-reject"),
    path("merges/<uuid:public_id>/execute", merging.ExecuteView.as_view(), name="merge-execute"),
    path("merges/<uuid:public_id>/reverse", merging.ReverseView.as_view(), name="merge-reverse"),
    path("<uuid:public_id>/", views.PatientView.as_view(), name="patient"),
    path("<uuid:public_id>/newborns", views.NewbornsView.as_view(), name="patient-newborns"),
    path("<uuid:public_id>/verify", views.VerifyView.as_view(), name="patient-verify"),
    path("<uuid:public_id>/death", views.DeathView.as_view(), name="patient-death"),
    path("<uuid:public_id>/contacts", views.ContactsView.as_view(), name="patient-contacts"),
    path("<uuid:public_id>/numbers", views.IdentifiersView.as_view(), name="patient-numbers"),
    path("<uuid:public_id>/documents", documents.DocumentsView.as_view(), name="patient-documents"),
    path(
        "<uuid:public_id>/documents/<uuid:document_id>/void",
        documents.DocumentVoidView.as_view(),
        name="patient-document-void",
    ),
    path("<uuid:public_id>/photo", documents.PhotoView.as_view(), name="patient-photo"),
    path(
        "<uuid:public_id>/photo/remove",
        documents.PhotoRemoveView.as_view(),
        name="patient-photo-remove",
    ),
    path("<uuid:public_id>/consents", consents.ConsentsView.as_view(), name="patient-consents"),
    path(
        "<uuid:public_id>/consents/<uuid:consent_id>/",
        consents.ConsentView.as_view(),
        name="patient-consent",
    ),
    path("<uuid:public_id>/allergies", safety.AllergiesView.as_view(), name="patient-allergies"),
    path(
        "<uuid:public_id>/allergies/<uuid:allergy_id>/",
        safety.AllergyView.as_view(),
        name="patient-allergy",
    ),
    path(
        "<uuid:public_id>/allergies/<uuid:allergy_id>/reactions",
        safety.ReactionsView.as_view(),
        name="patient-reactions",
    ),
    path("<uuid:public_id>/none-known", safety.NoneKnownView.as_view(), name="patient-none-known"),
    path(
        "<uuid:public_id>/none-known/<uuid:statement_id>/end",
        safety.NoneKnownEndView.as_view(),
        name="patient-none-known-end",
    ),
    path("<uuid:public_id>/flags", safety.FlagsView.as_view(), name="patient-flags"),
    path(
        "<uuid:public_id>/flags/<uuid:flag_id>/end",
        safety.FlagEndView.as_view(),
        name="patient-flag-end",
    ),
    path(
        "<uuid:public_id>/contacts/<uuid:contact_id>/end",
        details.ContactEndView.as_view(),
        name="patient-contact-end",
    ),
    path(
        "<uuid:public_id>/numbers/<uuid:identifier_id>/end",
        details.IdentifierEndView.as_view(),
        name="patient-number-end",
    ),
    path(
        "<uuid:public_id>/care-notes",
        details.CareNotesView.as_view(),
        name="patient-care-notes",
    ),
]
