"""Invented people who said who they are before they come, and one who was only asked."""

from datetime import date
from typing import Any

from patients.rules.identity import BirthOn

# What was noted for whom it is, what was answered, and how many hours ago; the first is registered
# already and has a new phone.
ANSWERED: tuple[tuple[str, dict[str, Any], int], ...] = (
    (
        "Tuesday, check of the hip",
        {
            "family": "Nowak",
            "given": "Anna Maria",
            "birth": BirthOn(date(1981, 3, 7), "day"),
            "sex": "female",
            "mobile": "0555 010 177",
            "street": "Long Lane",
            "house_number": "12",
            "postcode": "40110",
            "locality": "Riverside",
            "kin_name": "Piotr Nowak",
            "kin_relationship": "Husband",
        },
        5,
    ),
    (
        "",
        {
            "family": "Lindqvist",
            "given": "Maja",
            "birth": BirthOn(date(1996, 9, 14), "day"),
            "sex": "female",
            "mobile": "0555 010 178",
            "language": "sv",
            "needs": ["wheelchair"],
            "street": "Station Road",
            "house_number": "8",
            "postcode": "40112",
            "locality": "Riverside",
        },
        26,
    ),
)
INVITED = ("Mr Sato, Friday morning",)
