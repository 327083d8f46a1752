"""How long finding a patient takes, and how that grows: 10,000 to 1,000,000 records.

The records are invented and written set-based; every run makes the same ones. Names are drawn as
people's are: some very common, most rare. What is timed is a whole request of the search box as it
is asked while typing: session, rights, search, the region, a row on the trail for each patient.
"""

import io
import itertools
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench.place import Place
from core import clock
from core.ids import with_check_digit
from org import services
from org.models import Role
from patients.rules.names import sound

SIZES = [int(size) for size in os.environ.get("BENCH_PATIENTS", "10000,100000,1000000").split(",")]
PORTION = 10_000
ASKED = int(os.environ.get("BENCH_ROUNDS", "100"))
LETTERS = (
    "babebibodadedofafegagohahejajokakekikolalelilomamemimonaneninopaperarerirosasesisotatetitovavevi"
    "waweyayozaanenin"
)
SYLLABLES = [LETTERS[at : at + 2] for at in range(0, len(LETTERS), 2)]
COMMON_FAMILIES, FAMILIES, GIVENS = 800, 120_000, 6_000
Person = tuple[str, str, date]
COPIED = {
    "patients_patient": (
        "id, public_id, version, occurred_at, source, site_id, mrn, state, family, given, title, "
        "sex, birth_on, birth_precision, language, interpreter, needs, description, "
        "special_care_sealed"
    ),
    "patients_nameword": "id, word, sound",
    "patients_patientword": "word_id, patient_id, is_family",
}


class Names:
    """Invented names: a few that many bear, and many that few bear."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.families = self._made(FAMILIES, 2, 4)
        self.givens = self._made(GIVENS, 2, 3)

    def _made(self, count: int, least: int, most: int) -> list[str]:
        found: dict[str, None] = {}
        while len(found) < count:
            length = self.dice.randint(least, most)
            found["".join(self.dice.choices(SYLLABLES, k=length))] = None
        return list(found)

    def person(self) -> Person:
        """Return one invented person."""
        is_common = self.dice.random() < 0.4
        families = self.families[:COMMON_FAMILIES] if is_common else self.families
        given = self.givens[int(len(self.givens) * self.dice.random() ** 3)]
        born = date(1930, 1, 1) + timedelta(days=self.dice.randrange(35_000))
        return self.dice.choice(families), given, born


def load(site_id: int, count: int) -> list[Person]:
    """So many patients with their words exist; returns a sample of them."""
    dice = random.Random(7)
    names = Names(dice)
    files = {table: io.StringIO() for table in COPIED}
    words: dict[str, int] = {}
    sample: list[Person] = []
    for number in range(1, count + 1):
        family, given, born = names.person()
        if number % max(1, count // 2_000) == 0:
            sample.append((family, given, born))
        mrn = with_check_digit(f"{site_id * 10_000_000 + number:09}")
        files["patients_patient"].write(
            f"{number}\t00000000-0000-4000-8000-{number:012}\t1\t2026-01-01\timport\t{site_id}\t"
            f"{mrn}\tregistered\t{family.title()}\t{given.title()}\t\tfemale\t{born}\tday\t\t\t{{}}\t\t\n"
        )
        for word, is_family in ((family, "t"), (given, "f")):
            key = words.setdefault(word, len(words) + 1)
            files["patients_patientword"].write(f"{key}\t{number}\t{is_family}\n")
    for word, key in words.items():
        files["patients_nameword"].write(f"{key}\t{word}\t{sound(word)}\n")
    _copy(files)
    return sample


def _copy(files: dict[str, io.StringIO]) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute("TRUNCATE patients_patient, patients_nameword, patients_patientword CASCADE")
        cursor.execute("ALTER TABLE patients_patient DISABLE TRIGGER USER")
        for table in ("patients_nameword", "patients_patient", "patients_patientword"):
            copied(cursor, f"{table} ({COPIED[table]})", files[table])
        cursor.execute("ALTER TABLE patients_patient ENABLE TRIGGER USER")
        for table in COPIED:
            cursor.execute(f"VACUUM ANALYZE {table}")


def copied(cursor: Any, into: str, file: io.StringIO) -> None:
    """Write the lines in portions that the socket holds while a busy server does not read."""
    file.seek(0)
    while lines := list(itertools.islice(file, PORTION)):
        cursor.copy_expert(f"COPY {into} FROM STDIN", io.StringIO("".join(lines)))
    file.close()


def _slip(dice: random.Random, word: str) -> str:
    at = dice.randrange(1, len(word))
    kind = dice.randrange(3)
    if kind == 0:
        return word[:at] + word[at + 1 :]
    if kind == 1:
        return word[:at] + dice.choice("aeiourstln") + word[at + 1 :]
    return word[:at] + word[at] + word[at:]


Ask = Callable[[random.Random, Person], str]
KINDS: dict[str, Ask] = {
    "given and family name": lambda _dice, who: f"{who[1]} {who[0]}",
    "family name first": lambda _dice, who: f"{who[0]} {who[1]}",
    "both misspelt": lambda dice, who: f"{_slip(dice, who[1])} {_slip(dice, who[0])}",
    "family name, two letters": lambda _dice, who: f"{who[0]} {who[1][:2]}",
    "beginnings of both": lambda _dice, who: f"{who[1][:3]} {who[0][:3]}",
    "family name alone": lambda _dice, who: who[0],
    "three letters": lambda _dice, who: who[0][:3],
    "family name and birth": lambda _dice, who: f"{who[0]} {who[2]:%d.%m.%Y}",
    "day of birth": lambda _dice, who: f"{who[2]:%d.%m.%Y}",
}


def _times(client: Client, sample: list[Person], ask: Ask) -> Iterator[tuple[float, bool]]:
    dice = random.Random(11)
    region = {"HX-Request": "true", "HX-Target": "section#results"}
    for _round in range(ASKED):
        who = dice.choice(sample)
        text = ask(dice, who)
        start = time.perf_counter()
        answer = client.get("/patients/", {"q": text}, headers=region)
        taken = (time.perf_counter() - start) * 1000
        assert answer.status_code == 200
        yield taken, f"{who[1].title()}".encode() in answer.content


def p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


def measure(place: Place) -> None:
    """Print the medians and 95th percentiles of the section `patients`."""
    clerk = services.person_create(
        username="bench-clerk", family_name="Clerk", by=None, at=clock.now()
    )
    clerk = services.account_activate(clerk, by=None, at=clock.now(), reason="bench")
    services.assignment_start(
        user=clerk,
        role=Role.objects.get(code="front_desk"),
        unit=place.root,
        starts_at=clock.now(),
        by=None,
        at=clock.now(),
    )
    client = Client()
    client.force_login(clerk, backend="org.backends.UsernameBackend")
    print("\n## Finding a patient: median / p95 in ms, share in which the person is on the list")
    for size in SIZES:
        start = time.perf_counter()
        sample = load(place.root.site_id, size)
        client.get("/patients/", {"q": "warm up"})
        print(f"\n{size:,} records (written in {time.perf_counter() - start:.0f} s)")
        for name, ask in KINDS.items():
            found = list(_times(client, sample, ask))
            times = [taken for taken, _is_there in found]
            share = sum(is_there for _taken, is_there in found) / len(found)
            print(f"{name:26} {statistics.median(times):6.1f} / {p95(times):6.1f}  {share:4.0%}")
        with CaptureQueriesContext(connections["default"]) as queries:
            client.get("/patients/", {"q": f"{sample[0][1]} {sample[0][0]}"})
        print(f"{'statements a request':26} {len(queries)}")
