"""Who sees whom at 200,000 patients and 12,000 people (ADR 0022): a nurse's list, record, search.

Each patient was in the care of two wards before; one in fifty is in one now. Timed is the question
itself, without a request around it: rights of the person, then the rows.
"""

import io
import random
import statistics
import time
from collections.abc import Callable

from django.db import connections

from bench import patients as found
from bench.place import Place
from core import clock
from org.models import Unit, User
from org.permissions import Grants, grants_of
from patients import selectors
from patients.models import Patient
from patients.permissions import visible_to

PATIENTS, ASKED = 200_000, 200
PAGE = 50
Ask = Callable[[Grants, Patient], object]


def _cared_for(units: list[int], count: int) -> None:
    """Every patient was in two wards once; one in fifty is in one now."""
    dice, file, key = random.Random(3), io.StringIO(), 0
    for patient in range(1, count + 1):
        periods = ['["2026-01-01","2026-01-05")', '["2026-03-01","2026-03-04")']
        if patient % 50 == 0:
            periods.append('["2026-11-01",)')
        for period in periods:
            key += 1
            file.write(
                f"{key}\t00000000-0000-4000-9000-{key:012}\t1\t"
                f"{patient}\t{dice.choice(units)}\t{period}\tstay\t\t\n"
            )
    columns = "id, public_id, version, patient_id, unit_id, period, cause, "
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE patients_caringunit DISABLE TRIGGER USER")
        found.copied(cursor, f"patients_caringunit ({columns} place, consultant)", file)
        cursor.execute("ALTER TABLE patients_caringunit ENABLE TRIGGER USER")
        cursor.execute("VACUUM ANALYZE patients_caringunit")


def _list(grants: Grants, _patient: Patient) -> object:
    rows = selectors.patient_list(grants=grants, at=clock.now())
    return list(rows.order_by("-id")[:PAGE])


def _theirs(grants: Grants, patient: Patient) -> object:
    return selectors.patient_get(grants=grants, public_id=patient.public_id, at=clock.now())


def _count(grants: Grants, _patient: Patient) -> object:
    return visible_to(grants, at=clock.now()).count()


def _search(grants: Grants, patient: Patient) -> object:
    text = f"{patient.given} {patient.family}"
    return selectors.search(text, grants=grants, today=clock.today(), at=clock.now())


KINDS: dict[str, Ask] = {
    "first page of the list": _list,
    "one record, by its id": _theirs,
    "how many they may see": _count,
    "search by both names": _search,
}


def measure(place: Place) -> None:
    """Print median and 95th percentile of each question, and of the rights themselves."""
    found.load(place.root.site_id, PATIENTS)
    _cared_for(list(Unit.objects.filter(kind="ward").values_list("pk", flat=True)), PATIENTS)
    dice = random.Random(5)
    people = list(User.objects.filter(username__startswith="person"))
    patients = list(Patient.objects.filter(pk__in=dice.sample(range(1, PATIENTS + 1), ASKED)))
    asked = [(dice.choice(people), dice.choice(patients)) for _each in range(ASKED)]
    held = [(grants_of(person, at=clock.now()), patient) for person, patient in asked]
    print(f"\n## Who sees whom: {PATIENTS:,} patients, {len(people):,} people; median / p95 in ms")
    _show("rights of a person", [_timed(grants_of, who, at=clock.now()) for who, _one in asked])
    for name, ask in KINDS.items():
        _show(name, [_timed(ask, grants, patient) for grants, patient in held])


def _timed(act: Callable[..., object], *values: object, **named: object) -> float:
    start = time.perf_counter()
    act(*values, **named)
    return (time.perf_counter() - start) * 1000


def _show(name: str, times: list[float]) -> None:
    print(f"{name:26} {statistics.median(times):6.1f} / {found.p95(times):6.1f}")
