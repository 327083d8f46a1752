"""Which characters the shipped fonts can print, and what stands in for the others."""

import json
import re
import unicodedata
from functools import cache
from typing import Any

from django.utils.translation import gettext, gettext_noop

from core.documents.setter import FONTS

SYMBOLS = "Symbols"
HAN = "Han"
# Scripts with readers in hospitals that the shipped fonts lack, for the sentence on the page.
KNOWN = {
    name.upper(): name
    for name in (
        gettext_noop("Armenian"),
        gettext_noop("Bengali"),
        gettext_noop("Ethiopic"),
        gettext_noop("Georgian"),
        gettext_noop("Gujarati"),
        gettext_noop("Gurmukhi"),
        gettext_noop("Hebrew"),
        gettext_noop("Kannada"),
        gettext_noop("Khmer"),
        gettext_noop("Lao"),
        gettext_noop("Malayalam"),
        gettext_noop("Mongolian"),
        gettext_noop("Myanmar"),
        gettext_noop("Oriya"),
        gettext_noop("Sinhala"),
        gettext_noop("Syriac"),
        gettext_noop("Tamil"),
        gettext_noop("Telugu"),
        gettext_noop("Thaana"),
        gettext_noop("Thai"),
        gettext_noop("Tibetan"),
    )
}
OTHERS = (gettext_noop("Han"), gettext_noop("Symbols"))
# What comes after a script's name in the names of its characters.
AFTER_SCRIPT = re.compile(
    r"[ -](?:UNIFIED|LETTER|SYLLABLE|SYLLABICS|VOWEL|CONSONANT|CHARACTER|SIGN|DIGIT|CAPITAL|SMALL"
    r"|SUBJOINED|INDEPENDENT|AU|TONE|MARK|IDEOGRAPH)\b.*"
)
LINE_ENDS = re.compile(r"\r\n?|[\u0085\u2028\u2029]")
UNSEEN = {"Cc", "Cf", "Cs"}


@cache
def _uncovered() -> re.Pattern[str]:
    """Find what the fonts lack, in runs: words of one script with the blanks between them.

    Bidirectional overrides count as lacking: in a name they could make it read as another one.
    """
    pairs = json.loads((FONTS / "coverage.json").read_text("utf-8"))
    kept = "".join(f"{re.escape(chr(low))}-{re.escape(chr(high))}" for low, high in pairs)
    lacking = rf"(?:[^\n\t{kept}]|[\u202a-\u202e\u2066-\u2069\ue000-\uf8ff])"
    return re.compile(rf"{lacking}+(?: +{lacking}+)*")


def script_of(character: str, before: str = "") -> str:
    """Return the script's English name, "Symbols" for what belongs to none.

    A combining mark that many scripts share belongs to that of the letter before it.
    """
    if before and unicodedata.name(character, "").startswith("COMBINING"):
        return before
    if unicodedata.category(character)[0] not in "LMN":
        return SYMBOLS
    name = AFTER_SCRIPT.sub("", unicodedata.name(character, SYMBOLS))
    if name in {"CJK", "CJK COMPATIBILITY"}:
        return HAN
    return KNOWN.get(name, name.title())


def can_print(text: str) -> bool:
    """Say whether the fonts have every character of the text."""
    return not _uncovered().search(text)


def script_name(script: str) -> str:
    """Return the script's name in the active language; in English if that needs a missing font."""
    name = gettext(script)
    return name if can_print(name) else script


def _marker(script: str, character: str) -> str:
    """Write `[Bengali]` for words; rare Han and symbols by code point, which can be looked up."""
    if script in {HAN, SYMBOLS}:
        return f"[U+{ord(character):04X}]"
    return f"[{script_name(script)}]"


def printable(text: str, missing: set[str]) -> str:
    """Return the text as the fonts can print it; adds the scripts they lack to `missing`."""

    def replace(found: re.Match[str]) -> str:
        written: list[str] = []
        last, gap = "", ""
        for character in found.group():
            if character == " ":
                gap = " "
            elif unicodedata.category(character) not in UNSEEN:
                script = script_of(character, last)
                missing.add(script)
                if script != last or script in {HAN, SYMBOLS}:
                    written += [gap, _marker(script, character)]
                last, gap = script, ""
        return "".join(written) + gap

    return _uncovered().sub(replace, LINE_ENDS.sub("\n", text))


def printable_tree(value: Any, missing: set[str]) -> Any:
    """Return JSON data with every text made printable."""
    if isinstance(value, str):
        return printable(value, missing)
    if isinstance(value, dict):
        return {key: printable_tree(item, missing) for key, item in value.items()}
    if isinstance(value, list):
        return [printable_tree(item, missing) for item in value]
    return value
