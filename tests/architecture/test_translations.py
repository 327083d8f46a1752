"""Every language but English is complete, correct and typeset, and loads (decisions 42)."""

import gettext
import io
import re
from functools import cache

import pytest
import yaml
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from django.conf import settings
from django.contrib.auth.models import Permission
from django.utils import translation
from django.utils.translation.trans_real import DjangoTranslation

from core.templatetags.hms import kbd
from scripts import messages

ENGLISH = "en"
# French sets a space that does not break before these signs and inside its quotation marks.
LOOSE_SIGN = re.compile(r" [:;?!»]|« |\w[?!»]|«\w")
FOREIGN_SIGN = re.compile("['\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}]")
LANGUAGES = messages.languages()


@cache
def template() -> Catalog:
    """What code, templates and roles show; reading them all once is enough."""
    return messages.extract_all()


def translated(language: messages.Language) -> list[Message]:
    return [message for message in language.read() if message.id]


def forms(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string)


def french() -> messages.Language:
    return next(language for language in LANGUAGES if language.code == "fr")


def test_every_language_on_offer_has_a_catalogue() -> None:
    on_offer = {code for code, _ in settings.LANGUAGES} - {ENGLISH}

    assert {language.code for language in LANGUAGES if language.po.exists()} == on_offer


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_no_text_is_missing_unsure_stale_or_the_same_by_accident(
    language: messages.Language,
) -> None:
    assert messages.problems(language, template()) == []


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_every_plural_form_is_there(language: messages.Language) -> None:
    wanted = language.read().num_plurals
    plural = [message for message in translated(language) if message.pluralizable]

    assert [message.id for message in plural if len(forms(message)) != wanted] == []


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_every_allowed_identical_text_is_one(language: messages.Language) -> None:
    identical = {messages._first(each) for each in translated(language) if each.id == each.string}

    assert language.allowed_identical - identical == set()


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_the_compiled_catalogue_loads_and_says_the_same(language: messages.Language) -> None:
    file = io.BytesIO()
    write_mo(file, language.read())
    file.seek(0)
    compiled = gettext.GNUTranslations(file)

    for message in translated(language):
        if isinstance(message.id, str) and message.context:
            said = compiled.pgettext(message.context, message.id)
        elif isinstance(message.id, str):
            said = compiled.gettext(message.id)
        else:
            said = compiled.ngettext(*message.id, 1)
        assert said == forms(message)[0]


def test_french_spaces_do_not_break() -> None:
    texts = [form for message in translated(french()) for form in forms(message)]

    assert [text for text in texts if LOOSE_SIGN.search(text)] == []
    assert [text for text in texts if FOREIGN_SIGN.search(text)] == []


def test_french_month_names_are_twelve_words() -> None:
    context = "the twelve short month names of clinical dates, separated by blanks"
    months = french().read().get("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", context)

    assert months is not None
    assert len(months.string.split()) == 12


def test_names_of_roles_are_translated() -> None:
    path = settings.BASE_DIR / "config" / "roles.yaml"
    names = {role["name"] for role in yaml.safe_load(path.read_text())["roles"].values()}

    assert names <= {message.id for message in template()}


@pytest.mark.django_db
@pytest.mark.usefixtures("_reference_data")
def test_names_of_permissions_are_translated() -> None:
    shown = set(Permission.objects.filter(group__isnull=False).values_list("name", flat=True))

    assert shown
    assert shown <= {message.id for message in template()}


def test_french_is_spoken_once_compiled() -> None:
    messages.compile_all()

    spoken = DjangoTranslation("fr")

    assert spoken.gettext("Sign in") == "Se connecter"
    assert spoken.gettext("Ward manager") == "Cadre de santé"
    assert spoken.ngettext("unit", "units", 2) == "unités"


def test_keys_are_called_what_stands_on_them() -> None:
    messages.compile_all()

    with translation.override("fr"):
        assert ">Ctrl Entrée<" in kbd("Ctrl Enter")
        assert ">↑<" in kbd("ArrowUp")
