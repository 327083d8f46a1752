"""Invented patients of Riverside General: nobody here exists."""

from datetime import date
from typing import Any, NamedTuple

from patients.rules.identity import BirthOn


class Invented(NamedTuple):
    """One invented person, and the unit that they come to."""

    family: str
    given: str
    sex: str
    born: date
    unit: str
    more: dict[str, Any]

    def values(self) -> dict[str, Any]:
        """Return what a clerk would have typed."""
        who = {"family": self.family, "given": self.given, "sex": self.sex}
        return {**who, "birth": BirthOn(self.born, "day"), **self.more}


def _at(number: int, street: str, phone: str, **more: Any) -> dict[str, Any]:
    home = {"street": street, "house_number": str(number), "locality": "Riverside"}
    return {**home, "postcode": "40110", "mobile": phone, **more}


# Whose record is open to few.
RESTRICTED = "Patel"
PATIENTS = (
    Invented(
        "Nowak",
        "Anna Maria",
        "female",
        date(1981, 3, 7),
        "CL-MED",
        _at(12, "Long Lane", "0555 010 101", kin_name="Piotr Nowak", kin_relationship="Husband"),
    ),
    Invented(
        "Nowak", "Piotr", "male", date(1979, 11, 30), "CL-MED", _at(12, "Long Lane", "0555 010 102")
    ),
    Invented(
        "Diaz",
        "Rosa",
        "female",
        date(1990, 6, 1),
        "CL-ANC",
        _at(4, "Mill Road", "0555 010 103", language="es", interpreter="es"),
    ),
    Invented(
        "Haddad",
        "Omar",
        "male",
        date(1958, 1, 19),
        "CL-MED",
        _at(31, "Harbour Street", "0555 010 104", language="ar", needs=["hearing"]),
    ),
    Invented(
        "Nguyen",
        "Linh",
        "female",
        date(2019, 9, 12),
        "CL-PAED",
        _at(8, "Orchard Way", "0555 010 105", kin_name="Minh Nguyen", kin_relationship="Father"),
    ),
    Invented(
        "Okonkwo",
        "Chidi",
        "male",
        date(1972, 4, 25),
        "CL-ORTHO",
        _at(2, "Station Road", "0555 010 106", needs=["wheelchair"]),
    ),
    Invented(
        "Bernard",
        "Élodie",
        "female",
        date(1995, 12, 3),
        "CL-ANC",
        _at(17, "Rue du Pont", "0555 010 107", language="fr"),
    ),
    Invented(
        "Svensson",
        "Lars-Erik",
        "male",
        date(1941, 2, 14),
        "CL-ORTHO",
        _at(
            5, "Church Lane", "0555 010 108", kin_name="Maja Svensson", kin_relationship="Daughter"
        ),
    ),
    Invented(
        "Иванова",
        "Мария",
        "female",
        date(1968, 8, 22),
        "CL-MED",
        _at(9, "Long Lane", "0555 010 109", language="ru", interpreter="ru"),
    ),
    Invented(
        "Patel",
        "Priya",
        "female",
        date(1987, 5, 9),
        "CL-ANC",
        _at(23, "Market Square", "0555 010 110"),
    ),
)

# The same people once more, by clerks in a hurry; a merge of the second is proposed already.
TWICE = (
    Invented(
        "Dias",
        "Rosa Maria",
        "female",
        date(1990, 6, 1),
        "CL-ANC",
        _at(4, "Mill Road", "0555 010 103", language="es"),
    ),
    Invented(
        "Hadad",
        "Omar",
        "male",
        date(1958, 1, 19),
        "CL-MED",
        _at(18, "Station Road", "0555 010 104", needs=["hearing"]),
    ),
)
PROPOSED = "Omar"
WHY_TWICE = "The other record has another address"
WHY_ONE = "Identity card seen: the same man, his name with one d"
