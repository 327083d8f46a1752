"""What may harm a patient or others: allergies, the statement that none is known, flags."""

import pgtrigger
from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.models import Q

from core.models import HappenedModel, kept_history
from patients.models.identity import Patient
from patients.states import (
    AllergyKind,
    AllergyState,
    BirthPrecision,
    Criticality,
    FlagKind,
    FlagState,
    Informant,
    NoneKnownScope,
    NoneKnownState,
    Severity,
    SubstanceCategory,
    Verification,
)

_BELIEVED = "{0}.state = 'active' AND {0}.verification IN ('unconfirmed', 'confirmed')"
# Whoever stores either of the two waits for the other at the patient's row, then looks (SEC-V5).
_TRUTH = """
IF {standing} THEN
  PERFORM 1 FROM patients_patient WHERE id = NEW.patient_id FOR NO KEY UPDATE;
  IF EXISTS (SELECT 1 FROM {other} WHERE o.patient_id = NEW.patient_id AND {clash}) THEN
    RAISE EXCEPTION 'An allergy stands beside the statement that none is known'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'allergy_or_none_known';
  END IF;
END IF;
RETURN NULL;
"""


def _truth(name: str, *, standing: str, other: str, clash: str) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.Update,
        timing=pgtrigger.Immediate,
        func=_TRUTH.format(standing=standing, other=other, clash=clash),
    )


class OfRecord(HappenedModel):
    """What was said of a patient, by whom it is known; nothing of it is ever deleted."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT)
    note = models.CharField(max_length=300, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        "org.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    end_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        abstract = True


@kept_history()
class Allergy(HappenedModel):
    """A substance that harms a patient. `occurred_at` is when it was told.

    `substance` is the name as it was recorded; an empty `code` says that it stands in no list.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT)
    code = models.CharField(max_length=40, blank=True)
    substance = models.CharField(max_length=120)
    category = models.CharField(max_length=12, choices=SubstanceCategory)
    kind = models.CharField(max_length=12, choices=AllergyKind, default=AllergyKind.UNKNOWN)
    criticality = models.CharField(max_length=20, choices=Criticality, default=Criticality.UNKNOWN)
    state = models.CharField(max_length=10, choices=AllergyState, default=AllergyState.ACTIVE)
    verification = models.CharField(
        max_length=20, choices=Verification, default=Verification.UNCONFIRMED
    )
    onset_on = models.DateField(null=True, blank=True)
    onset_precision = models.CharField(
        max_length=10, choices=BirthPrecision, default=BirthPrecision.UNKNOWN
    )
    informant = models.CharField(max_length=10, choices=Informant, default=Informant.PATIENT)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=AllergyState.values), name="allergy_state_known"
            ),
            models.CheckConstraint(
                condition=Q(verification__in=Verification.values),
                name="allergy_verification_known",
            ),
            models.CheckConstraint(
                condition=Q(category__in=SubstanceCategory.values), name="allergy_category_known"
            ),
            models.CheckConstraint(
                condition=Q(criticality__in=Criticality.values), name="allergy_criticality_known"
            ),
            models.CheckConstraint(condition=~Q(substance=""), name="allergy_names_a_substance"),
            models.CheckConstraint(
                condition=Q(onset_on__isnull=True, onset_precision="unknown")
                | Q(onset_on__isnull=False) & ~Q(onset_precision="unknown"),
                name="allergy_onset_and_precision",
            ),
            models.CheckConstraint(
                condition=Q(verification="entered_in_error") | Q(voided_at__isnull=True),
                name="allergy_error_has_its_time",
            ),
        ]
        triggers = [
            _truth(
                "allergy_or_none_known",
                standing=_BELIEVED.format("NEW"),
                other="patients_noneknown o",
                clash="o.state = 'standing' AND (o.scope = 'all' "
                "OR NEW.category IN ('medication', 'biologic'))",
            )
        ]
        verbose_name_plural = "allergies"
        default_permissions = ()
        permissions = [
            ("view_clinical", "Read allergies and flags of care in words"),
            ("record_allergies", "Record allergies, reactions, and that none is known"),
        ]

    def __str__(self) -> str:
        return f"{self.patient_id} {self.code or self.substance}"


@kept_history()
class AllergyReaction(HappenedModel):
    """What a substance did once. `occurred_at` is when it was told."""

    allergy = models.ForeignKey(Allergy, on_delete=models.PROTECT, related_name="reactions")
    manifestation = models.CharField(max_length=40)
    severity = models.CharField(max_length=10, choices=Severity, blank=True)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(severity__in=["", *Severity.values]), name="allergyreaction_severity"
            ),
        ]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.allergy_id} {self.manifestation}"


@kept_history()
class NoneKnown(OfRecord):
    """Somebody asked, and no allergy is known: a statement, not an absence."""

    scope = models.CharField(max_length=10, choices=NoneKnownScope, default=NoneKnownScope.ALL)
    state = models.CharField(max_length=20, choices=NoneKnownState, default=NoneKnownState.STANDING)
    informant = models.CharField(max_length=10, choices=Informant, default=Informant.PATIENT)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=NoneKnownState.values), name="noneknown_state_known"
            ),
            models.CheckConstraint(
                condition=Q(scope__in=NoneKnownScope.values), name="noneknown_scope_known"
            ),
            models.CheckConstraint(
                condition=Q(state="standing", ended_at__isnull=True, voided_at__isnull=True)
                | ~Q(state="standing") & ~Q(end_reason=""),
                name="noneknown_end_has_a_reason",
            ),
        ]
        triggers = [
            _truth(
                "noneknown_or_allergy",
                standing="NEW.state = 'standing'",
                other="patients_allergy o",
                clash=_BELIEVED.format("o")
                + " AND (NEW.scope = 'all' OR o.category IN ('medication', 'biologic'))",
            )
        ]
        verbose_name_plural = "statements that no allergy is known"
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.patient_id} {self.scope}"


@kept_history()
class PatientFlag(OfRecord):
    """A warning about a patient, for a period (FHIR Flag). `rules.flags` says what each kind is."""

    kind = models.CharField(max_length=24, choices=FlagKind)
    state = models.CharField(max_length=20, choices=FlagState, default=FlagState.ACTIVE)
    # Half-open; an empty end is "until somebody ends it".
    period = DateTimeRangeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=FlagState.values), name="patientflag_state_known"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=FlagKind.values), name="patientflag_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(state="active", ended_at__isnull=True, voided_at__isnull=True)
                | ~Q(state="active") & ~Q(end_reason=""),
                name="patientflag_end_has_a_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["patient"], name="patientflag_active", condition=Q(state="active"))
        ]
        default_permissions = ()
        permissions = [
            ("set_flags", "Set and end flags of safety, care and infection control"),
            ("view_confidential_flags", "See flags that not everybody may see: medico-legal, VIP"),
            ("set_confidential_flags", "Set and end flags that not everybody may see"),
        ]

    def __str__(self) -> str:
        return f"{self.patient_id} {self.kind}"
