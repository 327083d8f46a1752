"""What somebody is asked before they come, and how the answers are kept. Pure."""

import json
from collections.abc import Mapping
from datetime import date

from patients.rules.identity import NOT_KNOWN, BirthOn

# In the order in which the desk reads them.
ASKED = (
    *("family", "given", "birth_family", "birth", "sex"),
    *("national", "national_issuer"),
    *("mobile", "phone", "street", "house_number", "postcode", "locality", "region", "country"),
    *("language", "interpreter", "needs"),
    *("kin_name", "kin_relationship", "kin_phone"),
)


def packed(values: Mapping[str, object]) -> str:
    """Return the answers that say something, as text to be sealed; of other names none is kept."""
    kept: dict[str, object] = {}
    for name in ASKED:
        value = values.get(name)
        if isinstance(value, BirthOn):
            if (day := value.day) is not None:
                kept[name] = [day.isoformat(), str(value.precision)]
        elif isinstance(value, list):
            if value:
                kept[name] = [str(each) for each in value]
        elif value and str(value).strip():
            kept[name] = " ".join(str(value).split())
    return json.dumps(kept, ensure_ascii=False)


def unpacked(text: str) -> dict[str, object]:
    """Return the answers as a form holds them; none for ""."""
    found: dict[str, object] = json.loads(text) if text else {}
    birth = found.get("birth")
    if isinstance(birth, list):
        found["birth"] = BirthOn(date.fromisoformat(birth[0]), birth[1])
    return found


def born_of(answers: Mapping[str, object]) -> BirthOn:
    """Return the day of birth that was told, or that none was."""
    found = answers.get("birth")
    return found if isinstance(found, BirthOn) else NOT_KNOWN
