"""Translations without the system's gettext: extract, update, check and compile.

python -m scripts.messages extract    write locale/django.pot
python -m scripts.messages update     and bring every language's django.po up to date
python -m scripts.messages check      fail for what is missing, fuzzy, stale or wrong
python -m scripts.messages compile    write django.mo beside each django.po
"""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from scripts.console import fail, say
from scripts.role_texts import role_texts

ROOT = Path(__file__).resolve().parent.parent
NOT_PRODUCT = {"tests", "scripts", "bench", "docs", "locale", "var", "static", "node_modules"}
TEMPLATE_ENDINGS = {".html", ".txt", ".svg", ".typ", ".md"}
WIDTH = 100
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|\{\w*\}")
# How many arguments are text, and which: the form Babel's extractor reads.
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "_now": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
HEADER = "# Translations of the hospital management system.\n#"
# A date in the file would change with every run and say nothing that history does not.
NO_DATE = datetime(2000, 1, 1, tzinfo=UTC)
EMPTY_HEADERS = (b'"Generated-By:', b'"Report-Msgid', b'"Last-Translator', b'"Language-Team')


@dataclass
class Language:
    """The catalogue files of one language."""

    code: str
    folder: Path
    allowed_identical: set[str] = field(default_factory=set)

    @property
    def po(self) -> Path:
        return self.folder / "LC_MESSAGES" / "django.po"

    @property
    def mo(self) -> Path:
        return self.folder / "LC_MESSAGES" / "django.mo"

    def read(self) -> Catalog:
        """Return the translations so far, an empty catalogue when there are none."""
        if not self.po.exists():
            return Catalog(locale=self.code, charset="utf-8")
        with open(self.po, "rb") as file:
            return read_po(file, locale=self.code, domain="django")


def languages(root: Path = ROOT) -> list[Language]:
    """Return the languages that have a folder below locale/."""
    found = []
    for folder in sorted((root / "locale").glob("*/")):
        allowed = folder / "identical.txt"
        lines = allowed.read_text(encoding="utf-8").splitlines() if allowed.exists() else []
        strings = {line.rstrip() for line in lines if line.strip() and not line.startswith("#")}
        found.append(Language(folder.name, folder, strings))
    return found


# Extracting -------------------------------------------------------------------------------


def extract_all(root: Path = ROOT) -> Catalog:
    """Return every text of the product that is to be translated, with where it stands."""
    catalogue = Catalog(charset="utf-8", project="hms", header_comment=HEADER)
    catalogue.creation_date = NO_DATE
    catalogue.revision_date = NO_DATE
    for path in _sources(root):
        place = path.relative_to(root).as_posix()
        for line, text, comments, context in _extract_file(path):
            catalogue.add(
                text, locations=[(place, line)], auto_comments=comments, context=context or None
            )
    for place, text in role_texts(root):
        catalogue.add(text, locations=[(place, 1)])
    return catalogue


def _sources(root: Path) -> Iterator[Path]:
    for folder in sorted(root.iterdir()):
        if not folder.is_dir() or folder.name.startswith(".") or folder.name in NOT_PRODUCT:
            continue
        is_package = (folder / "__init__.py").exists()
        for path in sorted(folder.rglob("*")):
            below = path.relative_to(folder).parts
            is_code = is_package and path.suffix == ".py" and "migrations" not in below
            if is_code or (path.suffix in TEMPLATE_ENDINGS and _is_template(folder, below)):
                yield path


def _is_template(folder: Path, below: tuple[str, ...]) -> bool:
    return folder.name == "templates" or "templates" in below[:-1]


def _extract_file(path: Path) -> Iterator[tuple[int, str | tuple[str, ...], list[str], str | None]]:
    content = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        content = _template_as_python(content, str(path))
    return extract(
        "python",
        io.BytesIO(content.encode()),
        keywords=KEYWORDS,
        comment_tags=("Translators:",),
        strip_comment_tags=True,
    )


def _template_as_python(content: str, origin: str) -> str:
    """Return a template's texts as calls, one line for each line of the template."""
    from django.utils.translation.template import templatize

    calls = templatize(content, origin=origin)
    # Only the calls matter; the template's own indentation would be a syntax error.
    return "\n".join(line.strip() for line in calls.split("\n"))


# Updating ---------------------------------------------------------------------------------


def update(language: Language, template: Catalog) -> int:
    """The language's catalogue lists every text, old translations kept; return what it lacks."""
    catalogue = language.read()
    catalogue.update(template, no_fuzzy_matching=True)
    catalogue.creation_date = NO_DATE
    catalogue.revision_date = NO_DATE
    catalogue.header_comment = HEADER
    catalogue.fuzzy = False
    catalogue.project, catalogue.version = "hms", "1"
    content = _po_text(catalogue)
    if not language.po.exists() or language.po.read_bytes() != content:
        language.po.parent.mkdir(parents=True, exist_ok=True)
        language.po.write_bytes(content)
    return sum(not _is_translated(message) for message in catalogue if message.id)


def _po_text(catalogue: Catalog) -> bytes:
    buffer = io.BytesIO()
    # Line numbers would change the file with every edit anywhere.
    write_po(buffer, catalogue, width=WIDTH, include_lineno=False, sort_by_file=True)
    lines = buffer.getvalue().splitlines(keepends=True)
    return b"".join(line for line in lines if not line.startswith(EMPTY_HEADERS))


# Checking ---------------------------------------------------------------------------------


def problems(language: Language, template: Catalog) -> list[str]:
    """Return in words what is wrong with the language's catalogue."""
    catalogue = language.read()
    found = []
    for wanted in template:
        if not wanted.id:
            continue
        message = catalogue.get(wanted.id, wanted.context)
        if message is None:
            found.append(f"not in the catalogue (run `make messages`): {_first(wanted)!r}")
        else:
            found += _message_problems(language, catalogue, message)
    stale = [each for each in catalogue if each.id and template.get(each.id, each.context) is None]
    found += [f"no longer used (run `make messages`): {_first(each)!r}" for each in stale]
    return [f"{language.code}: {problem}" for problem in found]


def _message_problems(language: Language, catalogue: Catalog, message: Message) -> list[str]:
    source = _first(message)
    if not _is_translated(message):
        return [f"not translated: {source!r}"]
    found = []
    if message.fuzzy:
        found.append(f"marked as unsure: {source!r}")
    if _is_identical(message) and source not in language.allowed_identical:
        found.append(f"same as the English (allow it in identical.txt if right): {source!r}")
    found += [f"{error}: {source!r}" for error in message.check(catalogue)]
    found += [f"{fault}: {source!r}" for fault in _placeholder_faults(message)]
    return found


def _placeholder_faults(message: Message) -> list[str]:
    """Return what a translation shows too much or too little; a plural form may drop the count."""
    sources = [message.id] if isinstance(message.id, str) else list(message.id)
    wanted = {name for source in sources for name in PLACEHOLDER.findall(source)}
    faults = []
    for form in _forms(message):
        names = set(PLACEHOLDER.findall(form))
        faults += [f"unknown placeholder {name}" for name in sorted(names - wanted)]
        if len(sources) == 1:
            faults += [f"placeholder {name} is missing" for name in sorted(wanted - names)]
    return faults


def _first(message: Message) -> str:
    return message.id if isinstance(message.id, str) else str(message.id[0])


def _is_translated(message: Message) -> bool:
    forms = _forms(message)
    return bool(forms) and all(forms)


def _is_identical(message: Message) -> bool:
    source = _first(message)
    return source == _forms(message)[0] and any(letter.isalpha() for letter in source)


def _forms(message: Message) -> list[str]:
    translated = message.string
    return [translated] if isinstance(translated, str) else list(translated or ())


# Compiling --------------------------------------------------------------------------------


def compile_all(root: Path = ROOT) -> None:
    """Every language's django.mo is as new as its django.po."""
    for language in languages(root):
        if not language.po.exists() or _is_newer(language.mo, language.po):
            continue
        unfinished = language.mo.with_suffix(f".mo.{os.getpid()}")
        with open(unfinished, "wb") as file:
            write_mo(file, language.read())
        unfinished.replace(language.mo)


def _is_newer(made: Path, source: Path) -> bool:
    return made.exists() and made.stat().st_mtime > source.stat().st_mtime


# Command line -----------------------------------------------------------------------------


def _extract_command() -> int:
    template = extract_all()
    (ROOT / "locale").mkdir(exist_ok=True)
    (ROOT / "locale" / "django.pot").write_bytes(_po_text(template))
    say(f"{len(template)} texts.")
    return 0


def _update_command() -> int:
    template = extract_all()
    for language in languages():
        lacking = update(language, template)
        say(f"{language.code}: {len(template)} texts, {lacking} not translated.")
    return 0


def _check_command() -> int:
    template = extract_all()
    found = [problem for language in languages() for problem in problems(language, template)]
    for problem in found:
        say(problem)
    if found:
        fail(f"{len(found)} problems in the translations.")
    return 1 if found else 0


def _compile_command() -> int:
    compile_all()
    return 0


def main(arguments: list[str]) -> int:
    """Command line; returns the exit code."""
    commands = {
        "extract": _extract_command,
        "update": _update_command,
        "check": _check_command,
        "compile": _compile_command,
    }
    if len(arguments) != 1 or arguments[0] not in commands:
        fail(f"Usage: python -m scripts.messages {' | '.join(commands)}")
        return 2
    return commands[arguments[0]]()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
