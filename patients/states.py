"""States of identities, suspicions and merges; closed lists of what is recorded. Pure."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class IdentityState(TextChoices):
    """How sure the house is of who a patient is (feature-bar 2.A)."""

    PROVISIONAL = "provisional", _("Unknown person")
    REGISTERED = "registered", _("Registered")
    VERIFIED = "verified", _("Papers seen")
    MERGED = "merged", _("Merged into another record")


IDENTITY_STEPS: dict[str, frozenset[str]] = {
    IdentityState.PROVISIONAL: frozenset({IdentityState.REGISTERED, IdentityState.MERGED}),
    IdentityState.REGISTERED: frozenset({IdentityState.VERIFIED, IdentityState.MERGED}),
    # Another name or birth than on the papers that were seen.
    IdentityState.VERIFIED: frozenset({IdentityState.REGISTERED, IdentityState.MERGED}),
    # Taken apart: the very state from before.
    IdentityState.MERGED: frozenset(
        {IdentityState.PROVISIONAL, IdentityState.REGISTERED, IdentityState.VERIFIED}
    ),
}


class PairState(TextChoices):
    """What became of the suspicion that two records are one person (feature-bar 2.A)."""

    OPEN = "open", pgettext_lazy("state of a suspicion", "To be looked at")
    DISMISSED = "dismissed", pgettext_lazy("state of a suspicion", "Two persons")
    CONFIRMED = "confirmed", pgettext_lazy("state of a suspicion", "Merge proposed")
    MERGED = "merged", pgettext_lazy("state of a suspicion", "Merged")


PAIR_STEPS: dict[str, frozenset[str]] = {
    PairState.OPEN: frozenset({PairState.DISMISSED, PairState.CONFIRMED}),
    # What was compared has changed.
    PairState.DISMISSED: frozenset({PairState.OPEN}),
    # Back when the merge was rejected.
    PairState.CONFIRMED: frozenset({PairState.MERGED, PairState.OPEN}),
    # Taken apart: they are two persons.
    PairState.MERGED: frozenset({PairState.DISMISSED}),
}


class MergeState(TextChoices):
    """Where the merging of two records stands; a second person reviews it (feature-bar 2.A)."""

    PROPOSED = "proposed", pgettext_lazy("state of a merge", "Proposed")
    REVIEWED = "reviewed", pgettext_lazy("state of a merge", "Reviewed")
    EXECUTED = "executed", pgettext_lazy("state of a merge", "Merged")
    REVERSED = "reversed", pgettext_lazy("state of a merge", "Taken apart")
    REJECTED = "rejected", pgettext_lazy("state of a merge", "Rejected")


MERGE_STEPS: dict[str, frozenset[str]] = {
    MergeState.PROPOSED: frozenset({MergeState.REVIEWED, MergeState.REJECTED}),
    MergeState.REVIEWED: frozenset({MergeState.EXECUTED, MergeState.REJECTED}),
    MergeState.EXECUTED: frozenset({MergeState.REVERSED}),
    MergeState.REVERSED: frozenset(),
    MergeState.REJECTED: frozenset(),
}
MERGE_OPEN = frozenset({MergeState.PROPOSED, MergeState.REVIEWED})


class MoveHow(TextChoices):
    """What a merge did with one row of the record that goes."""

    MOVED = "moved", pgettext_lazy("what a merge did with a row", "moved")
    # Its period, or its use, would have stood in the way of the winner's.
    CHANGED = "changed", pgettext_lazy("what a merge did with a row", "moved and cut")
    # The winner has the same, and the row means nothing without its record.
    REMOVED = "removed", pgettext_lazy("what a merge did with a row", "dropped")
    # Of either record: what cannot stand beside what the other one says.
    SETTLED = "settled", pgettext_lazy("what a merge did with a row", "ended")


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


class IdentifierSystem(TextChoices):
    """Of what kind a number of a person is (ROW-A2)."""

    NATIONAL = "national", _("National number")
    PASSPORT = "passport", _("Passport")
    LICENCE = "licence", _("Driving licence")
    INSURANCE = "insurance", _("Insurance number")
    OTHER_HOSPITAL = "other_hospital", _("Record number of another hospital")
    OTHER = "other", _("Other number")


class ChangeKind(TextChoices):
    """Why something about a person is written anew: it was wrong, or it became so (ROW-A11)."""

    CORRECTION = "correction", _("It was recorded wrongly")
    NEW = "new", _("It has changed, the old one stays in the record")


class Oddity(TextChoices):
    """What is unusual about a person and may be right: somebody looks again before it is stored."""

    ONE_LETTER = "one_letter", _("This name has one letter. Is that right?")
    DIGITS = "digits", _("This name has digits. Is that right?")
    MIXED_SCRIPTS = "mixed_scripts", _("One word has letters of two alphabets. Is that right?")
    ONE_NAME = "one_name", _("Has this person only one name?")
    VERY_OLD = "very_old", _("This makes the person older than 110 years. Is that right?")
    MOTHER_AGE = "mother_age", _("This is an unusual age for a mother. Is that right?")


# Safety: allergies, flags (FHIR R4 AllergyIntolerance, Flag) ------------------------------------


class AllergyState(TextChoices):
    """Whether a substance is still a danger (FHIR allergyintolerance-clinical)."""

    ACTIVE = "active", pgettext_lazy("state of an allergy", "Active")
    INACTIVE = "inactive", pgettext_lazy("state of an allergy", "No longer active")
    RESOLVED = (
        "resolved",
        pgettext_lazy("state of an allergy", "Resolved: tested or taken without harm"),
    )


ALLERGY_STEPS: dict[str, frozenset[str]] = {
    AllergyState.ACTIVE: frozenset({AllergyState.INACTIVE, AllergyState.RESOLVED}),
    AllergyState.INACTIVE: frozenset({AllergyState.ACTIVE, AllergyState.RESOLVED}),
    # It came back.
    AllergyState.RESOLVED: frozenset({AllergyState.ACTIVE}),
}


class Verification(TextChoices):
    """How sure it is (FHIR allergyintolerance-verification)."""

    UNCONFIRMED = "unconfirmed", pgettext_lazy("how sure an allergy is", "Told, not confirmed")
    CONFIRMED = "confirmed", pgettext_lazy("how sure an allergy is", "Confirmed")
    REFUTED = "refuted", pgettext_lazy("how sure an allergy is", "Refuted")
    ENTERED_IN_ERROR = "entered_in_error", _("Entered in error")


VERIFICATION_STEPS: dict[str, frozenset[str]] = {
    Verification.UNCONFIRMED: frozenset(
        {Verification.CONFIRMED, Verification.REFUTED, Verification.ENTERED_IN_ERROR}
    ),
    Verification.CONFIRMED: frozenset({Verification.REFUTED, Verification.ENTERED_IN_ERROR}),
    # Somebody reacted after all.
    Verification.REFUTED: frozenset({Verification.CONFIRMED, Verification.ENTERED_IN_ERROR}),
    Verification.ENTERED_IN_ERROR: frozenset(),
}


class AllergyKind(TextChoices):
    """What happens in the body, where that is known (FHIR AllergyIntolerance.type)."""

    ALLERGY = "allergy", _("Allergy")
    INTOLERANCE = "intolerance", _("Intolerance")
    UNKNOWN = "unknown", _("Not known which")


class SubstanceCategory(TextChoices):
    """What kind of substance it is (FHIR AllergyIntolerance.category)."""

    MEDICATION = "medication", _("Medicine")
    BIOLOGIC = "biologic", _("Vaccine or blood product")
    FOOD = "food", _("Food")
    ENVIRONMENT = "environment", _("Environment")


class Criticality(TextChoices):
    """What the next contact could do (FHIR AllergyIntolerance.criticality)."""

    HIGH = "high", pgettext_lazy("danger of an allergy", "Danger to life")
    LOW = "low", pgettext_lazy("danger of an allergy", "No danger to life expected")
    UNKNOWN = "unable_to_assess", pgettext_lazy("danger of an allergy", "Cannot be judged")


class Severity(TextChoices):
    """How bad one reaction was (FHIR reaction.severity)."""

    MILD = "mild", pgettext_lazy("severity of a reaction", "Mild")
    MODERATE = "moderate", pgettext_lazy("severity of a reaction", "Moderate")
    SEVERE = "severe", pgettext_lazy("severity of a reaction", "Severe")


class Informant(TextChoices):
    """From whom something about a patient is known."""

    PATIENT = "patient", pgettext_lazy("who told it", "The patient")
    RELATIVE = "relative", pgettext_lazy("who told it", "A relative or carer")
    RECORD = "record", pgettext_lazy("who told it", "Papers or another record")
    OBSERVED = "observed", pgettext_lazy("who told it", "Seen by staff")


class NoneKnownScope(TextChoices):
    """Of what no allergy is known."""

    ALL = "all", _("No known allergies")
    MEDICATION = "medication", _("No known allergies to medicines")


class NoneKnownState(TextChoices):
    """Whether the statement still stands."""

    STANDING = "standing", pgettext_lazy("statement that no allergy is known", "Stands")
    ENDED = "ended", pgettext_lazy("statement that no allergy is known", "Ended")
    ENTERED_IN_ERROR = "entered_in_error", _("Entered in error")


NONE_KNOWN_STEPS: dict[str, frozenset[str]] = {
    NoneKnownState.STANDING: frozenset({NoneKnownState.ENDED, NoneKnownState.ENTERED_IN_ERROR}),
    NoneKnownState.ENDED: frozenset({NoneKnownState.ENTERED_IN_ERROR}),
    NoneKnownState.ENTERED_IN_ERROR: frozenset(),
}


class FlagState(TextChoices):
    """Whether a warning still counts (FHIR Flag.status)."""

    ACTIVE = "active", pgettext_lazy("state of a flag", "Active")
    INACTIVE = "inactive", pgettext_lazy("state of a flag", "Ended")
    ENTERED_IN_ERROR = "entered_in_error", _("Entered in error")


FLAG_STEPS: dict[str, frozenset[str]] = {
    FlagState.ACTIVE: frozenset({FlagState.INACTIVE, FlagState.ENTERED_IN_ERROR}),
    FlagState.INACTIVE: frozenset({FlagState.ENTERED_IN_ERROR}),
    FlagState.ENTERED_IN_ERROR: frozenset(),
}


class FlagCategory(TextChoices):
    """Of what a warning is (FHIR flag-category)."""

    SAFETY = "safety", pgettext_lazy("category of a flag", "Safety of the patient")
    CLINICAL = "clinical", pgettext_lazy("category of a flag", "Clinical")
    INFECTION = "infection", pgettext_lazy("category of a flag", "Infection control")
    BEHAVIOUR = "behavioral", pgettext_lazy("category of a flag", "Behaviour")
    ADMINISTRATIVE = "admin", pgettext_lazy("category of a flag", "Administrative")
    RESEARCH = "research", pgettext_lazy("category of a flag", "Research")


class FlagKind(TextChoices):
    """The closed list of warnings (ROW-A10); `rules.flags` says of each who sets and sees it."""

    FALL_RISK = "fall_risk", _("Risk of falling")
    PRESSURE_INJURY = "pressure_injury", _("Risk of pressure sores")
    WANDERING = "wandering", _("May walk away")
    ASPIRATION = "aspiration", _("Risk of choking")
    DIFFICULT_AIRWAY = "difficult_airway", _("Difficult airway")
    BLEEDING = "bleeding", _("Bleeds easily")
    SEIZURES = "seizures", _("Seizures")
    IMPLANT = "implant", _("Implant: ask before MRI")
    LIMB = "limb", _("No blood pressure or needles on one arm")
    NO_BLOOD = "no_blood", _("Refuses blood products")
    CONTACT = "isolation_contact", _("Isolation: contact")
    DROPLET = "isolation_droplet", _("Isolation: droplets")
    AIRBORNE = "isolation_airborne", _("Isolation: airborne")
    PROTECTIVE = "isolation_protective", _("Isolation: protects the patient")
    RESISTANT = "resistant_germ", _("Resistant germ")
    AGGRESSION = "aggression", _("Aggression: do not go alone")
    SELF_HARM = "self_harm", _("Risk of self-harm")
    SAFEGUARDING = "safeguarding", _("Protection from harm by others")
    MEDICO_LEGAL = "medico_legal", _("Medico-legal case")
    VIP = "vip", _("Well-known person")
    STUDY = "study", _("Takes part in a study")


# Consents (FHIR R4 Consent; not_done of R5) ----------------------------------------------------


class ConsentState(TextChoices):
    """Where a consent stands."""

    DRAFT = "draft", pgettext_lazy("state of a consent", "Draft")
    ACTIVE = "active", pgettext_lazy("state of a consent", "Active")
    INACTIVE = "inactive", pgettext_lazy("state of a consent", "Ended")
    NOT_DONE = "not_done", pgettext_lazy("state of a consent", "Not done")
    ENTERED_IN_ERROR = "entered_in_error", _("Entered in error")


CONSENT_STEPS: dict[str, frozenset[str]] = {
    ConsentState.DRAFT: frozenset(
        {ConsentState.ACTIVE, ConsentState.NOT_DONE, ConsentState.ENTERED_IN_ERROR}
    ),
    # Withdrawn: whoever consents again gives a new consent.
    ConsentState.ACTIVE: frozenset({ConsentState.INACTIVE, ConsentState.ENTERED_IN_ERROR}),
    ConsentState.INACTIVE: frozenset({ConsentState.ENTERED_IN_ERROR}),
    ConsentState.NOT_DONE: frozenset({ConsentState.ENTERED_IN_ERROR}),
    ConsentState.ENTERED_IN_ERROR: frozenset(),
}


class ConsentKind(TextChoices):
    """To what somebody consents; `rules.consents` gives each its scope and category."""

    TREATMENT = "treatment", _("Treatment here")
    PROCEDURE = "procedure", _("Operation or procedure")
    ANAESTHESIA = "anaesthesia", _("Anaesthesia")
    BLOOD = "blood", _("Blood products")
    TELEMEDICINE = "telemedicine", _("Treatment over video or phone")
    SHARING = "sharing", _("Sharing the record with others who treat")
    FAMILY = "family", _("Telling the family")
    INSURER = "insurer", _("Papers to the insurer")
    MESSAGES = "messages", _("Reminders by message")
    PORTAL = "portal", _("Access over the internet")
    PHOTOS = "photos", _("Photos and films")
    TEACHING = "teaching", _("Students present")
    RESEARCH = "research", _("Research with the record")
    DIRECTIVE = "directive", _("Wishes for the end of life")


class ConsentScope(TextChoices):
    """FHIR consentscope."""

    TREATMENT = "treatment", pgettext_lazy("scope of a consent", "Treatment")
    PRIVACY = "patient_privacy", pgettext_lazy("scope of a consent", "Privacy")
    RESEARCH = "research", pgettext_lazy("scope of a consent", "Research")
    DIRECTIVE = "adr", pgettext_lazy("scope of a consent", "Wishes in advance")


class ConsentCategory(TextChoices):
    """What kind of act it allows."""

    CARE = "care", pgettext_lazy("category of a consent", "Care")
    DISCLOSURE = "disclosure", pgettext_lazy("category of a consent", "Disclosure")
    CONTACT = "contact", pgettext_lazy("category of a consent", "Contact")
    MEDIA = "media", pgettext_lazy("category of a consent", "Pictures and teaching")
    RESEARCH = "research", pgettext_lazy("category of a consent", "Research")
    DIRECTIVE = "directive", pgettext_lazy("category of a consent", "Wishes in advance")


class Decision(TextChoices):
    """What was decided (FHIR Consent.provision.type)."""

    PERMIT = "permit", pgettext_lazy("decision of a consent", "Allows it")
    DENY = "deny", pgettext_lazy("decision of a consent", "Refuses it")


class ConsentGiver(TextChoices):
    """Who decided."""

    PATIENT = "patient", pgettext_lazy("who consents", "The patient")
    PARENT = "parent", pgettext_lazy("who consents", "A parent")
    PROXY = "proxy", pgettext_lazy("who consents", "Who decides in the patient’s place")
    COURT = "court", pgettext_lazy("who consents", "A court")


# Who may open a record ---------------------------------------------------------------------------


class RestrictionKind(TextChoices):
    """Why a record is open to few (SEC-Z6)."""

    PUBLIC_FIGURE = "public_figure", _("Known to the public")
    STAFF = "staff", _("Works here, or is family of somebody who does")
    IN_DANGER = "in_danger", _("In danger from somebody")
    LEGAL = "legal", _("Court or police")
    OWN_WISH = "own_wish", _("The patient’s own wish")
    OTHER = "other", _("Another reason")


class GlassKind(TextChoices):
    """Why somebody needs a record that is not open to them (SEC-Z7)."""

    EMERGENCY = "emergency", _("Emergency: the patient is here or on the way")
    COVER = "cover", _("I cover for the team that treats the patient")
    ADVICE = "advice", _("My advice was asked for")
    PATIENT_ASKS = "patient_asks", _("The patient asks me to")
    OTHER = "other", _("Another reason")


class GlassState(TextChoices):
    """How far a broken glass has come (feature-bar 2.O)."""

    REQUESTED = "requested", _("Asked for")
    GRANTED = "granted", _("Open")
    EXPIRED = "expired", _("Waits for review")
    REVIEWED = "reviewed", _("Reviewed")


GLASS_STEPS: dict[str, frozenset[str]] = {
    GlassState.REQUESTED: frozenset({GlassState.GRANTED}),
    GlassState.GRANTED: frozenset({GlassState.EXPIRED}),
    GlassState.EXPIRED: frozenset({GlassState.REVIEWED}),
    GlassState.REVIEWED: frozenset(),
}


class Verdict(TextChoices):
    """What the review of a broken glass says."""

    JUSTIFIED = "justified", _("Justified")
    NOT_JUSTIFIED = "not_justified", _("Not justified")
    UNCLEAR = "unclear", _("Unclear")


# Documents and photos (FHIR R4 DocumentReference) ----------------------------------------------


class DocumentKind(TextChoices):
    """What an uploaded paper is; `rules.documents` says who reads it."""

    CONSENT = "consent", _("Signed consent")
    IDENTITY = "identity", _("Identity paper")
    INSURANCE = "insurance", _("Insurance paper")
    REFERRAL = "referral", _("Referral")
    LETTER = "letter", _("Letter of another house")
    RESULT = "result", _("Result of another house")
    IMAGE = "image", _("Clinical picture")
    DIRECTIVE = "directive", _("Wishes in advance")
    LEGAL = "legal", _("Paper of a court or the police")
    OTHER = "other", _("Other paper")


class DocumentState(TextChoices):
    """Whether a paper belongs to the record (FHIR DocumentReference.status)."""

    CURRENT = "current", pgettext_lazy("state of a document", "Current")
    ENTERED_IN_ERROR = "entered_in_error", _("Entered in error")


DOCUMENT_STEPS: dict[str, frozenset[str]] = {
    DocumentState.CURRENT: frozenset({DocumentState.ENTERED_IN_ERROR}),
    DocumentState.ENTERED_IN_ERROR: frozenset(),
}


# What is printed ---------------------------------------------------------------------------------


class PaperForm(TextChoices):
    """How many there are of a paper: one around an arm, or as many as asked for."""

    WRISTBAND = "wristband", _("Wristband")
    LABEL = "label", _("Label")


class Paper(TextChoices):
    """What is printed of a patient (ROW-A8); `config/papers.yaml` says how large."""

    WRISTBAND_ADULT = "wristband_adult", _("Wristband")
    WRISTBAND_NEWBORN = "wristband_newborn", _("Wristband of a newborn")
    LABEL_SMALL = "label_small", _("Small labels")
    LABEL_LARGE = "label_large", _("Large labels")


# What people say before they come ---------------------------------------------------------------


class PreRegistrationState(TextChoices):
    """Where stands what somebody says about themselves before they come (ROW-A13)."""

    INVITED = "invited", pgettext_lazy("state of a pre-registration", "Waits for the patient")
    SENT = "sent", pgettext_lazy("state of a pre-registration", "To be checked")
    ACCEPTED = "accepted", pgettext_lazy("state of a pre-registration", "In the record")
    REJECTED = "rejected", pgettext_lazy("state of a pre-registration", "Not taken over")
    EXPIRED = "expired", pgettext_lazy("state of a pre-registration", "Expired")


PREREGISTRATION_STEPS: dict[str, frozenset[str]] = {
    PreRegistrationState.INVITED: frozenset(
        {PreRegistrationState.SENT, PreRegistrationState.REJECTED, PreRegistrationState.EXPIRED}
    ),
    PreRegistrationState.SENT: frozenset(
        {PreRegistrationState.ACCEPTED, PreRegistrationState.REJECTED, PreRegistrationState.EXPIRED}
    ),
    PreRegistrationState.ACCEPTED: frozenset(),
    PreRegistrationState.REJECTED: frozenset(),
    PreRegistrationState.EXPIRED: frozenset(),
}
PREREGISTRATION_OVER = (
    PreRegistrationState.ACCEPTED,
    PreRegistrationState.REJECTED,
    PreRegistrationState.EXPIRED,
)
