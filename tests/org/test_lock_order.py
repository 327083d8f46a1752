"""Acts that cross on one small tree wait for each other in one order (docs/adr/0011)."""

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction

from core.errors import Invalid
from org import services
from org.models import Assignment, Role, RolePlace, Site, Unit, UnitGroupGrant, User
from org.services.grants import unit_grants_rebuild
from tests.factories import org as people
from tests.factories.org import STARTED
from tests.fixtures.rivals import CLIENTS, ROUNDS, race

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
ROLES = ["doctor", "nurse", "pharmacist", "cashier", "storekeeper", "bed_manager"]
REFUSALS = {
    "assignment_over",
    "assignment_overlaps",
    "code_taken",
    "illegal_transition",
    "invalid",
    "unit_in_use",
    "version_conflict",
}


class Tree:
    """A ward with bays, three people, and acts on them that chance picks."""

    def __init__(self, hospital: people.Hospital) -> None:
        self.by = hospital.admin.pk
        self.ward = hospital.ward
        self.bays = [people.unit(hospital.ward, f"B{number}") for number in range(3)]
        self.users = [people.person(f"mixed-{number}") for number in range(3)]
        self.roles = list(Role.objects.filter(code__in=ROLES))
        self.acts: list[Callable[[random.Random], object]] = [
            self.create,
            self.move,
            self.close_or_open,
            self.start,
            self.start,
            self.end,
            self.switch,
            self.leave_or_return,
        ]

    def create(self, chance: random.Random) -> Unit:
        above = chance.choice([self.ward, *self.bays])
        code = f"N{chance.randrange(10**6)}"
        return services.unit_create(
            parent=above, code=code, name=code, kind="ward", by=None, at=STARTED
        )

    def move(self, chance: random.Random) -> Unit:
        bay, above = chance.choice(self.bays), chance.choice([self.ward, *self.bays])
        return services.unit_update(
            bay, values={"parent_id": above.pk}, version=None, by=self.by, at=STARTED
        )

    def close_or_open(self, chance: random.Random) -> Unit:
        verb = chance.choice([services.unit_close, services.unit_reopen, services.unit_reopen])
        bay = chance.choice(self.bays)
        return verb(bay, version=None, by=self.by, at=STARTED, reason="race")

    def start(self, chance: random.Random) -> Assignment:
        return services.assignment_start(
            user=chance.choice(self.users),
            role=chance.choice(self.roles),
            unit=chance.choice([self.ward, *self.bays]),
            starts_at=STARTED,
            by=None,
            at=STARTED,
        )

    def end(self, chance: random.Random) -> Assignment | None:
        rows = Assignment.objects.filter(user__in=self.users, cancelled_at__isnull=True)
        row = chance.choice([*rows, None])
        soon = STARTED + timedelta(hours=chance.randrange(3))
        return row and services.assignment_end(
            row, ends_at=soon, by=self.by, at=STARTED, reason="race"
        )

    def switch(self, chance: random.Random) -> object:
        return services.activation_set(
            unit=chance.choice(self.bays),
            module="beds",
            level=chance.choice(["live", "training", "read_only"]),
            reason="race",
            by=None,
            at=STARTED,
        )

    def leave_or_return(self, chance: random.Random) -> User:
        verb = chance.choice([services.account_suspend, services.account_activate])
        return verb(chance.choice(self.users), by=self.by, at=STARTED, reason="race")


def _grants() -> set[tuple[int, int]]:
    return set(UnitGroupGrant.objects.values_list("group_id", "content_object_id"))


def test_mixed_acts_on_one_tree_close_no_circle(committed_hospital: people.Hospital) -> None:
    tree = Tree(committed_hospital)
    for number in range(ROUNDS):

        def act(client: int, number: int = number) -> object:
            chance = random.Random(f"{number}:{client}")
            return tree.acts[(client + number) % len(tree.acts)](chance)

        result = race(act)
        assert result.broken == []
        assert set(result.refused) <= REFUSALS
    assert RolePlace.objects.filter(unit__in=tree.bays).exists()
    stored = _grants()
    with transaction.atomic():
        UnitGroupGrant.objects.all().delete()
        for site in Site.objects.all():
            unit_grants_rebuild(site_id=site.pk)
    assert stored == _grants()


def test_no_unit_is_made_below_one_that_closes_at_that_moment(
    committed_hospital: people.Hospital,
) -> None:
    for number in range(ROUNDS):
        bay = people.unit(committed_hospital.ward, f"B{number}")

        def act(client: int, bay: Unit = bay) -> Unit:
            if client % 4 == 0:
                return services.unit_close(
                    bay, version=None, by=committed_hospital.admin.pk, at=STARTED, reason="race"
                )
            code = f"{bay.code}-{client}"
            return services.unit_create(
                parent=bay, code=code, name=code, kind="ward", by=None, at=STARTED
            )

        result = race(act)
        assert result.broken == []
        assert set(result.refused) <= {"invalid", "unit_in_use"}
        is_open = Unit.objects.get(pk=bay.pk).is_active
        below = Unit.objects.filter(parent=bay).count()
        assert (below > 0) is is_open
        assert len(result.won) == (below if is_open else CLIENTS // 4)


def test_no_unit_moves_or_opens_below_one_that_closes_at_that_moment(
    committed_hospital: people.Hospital,
) -> None:
    by = committed_hospital.admin.pk
    for number in range(ROUNDS):
        bay = people.unit(committed_hospital.ward, f"B{number}")
        mover = people.unit(committed_hospital.ward, f"M{number}")
        below = people.unit(bay, f"S{number}")
        services.unit_close(below, version=None, by=by, at=STARTED, reason="race")

        def act(client: int, units: tuple[Unit, Unit, Unit] = (bay, mover, below)) -> Unit:
            bay, mover, below = units
            if client % 3 == 0:
                values = {"parent_id": bay.pk}
                return services.unit_update(mover, values=values, version=None, by=by, at=STARTED)
            verb, unit = (
                (services.unit_close, bay)
                if client % 3 == 1
                else (
                    services.unit_reopen,
                    below,
                )
            )
            return verb(unit, version=None, by=by, at=STARTED, reason="race")

        result = race(act)
        assert result.broken == []
        open_below = Unit.objects.filter(parent=bay, is_active=True).count()
        assert Unit.objects.get(pk=bay.pk).is_active is (open_below > 0)


def test_below_a_closed_unit_none_is_made_whatever_the_caller_saw(
    committed_hospital: people.Hospital,
) -> None:
    seen_open = people.unit(committed_hospital.ward, "B1")
    services.unit_close(
        Unit.objects.get(pk=seen_open.pk),
        version=None,
        by=committed_hospital.admin.pk,
        at=STARTED,
        reason="empty",
    )
    with pytest.raises(Invalid) as refused:
        people.unit(seen_open, "B1-1")
    assert refused.value.field == "parent"
