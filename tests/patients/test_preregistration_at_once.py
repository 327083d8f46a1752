"""One answer by one link, one record of one answer, however many press at once."""

import pytest

from core import clock
from patients import services
from patients.models import Patient, PreRegistration
from tests.factories import org as people
from tests.factories import patients
from tests.fixtures.rivals import one_winner, race

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


def test_one_link_takes_one_answer(committed_hospital: people.Hospital) -> None:
    clerk = committed_hospital.person("front_desk")
    _row, token = patients.invited(committed_hospital.ward, clerk, at=clock.now())

    def send(client: int) -> PreRegistration:
        values = patients.values(given=f"Anna{'abcdefghijklmnop'[client]}")
        return services.preregistration_send(token, values=values, at=clock.now())

    one_winner(send, "link_gone")


def test_one_answer_becomes_one_record_or_none(committed_hospital: people.Hospital) -> None:
    ward, clerk = committed_hospital.ward, committed_hospital.person("front_desk")
    other = committed_hospital.person("records_officer")
    row = patients.told(ward, clerk, at=clock.now())

    def decide(client: int) -> object:
        by, now = (clerk, other)[client % 2].pk, clock.now()
        if client % 4 == 3:
            return services.preregistration_reject(row, reason="a joke", by=by, at=now)
        return services.preregistration_register(row, values=patients.values(), by=by, at=now)

    result = race(decide)
    row.refresh_from_db()
    assert result.broken == []
    assert set(result.refused) <= {"illegal_transition"}
    assert Patient.objects.count() == (1 if row.state == "accepted" else 0)
    assert row.answers_sealed == ""
