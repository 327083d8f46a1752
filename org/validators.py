"""Passwords that everybody in the house would guess."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from org.models import Installation, Site, Unit, User

_WORDS = ("hospital", "password", "welcome", "nurse", "doctor", "ward", "clinic")


class HospitalWordsValidator:
    """Refuses a password made of the hospital's name, everyday words and digits (SEC-A2)."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Raise ValidationError when little is left once the words of the house are taken out."""
        rest = password.casefold()
        name = Installation.objects.values_list("name", flat=True).filter(pk=1).first() or ""
        places = [*Site.objects.values_list("name", flat=True), name]
        places += Unit.objects.values_list("name", flat=True).distinct()
        own = [user.username, user.family_name, user.given_name] if user else []
        parts = {part for text in [*places, *own] for part in text.casefold().split()}
        words = sorted(
            {*_WORDS, *(part for part in parts if len(part) >= 4)}, key=len, reverse=True
        )
        for word in words:
            rest = rest.replace(word, "")
        if sum(character.isalpha() for character in rest) < 4:
            raise ValidationError(self.get_help_text(), code="hospital_words")

    def get_help_text(self) -> str:
        """Return the rule in one sentence."""
        return _("The password must not be made of the hospital's name and everyday words.")
