"""Patients: who they are and were called, by which numbers, where they live, who cares for them."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import (
    ArrayField,
    DateRangeField,
    DateTimeRangeField,
    RangeOperators,
)
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.models import BaseModel, HappenedModel, kept_history
from patients.states import (
    AccessNeed,
    BirthPrecision,
    ContactKind,
    IdentityState,
    MergeState,
    NameUse,
    PairState,
    PhoneUse,
    PreRegistrationState,
    Sex,
)

EARLIEST_BIRTH = "1880-01-01"


@kept_history()
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
    birth_order = models.PositiveSmallIntegerField(null=True, blank=True)
    died_on = models.DateField(null=True, blank=True)
    died_at = models.DateTimeField(null=True, blank=True)
    language = models.CharField(max_length=10, blank=True)
    interpreter = models.CharField(max_length=10, blank=True)
    needs = ArrayField(
        models.CharField(max_length=20, choices=AccessNeed), default=list, blank=True
    )
    description = models.CharField(max_length=300, blank=True)
    is_restricted = models.BooleanField(default=False)
    restricted_reason = models.CharField(max_length=300, blank=True)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=IdentityState.values), name="patient_state_known"
            ),
            models.CheckConstraint(condition=Q(sex__in=Sex.values), name="patient_sex_known"),
            models.CheckConstraint(
                condition=Q(state="merged", merged_into__isnull=False)
                | ~Q(state="merged") & Q(merged_into__isnull=True),
                name="patient_merged_says_into_whom",
            ),
            models.CheckConstraint(
                condition=~Q(merged_into=F("id")), name="patient_not_merged_into_itself"
            ),
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
                condition=Q(is_restricted=False) | ~Q(restricted_reason=""),
                name="patient_restricted_for_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(family="", given="") | Q(state="provisional"),
                name="patient_has_a_name",
            ),
        ]
        indexes = [
            models.Index(fields=["family", "given", "id"], name="patient_name_order"),
            models.Index(fields=["birth_on"], name="patient_birth"),
            models.Index(fields=["merged_into"], name="patient_merged_into"),
        ]
        default_permissions = ("view",)
        permissions = [
            ("register_patient", "Register patients and change who they are"),
            ("verify_patient", "Confirm an identity by its papers"),
            ("merge_patients", "Propose and carry out the merging of two records"),
            ("review_merge", "Review the merging of two records as the second person"),
            ("restrict_patient", "Restrict a record and lift the restriction"),
            ("break_glass", "Open a restricted record in an emergency"),
            ("review_access", "Review emergency access to restricted records"),
        ]

    def __str__(self) -> str:
        return self.mrn

    @property
    def full_name(self) -> str:
        """The name as the banner shows it: FAMILY, Given (Title)."""
        name = ", ".join(part for part in (self.family.upper(), self.given) if part)
        return f"{name} ({self.title})" if self.title else name


class _OfPatient(BaseModel):
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="%(class)ss")
    # Half-open, from the day on which it became so; an empty end is "still".
    period = DateRangeField()
    recorded_by = models.ForeignKey(
        "org.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        abstract = True


@kept_history()
class PatientName(_OfPatient):
    """What somebody is, or was, called; earlier names stay with their period (ROW-A11)."""

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
class PatientIdentifier(_OfPatient):
    """A number of a patient, with who issued it and from when until when it counts (ROW-A2).

    Of a sensitive system (a national number) only its end is in the clear: the rest is sealed, and
    found by its mark.
    """

    system = models.CharField(max_length=40)
    value = models.CharField(max_length=60)
    value_sealed = models.CharField(max_length=300, blank=True)
    mark = models.CharField(max_length=64)
    issuer = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="patientidentifier_one_person",
                expressions=[
                    ("system", RangeOperators.EQUAL),
                    ("issuer", RangeOperators.EQUAL),
                    ("mark", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
        ]
        indexes = [models.Index(fields=["mark"], name="patientidentifier_mark")]

    def __str__(self) -> str:
        return f"{self.patient_id} {self.system}"


@kept_history()
class PatientAddress(_OfPatient):
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
class PatientPhone(_OfPatient):
    """A phone number: sealed, found by its mark, told apart by its last digits."""

    use = models.CharField(max_length=10, choices=PhoneUse, default=PhoneUse.MOBILE)
    ending = models.CharField(max_length=4)
    value_sealed = models.CharField(max_length=300)
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
class Contact(_OfPatient):
    """Somebody else who matters to a patient; `other` when they have a record here too (ROW-A7)."""

    kinds = ArrayField(models.CharField(max_length=20, choices=ContactKind))
    name = models.CharField(max_length=200)
    relationship = models.CharField(max_length=60, blank=True)
    phone_ending = models.CharField(max_length=4, blank=True)
    phone_sealed = models.CharField(max_length=300, blank=True)
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

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="caring_units")
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
            models.Index(fields=["patient"], name="caringunit_patient"),
        ]

    def __str__(self) -> str:
        return f"{self.patient_id} in {self.unit_id}"


# Finding and matching ------------------------------------------------------------------------


class NameWord(models.Model):
    """One word of any name, once, as it is compared: search goes over words, not over patients."""

    id = models.BigAutoField(primary_key=True)
    word = models.CharField(max_length=80, unique=True)
    sound = models.CharField(max_length=8, blank=True)
    patients = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [
            GinIndex(OpClass("word", "gin_trgm_ops"), name="nameword_trigrams"),
            models.Index(OpClass("word", "varchar_pattern_ops"), name="nameword_beginning"),
            models.Index(fields=["sound"], name="nameword_sound"),
        ]
        default_permissions = ()

    def __str__(self) -> str:
        return self.word


class PatientWord(models.Model):
    """A patient has, or had, this word in a name."""

    id = models.BigAutoField(primary_key=True)
    word = models.ForeignKey(NameWord, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="+")
    is_family = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["word", "patient", "is_family"], name="patientword_once"
            ),
        ]
        indexes = [models.Index(fields=["patient"], name="patientword_patient")]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.patient_id} {self.word_id}"


class MatchKey(models.Model):
    """A key under which a record is compared with others (patients.rules.matching.keys), hashed."""

    id = models.BigAutoField(primary_key=True)
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="+")
    key = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "patient"], name="matchkey_once"),
        ]
        indexes = [models.Index(fields=["patient"], name="matchkey_patient")]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.patient_id} {self.key}"


class DuplicatePair(BaseModel):
    """The suspicion that two records are one person; `one` has the smaller number."""

    one = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    two = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=PairState, default=PairState.OPEN)
    score = models.DecimalField(max_digits=6, decimal_places=2)
    reasons = models.JSONField()
    # Of the fields that were compared: a dismissal holds until one of them changes.
    compared = models.CharField(max_length=64)
    found_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        "org.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(one__lt=F("two")), name="duplicatepair_ordered"),
            models.UniqueConstraint(fields=["one", "two"], name="duplicatepair_once"),
            models.CheckConstraint(
                condition=Q(state__in=PairState.values), name="duplicatepair_state_known"
            ),
        ]
        indexes = [
            models.Index(
                fields=["-score", "id"], name="duplicatepair_open", condition=Q(state="open")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.one_id} = {self.two_id}?"


class MergeCase(BaseModel):
    """The merging of one record (loser) into another (winner), reviewed by a second person."""

    winner = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    loser = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=MergeState, default=MergeState.PROPOSED)
    reason = models.CharField(max_length=300)
    proposed_at = models.DateTimeField()
    proposed_by = models.ForeignKey("org.User", on_delete=models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.ForeignKey(
        "org.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    executed_at = models.DateTimeField(null=True, blank=True)
    executed_by = models.ForeignKey(
        "org.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reversed_at = models.DateTimeField(null=True, blank=True)
    reversed_by = models.ForeignKey(
        "org.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # Both patients' own columns before it, so that they come back as they were.
    snapshot = models.JSONField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(winner=F("loser")), name="mergecase_two_records"),
            models.CheckConstraint(
                condition=Q(state__in=MergeState.values), name="mergecase_state_known"
            ),
            models.CheckConstraint(
                condition=Q(reviewed_by__isnull=True) | ~Q(reviewed_by=F("proposed_by")),
                name="mergecase_second_person",
            ),
            models.UniqueConstraint(
                fields=["loser"],
                condition=Q(state__in=["proposed", "reviewed", "executed"]),
                name="mergecase_one_per_loser",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.loser_id} -> {self.winner_id}"


class MergeMove(models.Model):
    """One row that a merge moved from the loser to the winner: which, and by which column."""

    id = models.BigAutoField(primary_key=True)
    case = models.ForeignKey(MergeCase, on_delete=models.PROTECT, related_name="moves")
    table = models.CharField(max_length=80)
    column = models.CharField(max_length=60)
    row = models.BigIntegerField()
    # Of a row that could not move as it was (a period that overlaps): its columns from before.
    before = models.JSONField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "table", "column", "row"], name="mergemove_once"
            ),
        ]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.table} {self.row}"


class PreRegistration(BaseModel):
    """What a person sent about themselves; the front desk checks it (ROW-A13)."""

    site = models.ForeignKey("org.Site", on_delete=models.PROTECT, related_name="+")
    state = models.CharField(
        max_length=10, choices=PreRegistrationState, default=PreRegistrationState.SENT
    )
    # Sealed as a whole: nobody has checked yet who sent it.
    contents_sealed = models.TextField()
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        "org.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=PreRegistrationState.values),
                name="preregistration_state_known",
            ),
            models.CheckConstraint(
                condition=Q(state="accepted", patient__isnull=False)
                | ~Q(state="accepted") & Q(patient__isnull=True),
                name="preregistration_accepted_has_patient",
            ),
        ]
        verbose_name = _("pre-registration")

    def __str__(self) -> str:
        return str(self.public_id)
