"""Sixteen people at once: one wins, the others get a clean answer, numbers have no gaps."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client

from core.ids import number_draw, series_open
from core.models import Event
from org import services
from org.models import (
    ActivationEvent,
    ActivationVersion,
    Assignment,
    ModuleActivation,
    Role,
    Unit,
    User,
)
from org.permissions import grants_of
from tests.factories import org as people
from tests.factories.org import STARTED
from tests.factories.sessions import sign_in
from tests.fixtures.rivals import CLIENTS, ROUNDS, all_win, one_winner, race

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


def test_of_sixteen_overlapping_assignments_one_starts(
    committed_hospital: people.Hospital,
) -> None:
    doctor = Role.objects.get(code="doctor")
    for number in range(ROUNDS):
        user = people.person(f"rival-{number}")

        def start(client: int, user: object = user) -> Assignment:
            return services.assignment_start(
                user=user,
                role=doctor,
                unit=committed_hospital.clinic,
                starts_at=STARTED + timedelta(hours=client),
                ends_at=STARTED + timedelta(days=2),
                by=None,
                at=STARTED,
            )

        winner = one_winner(start, "assignment_overlaps")
        assert Assignment.objects.get(user=user) == winner


def test_different_people_may_start_at_the_same_place_at_once(
    committed_hospital: people.Hospital,
) -> None:
    doctor = Role.objects.get(code="doctor")
    users = [people.person(f"doctor-{number}") for number in range(CLIENTS)]
    all_win(
        lambda client: services.assignment_start(
            user=users[client],
            role=doctor,
            unit=committed_hospital.clinic,
            starts_at=STARTED,
            by=None,
            at=STARTED,
        )
    )
    assert Assignment.objects.filter(unit=committed_hospital.clinic, role=doctor).count() == CLIENTS


def test_numbers_drawn_at_once_have_neither_gap_nor_double(transactional_db) -> None:
    series_open("invoice", width=4)

    def draw(client: int) -> str:
        with transaction.atomic():
            number = number_draw("invoice")
            if client % 4 == 0:
                transaction.set_rollback(True)
                return "given back"
            return number

    drawn = [number for _round in range(ROUNDS) for number in all_win(draw)]
    kept = sorted(number for number in drawn if number != "given back")
    assert kept == [f"{value:04d}" for value in range(1, ROUNDS * CLIENTS * 3 // 4 + 1)]


def test_of_sixteen_changes_of_one_version_one_is_made(
    committed_hospital: people.Hospital,
) -> None:
    levels = ["live", "read_only", "training"]
    before = ActivationVersion.objects.filter(pk=1).values_list("value", flat=True).first() or 1
    for number in range(ROUNDS):

        def switch(_client: int, number: int = number) -> ModuleActivation:
            return services.activation_set(
                unit=committed_hospital.ward,
                module="beds",
                level=levels[number % 3],
                reason="race",
                by=None,
                at=STARTED,
                version=number,
            )

        one_winner(switch, "version_conflict")
    assert ActivationEvent.objects.count() == ROUNDS
    assert ActivationVersion.objects.get().value == before + ROUNDS


def test_of_sixteen_units_with_one_code_one_is_made(committed_hospital: people.Hospital) -> None:
    for number in range(ROUNDS):
        code = f"R{number}"

        def create(client: int, code: str = code) -> Unit:
            return services.unit_create(
                parent=committed_hospital.ward,
                code=code if client % 2 else code.lower(),
                name="Rival",
                kind="ward",
                by=None,
                at=STARTED,
            )

        winner = one_winner(create, "code_taken")
        assert Unit.objects.get(code__iexact=code) == winner


def test_units_of_different_codes_are_all_made_with_their_grants(
    committed_hospital: people.Hospital,
) -> None:
    made = all_win(
        lambda client: services.unit_create(
            parent=committed_hospital.ward,
            code=f"N{client}",
            name="New",
            kind="ward",
            by=None,
            at=STARTED,
        )
    )
    nurse = User.objects.get(pk=committed_hospital.person("nurse").pk)
    assert {unit.pk for unit in made} <= grants_of(nurse, at=STARTED).all_unit_ids()


def test_a_repeated_post_under_one_key_happens_once(committed_hospital: people.Hospital) -> None:
    clients = []
    for _number in range(CLIENTS):
        client = Client()
        sign_in(client, committed_hospital.admin)
        clients.append(client)
    for number in range(ROUNDS):
        body = {
            "parent": str(committed_hospital.root.public_id),
            "code": f"K{number}",
            "name": "Once",
            "kind": "ward",
        }

        def post(client: int, body: dict[str, str] = body, number: int = number) -> object:
            return clients[client].post(
                "/api/v1/org/units/",
                body,
                content_type="application/json",
                headers={"Idempotency-Key": f"key-{number}"},
            )

        result = race(post)
        assert result.broken == []
        assert set(result.refused) <= {"409"}
        assert {answer.status_code for answer in result.won} == {201}
        assert len({answer.content for answer in result.won}) == 1
        first = [answer for answer in result.won if "Idempotent-Replay" not in answer]
        assert len(first) == 1
        assert Unit.objects.filter(code=body["code"]).count() == 1
    facts = Counter(
        Event.objects.filter(name="org.UnitCreated").values_list("order_key", flat=True)
    )
    assert max(facts.values()) == 1
