"""States of an identity, of suspicions and merges, of consents and emergency access. Pure."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class IdentityState(TextChoices):
    """How sure the house is of who a patient is (feature-bar 2.A)."""

    PROVISIONAL = "provisional", _("Unknown person")
    REGISTERED = "registered", _("Registered")
    VERIFIED = "verified", _("Papers seen")
    MERGED = "merged", _("Merged into another record")


# Un-merging brings back the very state from before.
IDENTITY_STEPS: dict[str, frozenset[str]] = {
    IdentityState.PROVISIONAL: frozenset({IdentityState.REGISTERED, IdentityState.MERGED}),
    IdentityState.REGISTERED: frozenset({IdentityState.VERIFIED, IdentityState.MERGED}),
    IdentityState.VERIFIED: frozenset({IdentityState.REGISTERED, IdentityState.MERGED}),
    IdentityState.MERGED: frozenset(
        {IdentityState.PROVISIONAL, IdentityState.REGISTERED, IdentityState.VERIFIED}
    ),
}
LIVING_RECORD = frozenset(
    {IdentityState.PROVISIONAL, IdentityState.REGISTERED, IdentityState.VERIFIED}
)


class PairState(TextChoices):
    """What became of the suspicion that two records are one person."""

    OPEN = "open", _("To be looked at")
    DISMISSED = "dismissed", _("Two persons")
    CONFIRMED = "confirmed", _("One person")
    MERGED = "merged", _("Merged")


PAIR_STEPS: dict[str, frozenset[str]] = {
    PairState.OPEN: frozenset({PairState.DISMISSED, PairState.CONFIRMED}),
    PairState.DISMISSED: frozenset({PairState.OPEN}),
    PairState.CONFIRMED: frozenset({PairState.MERGED, PairState.OPEN}),
    PairState.MERGED: frozenset({PairState.OPEN}),
}


class MergeState(TextChoices):
    """Where the merging of two records stands; a second person reviews it."""

    PROPOSED = "proposed", _("Proposed")
    REVIEWED = "reviewed", _("Reviewed")
    EXECUTED = "executed", _("Merged")
    REVERSED = "reversed", _("Taken apart again")
    REJECTED = "rejected", _("Rejected")


MERGE_STEPS: dict[str, frozenset[str]] = {
    MergeState.PROPOSED: frozenset({MergeState.REVIEWED, MergeState.REJECTED}),
    MergeState.REVIEWED: frozenset({MergeState.EXECUTED, MergeState.REJECTED}),
    MergeState.EXECUTED: frozenset({MergeState.REVERSED}),
    MergeState.REVERSED: frozenset(),
    MergeState.REJECTED: frozenset(),
}


class ConsentState(TextChoices):
    """State of a consent (FHIR R5 Consent.status)."""

    DRAFT = "draft", _("Draft")
    ACTIVE = "active", _("In force")
    INACTIVE = "inactive", _("Withdrawn or over")
    NOT_DONE = "not_done", _("Refused")
    ENTERED_IN_ERROR = "entered_in_error", _("Entered in error")


CONSENT_STEPS: dict[str, frozenset[str]] = {
    ConsentState.DRAFT: frozenset(
        {ConsentState.ACTIVE, ConsentState.NOT_DONE, ConsentState.ENTERED_IN_ERROR}
    ),
    ConsentState.ACTIVE: frozenset({ConsentState.INACTIVE, ConsentState.ENTERED_IN_ERROR}),
    ConsentState.NOT_DONE: frozenset({ConsentState.ENTERED_IN_ERROR}),
    ConsentState.INACTIVE: frozenset({ConsentState.ENTERED_IN_ERROR}),
    ConsentState.ENTERED_IN_ERROR: frozenset(),
}


class Verdict(TextChoices):
    """What the privacy officer found about an emergency access (SEC-Z7)."""

    PENDING = "pending", pgettext_lazy("review of an emergency access", "To be reviewed")
    JUSTIFIED = "justified", _("Justified")
    UNJUSTIFIED = "unjustified", _("Not justified")


VERDICT_STEPS: dict[str, frozenset[str]] = {
    Verdict.PENDING: frozenset({Verdict.JUSTIFIED, Verdict.UNJUSTIFIED}),
    Verdict.JUSTIFIED: frozenset({Verdict.UNJUSTIFIED}),
    Verdict.UNJUSTIFIED: frozenset({Verdict.JUSTIFIED}),
}


class PreRegistrationState(TextChoices):
    """A person's own data before the front desk has seen them (ROW-A13)."""

    SENT = "sent", _("To be checked")
    ACCEPTED = "accepted", _("Accepted")
    REJECTED = "rejected", _("Rejected")
    EXPIRED = "expired", _("Expired")


PRE_REGISTRATION_STEPS: dict[str, frozenset[str]] = {
    PreRegistrationState.SENT: frozenset(
        {
            PreRegistrationState.ACCEPTED,
            PreRegistrationState.REJECTED,
            PreRegistrationState.EXPIRED,
        }
    ),
    PreRegistrationState.ACCEPTED: frozenset(),
    PreRegistrationState.REJECTED: frozenset(),
    PreRegistrationState.EXPIRED: frozenset(),
}


class Sex(TextChoices):
    """Administrative sex (FHIR AdministrativeGender)."""

    FEMALE = "female", _("Female")
    MALE = "male", _("Male")
    OTHER = "other", _("Other")
    UNKNOWN = "unknown", _("Unknown")


class BirthPrecision(TextChoices):
    """How exactly the day of birth is known; `estimated`: from an age that was told."""

    DAY = "day", _("To the day")
    MONTH = "month", _("To the month")
    YEAR = "year", _("To the year")
    ESTIMATED = "estimated", _("Estimated")
    UNKNOWN = "unknown", _("Unknown")


class NameUse(TextChoices):
    """What a name is used for (FHIR HumanName.use)."""

    OFFICIAL = "official", _("Official")
    USUAL = "usual", _("Used")
    MAIDEN = "maiden", _("At birth")
    OLD = "old", _("Earlier")
    TEMP = "temp", _("Provisional")


class PhoneUse(TextChoices):
    """Where a phone rings (FHIR ContactPoint.use)."""

    MOBILE = "mobile", _("Mobile")
    HOME = "home", _("Home")
    WORK = "work", _("Work")


class ContactKind(TextChoices):
    """What somebody is to a patient; one person may be several (ROW-A7)."""

    NEXT_OF_KIN = "next_of_kin", _("Next of kin")
    EMERGENCY = "emergency", _("To be called in an emergency")
    GUARANTOR = "guarantor", _("Guarantor")
    PROXY = "proxy", _("Decides in the patient’s place")
    MOTHER = "mother", _("Mother")


class AccessNeed(TextChoices):
    """What somebody needs to be able to use the house."""

    WHEELCHAIR = "wheelchair", _("Wheelchair")
    HEARING = "hearing", _("Hard of hearing")
    SIGN_LANGUAGE = "sign_language", _("Sign language")
    SIGHT = "sight", _("Low sight or blind")
    LARGE_PRINT = "large_print", _("Large print")
    EASY_LANGUAGE = "easy_language", _("Easy language")
    ESCORT = "escort", _("Comes with an escort")
