"""Invented tasks of Riverside General: a few in every unit where tasks run."""

from typing import NamedTuple


class Asked(NamedTuple):
    """Something to do: how long ago it was asked, by the minute, and how urgent it is."""

    kind: str
    detail: str
    role: str
    priority: str
    minutes_ago: int


# Of a ward, or any other unit where nurses and doctors work.
WARD = (
    Asked("request", "Bring the blood warmer to the treatment room", "nurse", "stat", 4),
    Asked("request", "Second signature for the opioid count", "nurse", "asap", 25),
    Asked("call", "Tell the family when visiting hours are", "nurse", "routine", 900),
    Asked("paperwork", "Sign the discharge letter", "doctor", "urgent", 310),
    Asked("request", "Look at the leg again after the dressing change", "doctor", "urgent", 95),
    Asked("paperwork", "Send the transport request to the ambulance desk", "", "routine", 200),
)
DESK = (
    Asked("call", "Move the appointment of Thursday", "front_desk", "routine", 1500),
    Asked("paperwork", "Insurance card is missing in the file", "front_desk", "routine", 260),
    Asked("request", "Interpreter for the afternoon", "front_desk", "urgent", 60),
)
LAB = (
    Asked("request", "Look for the second tube of the morning round", "lab_technician", "asap", 70),
    Asked("paperwork", "Maintenance sheet of the analyser", "lab_technician", "routine", 800),
)
OFFICE = (Asked("request", "Check the printer on the ground floor", "", "routine", 100),)
TASKS: dict[str, tuple[Asked, ...]] = {
    "W-MED-A": WARD,
    "ED": WARD[:5],
    "CL-MED": WARD[2:],
    "CL-PAED": WARD[3:],
    "CL-ORTHO": WARD[4:],
    "CL-ANC": WARD[2:4],
    "FRONT": DESK,
    "LAB": LAB,
    "PHARM": (Asked("request", "Two boxes of insulin for the ward", "pharmacist", "urgent", 30),),
    "IT": OFFICE,
}
