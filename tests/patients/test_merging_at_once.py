"""Several people at the same records at once: one right answer, and no row left behind."""

from collections import Counter
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from patients import services
from patients.models import Contact, MergeCase, Patient, PatientWord
from patients.selectors.merging import keys
from tests.factories import org as people
from tests.factories import patients
from tests.factories.merging import merged
from tests.factories.org import STARTED
from tests.fixtures.rivals import one_winner, race

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
SOME = 3


def two(hospital: people.Hospital, number: int) -> tuple[Patient, Patient]:
    clerk = hospital.person("front_desk")
    who = {"family": f"Nowak{'abcdefgh'[number]}", "birth": None}
    winner = patients.patient(hospital.ward, clerk, **who)
    loser = patients.patient(hospital.ward, clerk, **who, given="Eva")
    return winner, loser


def reviewed(hospital: people.Hospital, winner: Patient, loser: Patient) -> MergeCase:
    clerk, officer = hospital.person("front_desk"), hospital.person("records_officer")
    case = services.merge_propose(winner, loser, reason="same", by=clerk.pk, at=STARTED)
    return services.merge_review(case, version=1, by=officer.pk, at=STARTED)


def execute(hospital: people.Hospital, case: MergeCase, winner: Patient, loser: Patient) -> Any:
    return services.merge_execute(
        case,
        version=2,
        seen=(winner.version, loser.version),
        by=hospital.person("records_officer").pk,
        at=STARTED,
    )


def nothing_left_behind() -> None:
    gone = Patient.objects.filter(state="merged").values("pk")
    for key in keys():
        left = key.model._base_manager.filter(**{f"{key.field.name}__in": gone})
        assert not left.exists(), key


def test_one_merge_is_done_once(committed_hospital: people.Hospital) -> None:
    for number in range(SOME):
        winner, loser = two(committed_hospital, number)
        case = reviewed(committed_hospital, winner, loser)

        def act(_client: int, case: MergeCase = case, who: Any = (winner, loser)) -> Any:
            return execute(committed_hospital, case, *who)

        one_winner(act, "version_conflict", clients=6)
        case.refresh_from_db()
        assert case.state == "executed"
    nothing_left_behind()


def test_of_two_merges_against_each_other_one_is_done(committed_hospital: people.Hospital) -> None:
    for number in range(SOME):
        one, other = two(committed_hospital, number)
        cases = [
            (reviewed(committed_hospital, one, other), one, other),
            (reviewed(committed_hospital, other, one), other, one),
        ]

        def act(client: int, cases: Any = cases) -> Any:
            return execute(committed_hospital, *cases[client])

        one_winner(act, "patient_merged", clients=2)
        assert Patient.objects.filter(pk__in=[one.pk, other.pk], state="merged").count() == 1
    nothing_left_behind()


def test_a_merge_beside_edits_of_the_loser_loses_none(committed_hospital: people.Hospital) -> None:
    clerk = committed_hospital.person("front_desk")
    for number in range(SOME):
        winner, loser = two(committed_hospital, number)
        case = reviewed(committed_hospital, winner, loser)

        def act(client: int, case: MergeCase = case, who: Any = (winner, loser)) -> Any:
            if client == 0:
                return execute(committed_hospital, case, *who)
            return services.contact_add(
                who[1], name=f"Jo {client}", kinds=["proxy"], by=clerk.pk, at=STARTED
            )

        found = race(act, clients=5)
        assert found.broken == []
        assert set(found.refused) <= {"patient_merged", "version_conflict"}
        written = sum(isinstance(each, Contact) for each in found.won)
        loser.refresh_from_db()
        stands = loser.merged_into_id or loser.pk
        assert Contact.objects.filter(patient=stands).count() == written
        assert found.refused == Counter(
            {"patient_merged": 4 - written} if loser.merged_into_id else {"version_conflict": 1}
        )
    nothing_left_behind()


def test_a_row_that_comes_past_every_service_does_not_stay_with_a_merged_record(
    committed_hospital: people.Hospital,
) -> None:
    clerk, officer = (committed_hospital.person(r) for r in ("front_desk", "records_officer"))
    winner, loser = two(committed_hospital, 0)
    merged(winner, loser, by=clerk, second=officer)
    word = PatientWord.objects.filter(patient=winner).first()
    assert word is not None
    with pytest.raises(OperationalError, match="was merged"), transaction.atomic():
        PatientWord.objects.create(patient=loser, word_id=word.word_id, is_family=False)
    with pytest.raises(OperationalError, match="was merged"), transaction.atomic():
        PatientWord.objects.filter(pk=word.pk).update(patient=loser)


def test_every_table_that_goes_along_has_the_guard(committed_hospital: people.Hospital) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, substr(tgname, 12) FROM pg_trigger "
            "WHERE tgname LIKE 'hms\\_merged\\_%%'"
        )
        found = set(cursor.fetchall())
    assert found == {(key.model._meta.db_table, key.column) for key in keys()}
