"""scripts/messages.py: texts of code and templates, in and out of the catalogues."""

import gettext
import re
from pathlib import Path

import pytest

from scripts import messages

ROOMS = {"hms", "core", "audit", "org", "patients", "worklist"}
CODE = """\
from django.utils.translation import gettext_lazy as _, ngettext, pgettext

TITLE = _("Ward")


def beds(count: int) -> str:
    # Translators: shown on the board
    return ngettext("%(count)d bed", "%(count)d beds", count) % {"count": count}


MAY = pgettext("month", "May")
"""
TEMPLATE = """\
{% load i18n %}
<section>
      <h1 title="{% translate "Don't panic" %}">{% translate "Home" %}</h1>
  {% if x %}
        {# Translators: a greeting #}
        <p>{% blocktranslate trimmed with name=user.name %}
            Good morning,
            {{ name }}.
        {% endblocktranslate %}</p>
{% endif %}
   {% blocktranslate count n=rows|length %}{{ n }} row{% plural %}{{ n }} rows
   {% endblocktranslate %}
 {% include "part.html" with title=_("Patients") %} 'unbalanced " quotes
</section>
"""
ALL_TEXTS = {
    "Ward",
    "%(count)d bed",
    "May",
    "Don't panic",
    "Home",
    "Good morning, %(name)s.",
    "%(n)s row",
    "Patients",
}


@pytest.fixture
def product(tmp_path: Path) -> Path:
    """A small product with one package, one template and French."""
    (tmp_path / "ward").mkdir()
    (tmp_path / "ward" / "__init__.py").touch()
    (tmp_path / "ward" / "views.py").write_text(CODE)
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "home.html").write_text(TEMPLATE)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "__init__.py").write_text('_("not for translation")')
    (tmp_path / "locale" / "fr").mkdir(parents=True)
    return tmp_path


def texts(product: Path) -> set[str]:
    return {messages._first(each) for each in messages.extract_all(product) if each.id}


def french(product: Path) -> messages.Language:
    [language] = messages.languages(product)
    return language


def translate(product: Path, **forms: str) -> None:
    """Write a complete catalogue, each text marked, with the given exceptions."""
    template = messages.extract_all(product)
    messages.update(french(product), template)
    catalogue = french(product).read()
    for message in catalogue:
        if message.id:
            source = messages._first(message)
            text = forms.get(source, f"fr {source}")
            message.string = (text, text) if message.pluralizable else text
    french(product).po.write_bytes(messages._po_text(catalogue))


def test_every_text_of_code_and_templates_is_found(product: Path) -> None:
    assert texts(product) == ALL_TEXTS


def test_context_plural_and_comment_come_along(product: Path) -> None:
    template = messages.extract_all(product)

    assert template.get("May", "month") is not None
    beds = template.get("%(count)d bed")
    assert beds is not None
    assert beds.id == ("%(count)d bed", "%(count)d beds")
    assert beds.auto_comments == ["shown on the board"]


def test_updating_twice_changes_nothing(product: Path) -> None:
    template = messages.extract_all(product)
    assert messages.update(french(product), template) == len(ALL_TEXTS)
    first = french(product).po.read_bytes()

    messages.update(french(product), template)

    assert french(product).po.read_bytes() == first


def test_updating_keeps_translations(product: Path) -> None:
    translate(product, Ward="Service")
    (product / "ward" / "more.py").write_text('_("Discharge")')

    lacking = messages.update(french(product), messages.extract_all(product))

    ward = french(product).read().get("Ward")
    assert lacking == 1
    assert ward is not None
    assert ward.string == "Service"


def test_a_complete_catalogue_has_no_problems(product: Path) -> None:
    translate(product)

    assert messages.problems(french(product), messages.extract_all(product)) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "fr: not translated: 'Ward'"),
        ("Ward", "fr: same as the English (allow it in identical.txt if right): 'Ward'"),
    ],
)
def test_what_is_missing_is_named(product: Path, text: str, problem: str) -> None:
    translate(product, Ward=text)

    assert messages.problems(french(product), messages.extract_all(product)) == [problem]


def test_a_lost_placeholder_is_named(product: Path) -> None:
    translate(product, **{"Good morning, %(name)s.": "Bonjour."})

    [problem] = messages.problems(french(product), messages.extract_all(product))

    assert problem == "fr: placeholder %(name)s is missing: 'Good morning, %(name)s.'"


def test_an_identical_text_may_be_allowed(product: Path) -> None:
    translate(product, Ward="Ward")
    (product / "locale" / "fr" / "identical.txt").write_text("# same in both\nWard\n")

    assert messages.problems(french(product), messages.extract_all(product)) == []


def test_unsure_new_and_unused_texts_are_named(product: Path) -> None:
    translate(product)
    catalogue = french(product).read()
    ward = catalogue.get("Ward")
    assert ward is not None
    ward.flags.add("fuzzy")
    french(product).po.write_bytes(messages._po_text(catalogue))
    (product / "ward" / "views.py").write_text('_("Ward")\n_("Discharge")\n')

    found = messages.problems(french(product), messages.extract_all(product))

    assert "fr: marked as unsure: 'Ward'" in found
    assert "fr: not in the catalogue (run `make messages`): 'Discharge'" in found
    assert "fr: no longer used (run `make messages`): 'May'" in found


def test_compiled_translations_are_used(product: Path) -> None:
    translate(product, Ward="Service")

    messages.compile_all(product)

    with open(french(product).mo, "rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert compiled.gettext("Ward") == "Service"
    assert compiled.ngettext("%(count)d bed", "%(count)d beds", 2) == "fr %(count)d bed"


def test_compiling_again_touches_nothing(product: Path) -> None:
    translate(product)
    messages.compile_all(product)
    made = french(product).mo.stat().st_mtime_ns

    messages.compile_all(product)

    assert french(product).mo.stat().st_mtime_ns == made


def test_every_name_under_which_our_code_translates_is_read() -> None:
    alias = re.compile(r"\b(?:n|p|np)?gettext(?:_lazy|_noop)? as (\w+)")
    used = {
        name
        for path in messages.ROOT.glob("*/**/*.py")
        if path.relative_to(messages.ROOT).parts[0] in ROOMS
        for name in alias.findall(path.read_text(encoding="utf-8"))
    }
    assert "_now" in used
    assert used - set(messages.KEYWORDS) == set()
