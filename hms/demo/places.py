"""Riverside General: the tree of its units, and at which level each module runs there."""

from dataclasses import dataclass
from datetime import time

NAME = "Riverside General"
SITE_CODE = "RGH"
SITE_NAME = "Riverside General, Main site"
LOGO = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" role="img">
<title>Riverside General</title>
<rect width="64" height="64" rx="12" fill="#0b5563"/>
<path d="M27 10h10v10h10v10H37v10H27V30H17V20h10z" fill="#ffffff"/>
<path d="M8 50c8-7 16-7 24 0s16 7 24 0" fill="none" stroke="#7fd1c7" stroke-width="5"/>
</svg>
"""


_OFFICE = [["08:00", "12:30"], ["13:30", "17:30"]]
HOURS = {**dict.fromkeys("12345", _OFFICE), "6": [["08:00", "12:00"]], "7": []}
# Month and day: they come every year.
HOLIDAYS = ((1, 1, "New Year's Day"), (5, 1, "Labour Day"), (12, 25, "Christmas Day"))


@dataclass(frozen=True, slots=True)
class Place:
    """One unit below the site's root, or below the unit with code `below`."""

    code: str
    name: str
    kind: str
    below: str = ""
    beds: int = 0


PLACES = (
    Place("OPD", "Outpatient department", "clinic"),
    Place("FRONT", "Main front desk", "front_desk", "OPD"),
    Place("CL-MED", "Medicine clinic", "clinic", "OPD"),
    Place("CL-PAED", "Paediatrics clinic", "clinic", "OPD"),
    Place("CL-ORTHO", "Orthopaedics clinic", "clinic", "OPD"),
    Place("CL-ANC", "Antenatal clinic", "clinic", "OPD"),
    Place("ED", "Emergency department", "ed"),
    Place("INPAT", "Inpatient services", "office"),
    Place("W-MED-A", "Medical ward A", "ward", "INPAT", 28),
    Place("W-MED-B", "Medical ward B", "ward", "INPAT", 26),
    Place("W-SURG", "Surgical ward", "ward", "INPAT", 30),
    Place("W-MAT", "Maternity ward", "ward", "INPAT", 24),
    Place("W-PAED", "Children's ward", "ward", "INPAT", 18),
    Place("ICU", "Intensive care unit", "ward", "INPAT", 8),
    Place("THEATRE", "Operating theatres", "theatre", "INPAT"),
    Place("SUPPORT", "Clinical support services", "office"),
    Place("LAB", "Main laboratory", "lab", "SUPPORT"),
    Place("PHARM", "Main pharmacy", "pharmacy", "SUPPORT"),
    Place("STORE", "Main store", "store", "SUPPORT"),
    Place("ADMIN", "Administration", "office"),
    Place("BILLING", "Billing office", "billing", "ADMIN"),
    Place("CLAIMS", "Claims office", "billing", "ADMIN"),
    Place("PROGRAMME", "Programme office", "office", "ADMIN"),
    Place("IT", "IT office", "office", "ADMIN"),
    Place("TRAIN", "Training unit", "training", "ADMIN"),
)

FIRST_WAVE = ("registration", "appointments", "tasks", "orders", "billing")
OUTPATIENT = ("FRONT", "CL-MED", "CL-PAED", "CL-ORTHO", "CL-ANC")
OBSERVING = {"W-MED-A": ("registration", "beds", "orders")}
# Work that one asks of another runs where people are; the house itself has tasks too.
WITH_TASKS = ("", "ED", "W-MED-A", "LAB", "PHARM", "IT")
TRAINING = {"TRAIN": (*FIRST_WAVE, "beds", "lab", "pharmacy")}
LEVELS: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    *((code, FIRST_WAVE, "live", "First wave: outpatient services go live") for code in OUTPATIENT),
    ("BILLING", ("billing",), "live", "First wave: outpatient services go live"),
    *(
        (code, modules, "observe", "Staff look on before the second wave")
        for code, modules in OBSERVING.items()
    ),
    *((code, ("tasks",), "live", "One list of tasks for everybody") for code in WITH_TASKS),
    *((code, modules, "training", "Practice for everybody") for code, modules in TRAINING.items()),
)

# code, name, from, until, shift group
SHIFTS = (
    ("D", "Day", time(7), time(19), "day"),
    ("N", "Night", time(19), time(7), "night"),
)
# Units whose weeks are planned.
ROSTERED = ("W-MED-A", "W-MED-B", "ED", "ICU", "CL-MED")
