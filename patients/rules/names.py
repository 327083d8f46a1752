"""Names as they are compared: without accents, in Latin letters, cut into words, by their sound."""

import re
from functools import lru_cache

from anyascii import anyascii
from jellyfish import metaphone
from rapidfuzz.distance import OSA

_APOSTROPHES = re.compile(r"['’ʼ`´]")
_DIPHTHONG = re.compile(r"[ae][iy]")
_LETTERS = re.compile(r"[a-z0-9]+")
# Words that families write or leave out: they say little about who somebody is.
PARTICLES = frozenset(
    [
        "al",
        "bin",
        "bint",
        "da",
        "dal",
        "de",
        "del",
        "della",
        "den",
        "der",
        "di",
        "dos",
        "du",
        "el",
        "ibn",
        "la",
        "las",
        "le",
        "les",
        "lo",
        "los",
        "mac",
        "mc",
        "o",
        "of",
        "san",
        "st",
        "ste",
        "ten",
        "ter",
        "the",
        "van",
        "von",
        "y",
    ]
)
SOUND_LENGTH = 8


@lru_cache(maxsize=100_000)
def words(text: str) -> tuple[str, ...]:
    """Return the words of a name in small Latin letters, in the order written.

    Accents are dropped, other scripts transliterated letter by letter; apostrophes join and
    hyphens part.
    """
    latin = anyascii(_APOSTROPHES.sub("", text)).casefold()
    return tuple(_LETTERS.findall(_APOSTROPHES.sub("", latin)))


def key_words(text: str) -> tuple[str, ...]:
    """Return the words without particles; all of them when nothing else is left."""
    found = words(text)
    return tuple(word for word in found if word not in PARTICLES) or found


@lru_cache(maxsize=100_000)
def sound(word: str) -> str:
    """Return how a Latin word sounds to an English ear (Metaphone); "" for digits.

    Meyer, Maier, Mayer and Meier are one sound.
    """
    return str(metaphone(_DIPHTHONG.sub("ai", word)))[:SOUND_LENGTH]


def nearness(typed: str, stored: str) -> float:
    """Return how alike two spellings are, 0 to 1: one less the share of letters to be mended.

    A letter more, less, another, or two exchanged is one slip (optimal string alignment).
    """
    return float(OSA.normalized_similarity(typed, stored))
