"""Numbers of people as they are compared: phones, and numbers on papers."""

import re
import unicodedata

# Country codes and the zero in front differ in how people write them; the last nine digits do not.
SAME_DIGITS = 9
FEWEST_DIGITS, MOST_DIGITS = 6, 17
FEWEST_SIGNS, MOST_SIGNS = 3, 40
_PHONE = re.compile(r"\+?[\d\s().\-/]+")
_SIGNS = re.compile(r"[0-9A-Z]+")


def phone_digits(text: str) -> str:
    """Return the digits of a phone number, "" for what is none."""
    folded = unicodedata.normalize("NFKC", text).strip()
    if not _PHONE.fullmatch(folded):
        return ""
    digits = "".join(sign for sign in folded if sign.isdecimal() and sign.isascii())
    return digits if FEWEST_DIGITS <= len(digits) <= MOST_DIGITS else ""


def phone_key(text: str) -> str:
    """Return what two spellings of one phone number have in common, "" for no phone number."""
    return phone_digits(text).lstrip("0")[-SAME_DIGITS:]


def number_key(text: str) -> str:
    """Return the number on a paper as it is compared: letters and digits only; "" for none."""
    found = "".join(_SIGNS.findall(unicodedata.normalize("NFKC", text).upper()))
    return found if FEWEST_SIGNS <= len(found) <= MOST_SIGNS else ""


def ending(text: str, *, length: int = 3) -> str:
    """Return the end by which people tell numbers apart; never more than half of it."""
    return text[-min(length, len(text) // 2) :] if len(text) > 1 else ""
