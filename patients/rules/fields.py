"""The one table of who may read which fields of a patient: read by every door (SEC-Z5).

Whoever lacks the permission of a group sees none of its values on lists, pages, forms, exports,
API and papers, finds nobody by them, sorts and filters by none of them, and writes none of them.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

Name = Literal["reach", "special_care"]


@dataclass(frozen=True, slots=True)
class FieldGroup:
    """Fields that are read together: their permission, their columns, and their names at doors.

    `columns`: model -> columns whose whole value is read only with the permission. `inputs`: fields
    of forms and bodies that are taken from nobody else. `readings`: what the search box reads.
    """

    permission: str
    columns: Mapping[str, frozenset[str]]
    inputs: frozenset[str] = frozenset()
    readings: frozenset[str] = frozenset()


GROUPS: Mapping[Name, FieldGroup] = {
    "reach": FieldGroup(
        permission="patients.view_private",
        columns={
            "PatientIdentifier": frozenset({"value_sealed", "mark"}),
            "PatientPhone": frozenset({"value_sealed", "mark"}),
            "PatientAddress": frozenset({"street", "number", "postcode", "region", "country"}),
            "Contact": frozenset({"phone_sealed", "address"}),
            "PreRegistration": frozenset({"note_sealed", "email_sealed", "answers_sealed"}),
        },
        inputs=frozenset(
            {"mobile", "phone", "street", "house_number", "postcode", "locality", "region"}
            | {"country", "national", "national_issuer", "kin_phone"}
        ),
        readings=frozenset({"number", "phone"}),
    ),
    "special_care": FieldGroup(
        permission="patients.care_notes",
        columns={
            "Patient": frozenset({"special_care_sealed"}),
            "MergeCase": frozenset({"notes_before_sealed"}),
        },
    ),
}
# Ends of numbers by which people tell them apart: whoever sees the record sees them.
MASKED = frozenset({"ending", "phone_ending"})
# What became of a record: table -> the permission with which its values are read, "" where whoever
# may ask who saw the record reads them. Of a table that is not here nobody reads more than that it
# changed, when and by whom. Fields of GROUPS need their own permission as well.
CHANGES: Mapping[str, str] = {
    "patients.patient": "",
    "patients.patientname": "",
    "patients.patientidentifier": "",
    "patients.patientaddress": "",
    "patients.patientphone": "",
    "patients.contact": "",
    "patients.restriction": "",
    "patients.keeper": "",
    "patients.glass": "",
    "patients.duplicatepair": "",
    "patients.mergecase": "",
    "patients.preregistration": "",
    "patients.allergy": "patients.view_clinical",
    "patients.allergyreaction": "patients.view_clinical",
    "patients.noneknown": "patients.view_clinical",
    "patients.patientflag": "patients.view_confidential_flags",
    "patients.consent": "patients.view_consents",
    "patients.document": "patients.view_documents",
}


def columns_hidden(model: str, held: Collection[str]) -> frozenset[str]:
    """Return the columns of a model (`PatientAddress`) that are not read with these permissions."""
    closed = (each for each in GROUPS.values() if each.permission not in held)
    found = (each.columns.get(model, frozenset[str]()) for each in closed)
    return frozenset[str]().union(*found)
