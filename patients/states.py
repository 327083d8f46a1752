"""States of an identity, and the closed lists of what is recorded about a person. Pure."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class IdentityState(TextChoices):
    """How sure the house is of who a patient is (feature-bar 2.A)."""

    PROVISIONAL = "provisional", _("Unknown person")
    REGISTERED = "registered", _("Registered")
    VERIFIED = "verified", _("Papers seen")


IDENTITY_STEPS: dict[str, frozenset[str]] = {
    IdentityState.PROVISIONAL: frozenset({IdentityState.REGISTERED}),
    IdentityState.REGISTERED: frozenset({IdentityState.VERIFIED}),
    # Another name or birth than on the papers that were seen.
    IdentityState.VERIFIED: frozenset({IdentityState.REGISTERED}),
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
