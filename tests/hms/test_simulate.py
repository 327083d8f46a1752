"""The living hospital: the same seed, the same acts; all of them in simulated time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from audit.models import AuditEvent
from core import clock
from core.errors import Invalid
from core.models import Delivery
from hms.demo.load import load
from hms.simulation import acts, engine, scene
from org.models import FactArrival

NOW = datetime(2026, 3, 12, 9, 30, tzinfo=UTC)
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_reference_data")]


class _Undo(Exception):
    pass


@pytest.fixture
def demo(db: None) -> None:
    load(now=NOW, say=lambda _text: None)


def _lived(seed: int, days: int = 1) -> list[engine.Done]:
    done: list[engine.Done] = []
    with pytest.raises(_Undo), transaction.atomic():
        done = engine.history(seed=seed, days=days, until=NOW)
        raise _Undo
    return done


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hospital with fewer acts a day, but some of every kind."""
    fewer = tuple(replace(act, per_day=max(2.0, act.per_day / 4)) for act in acts.ACTS)
    monkeypatch.setattr(engine, "ACTS", fewer)


@pytest.mark.usefixtures("demo")
def test_one_seed_one_history(monkeypatch: pytest.MonkeyPatch) -> None:
    few = tuple(replace(act, per_day=max(0.7, act.per_day / 8)) for act in acts.ACTS)
    monkeypatch.setattr(engine, "ACTS", few)
    first = _lived(7)
    assert first == _lived(7)
    assert first != _lived(8)
    assert len(first) > 30


@pytest.mark.usefixtures("demo", "quiet")
def test_history_happens_in_its_own_days_facts_included() -> None:
    before = AuditEvent.objects.order_by("-pk").values_list("pk", flat=True)[0]
    done = engine.history(seed=1, days=2, until=NOW)
    assert {item.act for item in done} == {act.name for act in acts.ACTS}
    assert [item.at for item in done] == sorted(item.at for item in done)
    rows = AuditEvent.objects.filter(pk__gt=before)
    assert rows.count() >= len(done)
    times = rows.values_list("occurred_at", flat=True)
    assert NOW - timedelta(days=2) <= min(times)
    assert max(times) < NOW
    # Late tasks rise by the beat, everything else is done by people.
    assert set(rows.values_list("source", flat=True)) == {"screen", "task"}
    assert not Delivery.objects.exclude(state="done").exists()
    assert not Delivery.objects.filter(done_at__gte=NOW).exists()
    assert not FactArrival.objects.filter(arrived_at__gte=NOW).exists()


@pytest.mark.usefixtures("demo")
def test_a_refused_act_leaves_nothing_and_life_goes_on_until_told() -> None:
    def half_done(stage: scene.Scene) -> str:
        acts.staff.sign_in(stage)
        raise Invalid()

    waits: list[float] = []

    def rest(seconds: float) -> bool:
        waits.append(seconds)
        return len(waits) > 5

    count = AuditEvent.objects.count()
    with clock.at(NOW):
        stage = scene.Scene(engine.random.Random(1))
        assert engine.act_out(acts.Act("half", 1, half_done), stage) is None
        assert AuditEvent.objects.count() == count
        engine.follow(seed=1, pace=1.0, rest=rest)
    assert len(waits) == 6
    assert all(0 <= seconds <= engine.LONGEST_REST for seconds in waits)
    assert AuditEvent.objects.count() > count


@pytest.mark.parametrize(
    ("group", "hour", "day", "works"),
    [
        ("day", 7, 12, True),
        ("day", 19, 12, False),
        ("day", 9, 14, False),
        ("night", 19, 12, True),
        ("night", 6, 12, True),
        ("night", 7, 12, False),
        ("weekend", 9, 14, True),
        ("weekend", 9, 12, False),
        ("float", 9, 14, True),
        ("nobody", 9, 12, False),
    ],
)
def test_shifts(group: str, hour: int, day: int, works: bool) -> None:
    assert scene.on_shift(group, datetime(2026, 3, day, hour, tzinfo=UTC)) is works


def test_no_demo_no_simulation() -> None:
    with pytest.raises(CommandError, match="demo_load"):
        call_command("simulate", "--days", "1")


def test_production_is_never_simulated(settings: object) -> None:
    settings.IS_PRODUCTION = True  # type: ignore[attr-defined]
    with pytest.raises(CommandError, match="production"):
        call_command("simulate", "--follow")


@pytest.mark.parametrize(("option", "value"), [("--days", "0"), ("--pace", "0")])
def test_bad_options_are_named(option: str, value: str) -> None:
    rest = [] if option == "--days" else ["--follow"]
    with pytest.raises(CommandError, match=option):
        call_command("simulate", option, value, *rest)
