"""Addresses of patients."""

from django.urls import path

from patients.views import (
    changes,
    consents,
    desk,
    documents,
    glass,
    merging,
    papers,
    preregistration,
    record,
    restricting,
    safety,
    seen,
    welcome,
)

app_name = "patients"
urlpatterns = [
    path("", desk.patients, name="patients"),
    path("new/", desk.patient_new, name="patient-new"),
    path("unknown/", desk.unknown_new, name="unknown-new"),
    path("restricted/", restricting.restrictions, name="restrictions"),
    path("restricted/new/", restricting.restriction_new, name="restriction-new"),
    path(
        "restricted/<uuid:public_id>/edit/", restricting.restriction_edit, name="restriction-edit"
    ),
    path(
        "restricted/<uuid:public_id>/lift/", restricting.restriction_lift, name="restriction-lift"
    ),
    path("glass/", glass.glasses, name="glasses"),
    path("glass/new/", glass.glass_new, name="glass-new"),
    path("glass/<uuid:public_id>/", glass.glass, name="glass"),
    path("glass/<uuid:public_id>/end/", glass.glass_end, name="glass-end"),
    path("glass/<uuid:public_id>/review/", glass.glass_review, name="glass-review"),
    path("seen/", seen.seen, name="seen"),
    path("<uuid:public_id>/papers/", papers.patient_papers, name="patient-papers"),
    path("<uuid:public_id>/seen/", seen.patient_seen, name="patient-seen"),
    path("<uuid:public_id>/changes/", changes.patient_changes, name="patient-changes"),
    path("pre/", preregistration.preregistrations, name="preregistrations"),
    path("pre/new/", preregistration.preregistration_new, name="preregistration-new"),
    path("pre/<uuid:public_id>/", preregistration.preregistration, name="preregistration"),
    path(
        "pre/<uuid:public_id>/link/",
        preregistration.preregistration_link,
        name="preregistration-link",
    ),
    path(
        "pre/<uuid:public_id>/register/",
        preregistration.preregistration_register,
        name="preregistration-register",
    ),
    path(
        "pre/<uuid:public_id>/match/<uuid:patient_id>/",
        preregistration.preregistration_match,
        name="preregistration-match",
    ),
    path(
        "pre/<uuid:public_id>/reject/",
        preregistration.preregistration_reject,
        name="preregistration-reject",
    ),
    path("welcome/", welcome.welcome, name="welcome"),
    path("welcome/thanks/", welcome.welcome_thanks, name="welcome-thanks"),
    path("duplicates/", merging.duplicates, name="duplicates"),
    path("duplicates/<uuid:public_id>/", merging.duplicate, name="duplicate"),
    path(
        "duplicates/<uuid:public_id>/dismiss/", merging.duplicate_dismiss, name="duplicate-dismiss"
    ),
    path("merges/", merging.merges, name="merges"),
    path("merges/<uuid:public_id>/", merging.merge, name="merge"),
    path("merges/<uuid:public_id>/review/", merging.merge_review, name="merge-review"),
    path("merges/<uuid:public_id>/reject/", merging.merge_reject, name="merge-reject"),
    path("merges/<uuid:public_id>/execute/", merging.merge_execute, name="merge-execute"),
    path("merges/<uuid:public_id>/reverse/", merging.merge_reverse, name="merge-reverse"),
    path("<uuid:public_id>/", record.patient, name="patient"),
    path("<uuid:public_id>/merge/", merging.merge_new, name="merge-new"),
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
    path("<uuid:public_id>/documents/", documents.documents, name="documents"),
    path("<uuid:public_id>/documents/new/", documents.document_new, name="document-new"),
    path("<uuid:public_id>/documents/<uuid:document_id>/", documents.document, name="document"),
    path(
        "<uuid:public_id>/documents/<uuid:document_id>/pages/<int:number>/",
        documents.document_page,
        name="document-page",
    ),
    path(
        "<uuid:public_id>/documents/<uuid:document_id>/file/",
        documents.document_file,
        name="document-file",
    ),
    path(
        "<uuid:public_id>/documents/<uuid:document_id>/void/",
        documents.document_void,
        name="document-void",
    ),
    path("<uuid:public_id>/photo/", documents.photo, name="photo"),
    path("<uuid:public_id>/photo/new/", documents.photo_new, name="photo-new"),
    path("<uuid:public_id>/photo/remove/", documents.photo_remove, name="photo-remove"),
    path("<uuid:public_id>/consents/", consents.consents, name="consents"),
    path("<uuid:public_id>/consents/new/", consents.consent_new, name="consent-new"),
    path(
        "<uuid:public_id>/consents/<uuid:consent_id>/",
        consents.consent_change,
        name="consent-change",
    ),
    path("<uuid:public_id>/safety/", safety.safety, name="safety"),
    path("<uuid:public_id>/allergies/new/", safety.allergy_new, name="allergy-new"),
    path(
        "<uuid:public_id>/allergies/<uuid:allergy_id>/",
        safety.allergy_change,
        name="allergy-change",
    ),
    path(
        "<uuid:public_id>/allergies/<uuid:allergy_id>/reactions/",
        safety.reaction_new,
        name="reaction-new",
    ),
    path("<uuid:public_id>/none-known/", safety.none_known, name="none-known"),
    path(
        "<uuid:public_id>/none-known/<uuid:statement_id>/end/",
        safety.none_known_end,
        name="none-known-end",
    ),
    path("<uuid:public_id>/flags/new/", safety.flag_new, name="flag-new"),
    path("<uuid:public_id>/flags/<uuid:flag_id>/end/", safety.flag_end, name="flag-end"),
]
