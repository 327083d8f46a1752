"""The code lists that are shipped: substances and reactions, with their names. Read once."""

import csv
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "codes"
FALLBACK = "en"


@dataclass(frozen=True, slots=True)
class Code:
    """One entry: `names` by language, `words` under which it is found."""

    code: str
    names: dict[str, str]
    words: frozenset[str]
    category: str = ""
    group: str = ""

    def name(self, language: str) -> str:
        """Return the name in the language, or else in English."""
        return self.names.get(language.partition("-")[0]) or self.names[FALLBACK]


def folded(text: str) -> str:
    """Return the text without case, accents and doubled blanks."""
    split = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "oe").casefold())
    return " ".join("".join(char for char in split if not unicodedata.combining(char)).split())


def _read(name: str) -> dict[str, Code]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {row["code"]: _entry(row) for row in rows}


def _entry(row: dict[str, str]) -> Code:
    known = {"code", "category", "group", "synonyms"}
    names = {key: text for key, text in row.items() if key not in known and text}
    words = [*names.values(), row["code"], *(row.get("synonyms") or "").split(";")]
    return Code(
        code=row["code"],
        names=names,
        words=frozenset(folded(word) for word in words if word),
        category=row.get("category", ""),
        group=row.get("group", ""),
    )


@cache
def substances() -> dict[str, Code]:
    """Return every substance by its code."""
    return _read("substances.csv")


@cache
def reactions() -> dict[str, Code]:
    """Return every reaction by its code."""
    return _read("reactions.csv")


@cache
def _by_word() -> dict[str, Code]:
    return {word: entry for entry in substances().values() for word in entry.words}


def substance_find(text: str) -> Code | None:
    """Return the substance that is called so, in any language, by any of its words."""
    return _by_word().get(folded(text))


def name_of(entries: dict[str, Code], code: str, *, language: str, text: str = "") -> str:
    """Return what people read for a code; `text` for what stands in no list."""
    found = entries.get(code)
    return found.name(language) if found else text or code


def choices(entries: Iterable[Code], *, language: str) -> list[tuple[str, str]]:
    """Return code and name of each, in the order of the alphabet."""
    named = [(each.code, each.name(language)) for each in entries]
    return sorted(named, key=lambda pair: folded(pair[1]))
