"""What somebody said about themselves before they came, in words and in order."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from patients.forms.identity import LANGUAGES
from patients.rules.identity import BirthOn
from patients.states import AccessNeed, Sex
from patients.views import shown


class Answer(NamedTuple):
    """One line: what was asked, and what was said."""

    label: str
    text: str


def _joined(answers: Mapping[str, object], *names: str) -> str:
    return " ".join(str(answers[name]) for name in names if answers.get(name))


def answers_shown(answers: Mapping[str, Any]) -> list[Answer]:
    """Return what was said, without what was not."""
    birth, languages = answers.get("birth"), dict(LANGUAGES)
    places = ("postcode", "locality")
    home = [_joined(answers, "house_number", "street"), _joined(answers, *places)]
    home += [_joined(answers, "region"), _joined(answers, "country")]
    kin = [_joined(answers, name) for name in ("kin_name", "kin_relationship", "kin_phone")]
    lines = (
        (_("Family name"), _joined(answers, "family")),
        (_("Given names"), _joined(answers, "given")),
        (_("Family name at birth"), _joined(answers, "birth_family")),
        (_("Born"), shown.birth_words(*birth) if isinstance(birth, BirthOn) else ""),
        (_("Sex"), str(Sex(answers["sex"]).label) if answers.get("sex") else ""),
        (_("National number"), _joined(answers, "national", "national_issuer")),
        (_("Mobile phone"), _joined(answers, "mobile")),
        (_("Other phone"), _joined(answers, "phone")),
        (_("Address"), ", ".join(part for part in home if part)),
        (_("Language"), languages.get(str(answers.get("language", "")), "")),
        (_("Interpreter needed for"), languages.get(str(answers.get("interpreter", "")), "")),
        (_("Needs"), ", ".join(shown.words_of(AccessNeed, answers.get("needs", ())))),
        (_("Next of kin"), ", ".join(part for part in kin if part)),
    )
    return [Answer(label, text) for label, text in lines if text]
