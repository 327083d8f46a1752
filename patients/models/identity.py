"""Patients: who they are and were called, by which numbers, where they live, who cares for them."""

from typing import TYPE_CHECKING, ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import (
    ArrayField,
    DateRangeField,
    DateTimeRangeField,
    RangeOperators,
)
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Cast, Coalesce, Upper

from core.models import BaseModel, HappenedModel, kept_history
from patients.states import (
    AccessNeed,
    BirthPrecision,
    ContactKind,
    IdentifierSystem,
    IdentityState,
    NameUse,
    PhoneUse,
    Sex,
)

if TYPE_CHECKING:
    from patients.selectors.safety import Alerts

EARLIEST_BIRTH = "1880-01-01"


# When a period ends; one without end is still going on at every time.
STILL = Coalesce(
    Upper("period", output_field=models.DateTimeField()),
    Cast(Value("infinity"), models.DateTimeField()),
)


@kept_history("special_care_sealed")
class Patient(HappenedModel):
    """A person under care. `occurred_at` is when they were registered.

    `family`, `given` and `title` are those of the current official (or provisional) name: the
    banner and lists read them, `services.names` keeps them. `birth_on` is the first day of what
    `birth_precision` says is known.
    """

    site = models.ForeignKey("org.Site", on_delete=models.PROTECT, related_name="+")
    mrn = models.CharField(max_length=20, unique=True)
    state = models.CharField(max_length=12, choices=IdentityState, default=IdentityState.REGISTERED)
    family = models.CharField(max_length=200, blank=True)
    given = models.CharField(max_length=200, blank=True)
    title = models.CharField(max_length=20, blank=True)
    sex = models.CharField(max_length=8, choices=Sex, default=Sex.UNKNOWN)
    birth_on = models.DateField(null=True, blank=True)
    birth_precision = models.CharField(
        max_length=10, choices=BirthPrecision, default=BirthPrecision.UNKNOWN
    )
    # Of the newborn, whose age counts in hours.
    born_at = models.DateTimeField(null=True, blank=True)
    birth_order = models.PositiveSmallIntegerField(null=True, blank=True)
    died_on = models.DateField(null=True, blank=True)
    died_at = models.DateTimeField(null=True, blank=True)
    language = models.CharField(max_length=10, blank=True)
    interpreter = models.CharField(max_length=10, blank=True)
    needs = ArrayField(
        models.CharField(max_length=20, choices=AccessNeed), default=list, blank=True
    )
    description = models.CharField(max_length=300, blank=True)
    # What only those who treat somebody may read: psychiatry, HIV. Sealed (SEC-Z5).
    special_care_sealed = models.TextField(blank=True)
    # The record that took this one's place; the numbers of this one lead there.
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # Not stored: what the banner says to the asker, of a patient whom `patient_get` returned.
    alerts: "Alerts | None" = None

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=IdentityState.values), name="patient_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state="merged") | Q(merged_into__isnull=False),
                name="patient_merged_into_some_record",
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")),
                name="patient_not_merged_into_itself",
            ),
            models.CheckConstraint(condition=Q(sex__in=Sex.values), name="patient_sex_known"),
            models.CheckConstraint(
                condition=Q(birth_on__isnull=True, birth_precision="unknown")
                | Q(birth_on__gte=EARLIEST_BIRTH) & ~Q(birth_precision="unknown"),
                name="patient_birth_and_precision",
            ),
            models.CheckConstraint(
                condition=Q(died_on__isnull=True)
                | Q(birth_on__isnull=True)
                | Q(died_on__gte=F("birth_on")),
                name="patient_dies_after_birth",
            ),
            models.CheckConstraint(
                condition=Q(died_at__isnull=True) | Q(died_on__isnull=False),
                name="patient_death_has_its_day",
            ),
            models.CheckConstraint(
                condition=~Q(family="", given="") | Q(state="provisional"),
                name="patient_has_a_name",
            ),
        ]
        indexes = [
            models.Index(fields=["family", "given", "id"], name="patient_name_order"),
            models.Index(fields=["birth_on"], name="patient_birth"),
        ]
        default_permissions = ("view",)
        permissions = [
            ("find_patients", "Find every patient of the house, not only those in one's care"),
            ("register_patient", "Register patients and change who they are"),
            ("view_private", "See phones, addresses and numbers of patients in full"),
            ("record_death", "Record that a patient has died"),
            ("care_notes", "Read and write notes of special care"),
            ("propose_merge", "See likely duplicates, dismiss them, propose to merge records"),
            ("review_merge", "Review, carry out and take apart merges of records"),
        ]

    def __str__(self) -> str:
        return self.mrn


class OfPatient(BaseModel):
    """What is said of a patient for a period, and who recorded it."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT)
    # Half-open, from the day on which it became so; an empty end is "still".
    period = DateRangeField()
    recorded_by = models.ForeignKey(
        "org.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        abstract = True


@kept_history()
class PatientName(OfPatient):
    """What somebody is, or was, called; earlier names stay with their period (ROW-A11)."""

    # Where the winner of a merge is called otherwise on the same days.
    steps_aside: ClassVar[dict[str, object]] = {"use": NameUse.OLD}
    use = models.CharField(max_length=10, choices=NameUse, default=NameUse.OFFICIAL)
    family = models.CharField(max_length=200, blank=True)
    given = models.CharField(max_length=200, blank=True)
    title = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="patientname_one_official",
                condition=Q(use__in=["official", "temp"]),
                expressions=[
                    ("patient", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(condition=~Q(family="", given=""), name="patientname_not_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.patient_id} {self.use}"


@kept_history("value_sealed")
class PatientIdentifier(OfPatient):
    """A number of a patient, with who issued it and from when until when it counts (ROW-A2).

    Sealed but for its end, and found by its mark.
    """

    system = models.CharField(max_length=20, choices=IdentifierSystem)
    issuer = models.CharField(max_length=80, blank=True)
    ending = models.CharField(max_length=4)
    value_sealed = models.CharField(max_length=400)
    mark = models.CharField(max_length=64)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="patientidentifier_one_person",
                expressions=[
                    ("system", RangeOperators.EQUAL),
                    (Upper("issuer"), RangeOperators.EQUAL),
                    ("mark", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=Q(system__in=IdentifierSystem.values),
                name="patientidentifier_system_known",
            ),
        ]
        indexes = [
            models.Index(fields=["mark"], name="patientidentifier_mark"),
        ]

    def __str__(self) -> str:
        return f"{self.patient_id} {self.system}"


@kept_history()
class PatientAddress(OfPatient):
    """Where somebody lives or lived."""

    street = models.CharField(max_length=200, blank=True)
    number = models.CharField(max_length=20, blank=True)
    locality = models.CharField(max_length=120, blank=True)
    region = models.CharField(max_length=120, blank=True)
    postcode = models.CharField(max_length=20, blank=True)
    country = models.CharField(max_length=2, blank=True)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="patientaddress_one_home",
                expressions=[
                    ("patient", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=~Q(street="", locality="", region="", postcode=""),
                name="patientaddress_not_empty",
            ),
        ]
        verbose_name_plural = "patient addresses"

    def __str__(self) -> str:
        return f"{self.patient_id} {self.locality}"


@kept_history("value_sealed")
class PatientPhone(OfPatient):
    """A phone number: sealed, found by its mark, told apart by its last digits."""

    use = models.CharField(max_length=10, choices=PhoneUse, default=PhoneUse.MOBILE)
    ending = models.CharField(max_length=4)
    value_sealed = models.CharField(max_length=400)
    mark = models.CharField(max_length=64)
    takes_messages = models.BooleanField(default=False)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="patientphone_once",
                expressions=[
                    ("patient", RangeOperators.EQUAL),
                    ("mark", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
        ]
        indexes = [models.Index(fields=["mark"], name="patientphone_mark")]

    def __str__(self) -> str:
        return f"{self.patient_id} …{self.ending}"


@kept_history("phone_sealed")
class Contact(OfPatient):
    """Somebody else who matters to a patient; `other` when they have a record here too (ROW-A7)."""

    kinds = ArrayField(models.CharField(max_length=20, choices=ContactKind))
    # Not `name`: the trail looks for things by columns of that name.
    full_name = models.CharField(max_length=200)
    relationship = models.CharField(max_length=60, blank=True)
    phone_ending = models.CharField(max_length=4, blank=True)
    phone_sealed = models.CharField(max_length=400, blank=True)
    address = models.CharField(max_length=300, blank=True)
    other = models.ForeignKey(
        Patient, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kinds__len__gt=0), name="contact_is_something"),
            models.CheckConstraint(
                condition=~Q(other=F("patient")), name="contact_is_somebody_else"
            ),
            ExclusionConstraint(
                name="contact_one_mother",
                condition=Q(kinds__contains=["mother"]),
                expressions=[
                    ("patient", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.patient_id} {self.relationship}"


class CaringUnit(BaseModel):
    """A unit in whose care a patient is: who works there may see the record (house 8).

    Place and consultant are written here by the rooms above, for the banner.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT)
    unit = models.ForeignKey("org.Unit", on_delete=models.PROTECT, related_name="+")
    period = DateTimeRangeField()
    # What keeps the patient in the unit's care: an appointment, a stay, a referral.
    cause = models.CharField(max_length=60)
    place = models.CharField(max_length=60, blank=True)
    consultant = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="caringunit_once",
                expressions=[
                    ("patient", RangeOperators.EQUAL),
                    ("unit", RangeOperators.EQUAL),
                    ("cause", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
        ]
        indexes = [
            models.Index(fields=["unit", "patient"], name="caringunit_unit_patient"),
            # Whom a unit cares for now stays quick to find after years of whom it has cared for.
            models.Index(F("unit"), STILL, name="caringunit_unit_until"),
        ]

    def __str__(self) -> str:
        return f"{self.patient_id} in {self.unit_id}"


# Finding and matching ------------------------------------------------------------------------


class NameWord(models.Model):
    """One word of any name, once, as it is compared: search goes over words, not over patients."""

    id = models.BigAutoField(primary_key=True)
    word = models.CharField(max_length=80, unique=True)
    sound = models.CharField(max_length=8, blank=True)

    class Meta:
        indexes = [
            GinIndex(OpClass("word", "gin_trgm_ops"), name="nameword_trigrams"),
            models.Index(OpClass("word", "varchar_pattern_ops"), name="nameword_beginning"),
            models.Index(fields=["sound"], name="nameword_sound"),
            # Words one slip away share a word with one letter less (migration 0002).
            GinIndex(Func(F("word"), function="patients_nearby"), name="nameword_nearby"),
        ]
        default_permissions = ()

    def __str__(self) -> str:
        return self.word


class PatientWord(models.Model):
    """A patient has, or had, this word in a name."""

    id = models.BigAutoField(primary_key=True)
    word = models.ForeignKey(NameWord, on_delete=models.PROTECT, related_name="+", db_index=False)
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="+", db_index=False)
    is_family = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["word", "patient", "is_family"], name="patientword_once"
            ),
        ]
        indexes = [models.Index(fields=["patient", "word"], name="patientword_patient")]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.patient_id} {self.word_id}"
