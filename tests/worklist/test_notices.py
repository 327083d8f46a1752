"""People are told once, by one way after the other, and what is immediate is never held back."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from core import clock
from core.errors import Invalid
from core.models import StateChange
from org import services as people
from org.models import User
from tests.factories import roster, tasks
from tests.factories.org import STARTED, Hospital
from tests.factories.sessions import sign_in
from tests.fixtures.rivals import race
from worklist import selectors, services
from worklist import tasks as doors
from worklist.models import Notice, NoticeDelivery, Task
from worklist.rules import telling
from worklist.services.deliveries import DELIVERY, Sent
from worklist.states import DELIVERY_STEPS, Priority

NOW = STARTED + timedelta(hours=2)
MAIL = frozenset({"mail"})
BOTH = frozenset({"mail", "sms"})
TAKEN = Sent(is_taken=True)
LOST = Sent(is_taken=False, fault="no_answer")
SEVERITIES = st.sampled_from(Priority.values)
WAYS = st.lists(st.sampled_from(["mail", "sms", "app"]), max_size=4)


def tell(user: User, severity: str = "urgent", **rest: object) -> list[Notice]:
    User.objects.filter(pk=user.pk).update(email="nurse@example.org")
    return services.notice_send(
        to=[user.pk], kind="trial", severity=severity, subject=None, at=NOW, by=None, **rest
    )


def phone(user: User) -> None:
    code = people.phone_set(user, number="+33612345678", by=user.pk, at=NOW)
    people.phone_confirm(user, code=code, by=user.pk, at=NOW)


def states(user: User) -> list[tuple[str, str]]:
    rows = NoticeDelivery.objects.filter(notice__user=user).order_by("notice_id", "step")
    return list(rows.values_list("channel", "state"))


def run(answer: Sent, *, at: datetime = NOW, ready: frozenset[str] = MAIL) -> int:
    """Every delivery that is due gets this answer; returns how many there were."""
    count = 0
    while (errand := services.delivery_take(at=at, ready=ready)) is not None:
        services.delivery_settle(errand.delivery_id, answer, at=at)
        count += 1
    return count


@given(severity=SEVERITIES, chosen=st.dictionaries(SEVERITIES, WAYS, max_size=2), first=WAYS)
def test_what_is_immediate_always_has_ways_out_of_the_house(
    severity: str, chosen: dict[str, list[str]], first: list[str]
) -> None:
    found = telling.ways(severity, chosen, first=next(iter(first), ""))
    assert found[0] == "app"
    assert len(found) == len(set(found))
    if severity == Priority.STAT:
        assert {"sms", "mail"} <= set(found)


@given(
    severity=SEVERITIES,
    at=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    begins=st.times(),
    ends=st.times(),
)
def test_quiet_hours_hold_back_until_they_are_over_but_nothing_immediate(
    severity: str, at: datetime, begins: time, ends: time
) -> None:
    found = telling.not_before(severity, at=at, quiet=(begins, ends), zone="Europe/Paris")
    assert at <= found <= at + timedelta(hours=25)
    if severity == Priority.STAT:
        assert found == at
    elif found != at:
        assert found.astimezone(ZoneInfo("Europe/Paris")).time() >= min(ends, time(23, 59)) or (
            found.astimezone(ZoneInfo("Europe/Paris")).time() == ends
        )


@given(steps=st.lists(st.sampled_from(sorted(DELIVERY_STEPS)), max_size=12))
def test_a_walk_through_the_states_of_a_delivery_never_leaves_an_end(steps: list[str]) -> None:
    state = "queued"
    for step in steps:
        if step in DELIVERY.table[state]:
            assert state not in {"read", "skipped"}
            state = step
    assert state in DELIVERY.table


def test_a_notice_stands_in_the_list_and_goes_out_by_mail_without_names(
    hospital: Hospital,
) -> None:
    nurse = hospital.person("nurse")
    tell(nurse)
    with clock.at(NOW):
        doors.notices_deliver_due()
    assert states(nurse) == [("app", "delivered"), ("mail", "sent")]
    (sent,) = mail.outbox
    assert sent.to == ["nurse@example.org"]
    assert sent.subject == "A trial notice, asked for by you"


def test_the_same_key_is_told_a_person_once(hospital: Hospital) -> None:
    nurse = hospital.person("nurse")
    assert len(tell(nurse, key="k")) == 1
    assert tell(nurse, key="k") == []
    assert Notice.objects.count() == 1


def test_a_way_that_fails_is_tried_again_later_then_given_up(hospital: Hospital) -> None:
    nurse = hospital.person("nurse")
    tell(nurse)
    at = NOW
    for wait in telling.BACKOFF:
        assert run(LOST, at=at) == 1
        assert states(nurse)[1] == ("mail", "failed")
        assert run(LOST, at=at) == 0
        at += timedelta(seconds=wait)
    run(LOST, at=at)
    row = NoticeDelivery.objects.get(channel="mail")
    assert (row.state, row.tries, row.fault) == ("dead", telling.MOST_TRIES, "no_answer")
    log = StateChange.objects.filter(subject_type="worklist.noticedelivery", subject_id=row.pk)
    assert log.count() == 2 * telling.MOST_TRIES - 1
    services.delivery_retry(row, by=hospital.admin.pk, at=at)
    assert run(TAKEN, at=at) == 1


def test_after_a_way_was_given_up_the_next_one_is_taken(hospital: Hospital) -> None:
    nurse = hospital.person("nurse")
    phone(nurse)
    tell(nurse, "stat")
    services.delivery_settle(
        services.delivery_take(at=NOW, ready=BOTH).delivery_id,
        Sent(is_taken=False, fault="provider_21211", is_final=True),
        at=NOW,
    )
    assert run(TAKEN, ready=BOTH) == 1
    assert states(nurse) == [("app", "delivered"), ("sms", "dead"), ("mail", "sent")]


def test_a_way_that_is_not_set_up_is_left_out_with_its_reason(hospital: Hospital) -> None:
    nurse = hospital.person("nurse")
    tell(nurse, "stat")
    run(TAKEN)
    row = NoticeDelivery.objects.get(channel="sms")
    assert (row.state, row.skip_reason) == ("skipped", "off")
    assert states(nurse)[2] == ("mail", "sent")


def test_a_phone_without_its_proof_is_no_address(hospital: Hospital) -> None:
    nurse = hospital.person("nurse")
    people.phone_set(nurse, number="+33612345678", by=nurse.pk, at=NOW)
    tell(nurse, "stat")
    run(TAKEN, ready=BOTH)
    assert NoticeDelivery.objects.get(channel="sms").skip_reason == "no_address"


def test_whoever_read_it_gets_no_mail_about_it(hospital: Hospital) -> None:
    nurse = hospital.person("nurse")
    (notice,) = tell(nurse)
    services.notice_read(notice, by=nurse.pk, at=NOW)
    assert run(TAKEN) == 0
    assert states(nurse) == [("app", "read"), ("mail", "skipped")]
    with pytest.raises(services.NotYourNotice):
        services.notice_read(notice, by=hospital.admin.pk, at=NOW)


def test_quiet_hours_hold_a_mail_back_until_morning(hospital: Hospital) -> None:
    nurse = hospital.person("nurse")
    night = datetime(2026, 1, 5, 22, 0, tzinfo=UTC)  # 23:00 in Paris
    services.notice_choose(
        user_id=nurse.pk,
        ways={"urgent": ["mail"]},
        quiet=(time(22), time(6)),
        version=None,
        by=nurse.pk,
        at=night,
    )
    User.objects.filter(pk=nurse.pk).update(email="n@example.org")
    for severity in ("urgent", "stat"):
        services.notice_send(
            to=[nurse.pk], kind="trial", severity=severity, subject=None, at=night, by=None
        )
    assert run(TAKEN, at=night) == 1
    assert run(TAKEN, at=datetime(2026, 1, 6, 5, 0, tzinfo=UTC)) == 1


def test_nobody_chooses_the_immediate_away(hospital: Hospital) -> None:
    with pytest.raises(Invalid):
        services.notice_choose(
            user_id=hospital.admin.pk,
            ways={"stat": []},
            quiet=None,
            version=None,
            by=hospital.admin.pk,
            at=NOW,
        )


def test_a_worker_that_died_loses_its_delivery_to_another(hospital: Hospital) -> None:
    tell(hospital.person("nurse"))
    assert services.delivery_take(at=NOW, ready=MAIL) is not None
    assert services.delivery_take(at=NOW, ready=MAIL) is None
    later = NOW + timedelta(minutes=4)
    assert services.delivery_take(at=later, ready=MAIL) is not None


def test_a_late_task_tells_who_is_on_call_and_nobody_else(hospital: Hospital) -> None:
    first = hospital.person("ward_manager")
    made = tasks.task(hospital.ward, at=NOW)
    roster.entry(hospital.ward, first, date(2026, 1, 6), at=NOW, role="ward_manager", on_call=True)
    at = datetime(2026, 1, 6, 9, 0, tzinfo=UTC)
    Task.objects.filter(pk=made.pk).update(due_at=at, next_level_at=at)
    services.tasks_escalate(at=at)
    assert services.escalation_tell(task_id=made.pk, level=1, at=at) == 1
    assert services.escalation_tell(task_id=made.pk, level=1, at=at) == 0
    notice = Notice.objects.get()
    assert (notice.user_id, notice.subject_id) == (first.pk, str(made.public_id))


def test_a_broken_way_is_one_task_until_it_delivers(hospital: Hospital) -> None:
    tell(hospital.person("nurse"))
    late = NOW + timedelta(minutes=20)
    assert services.ways_watched(at=late) == 1
    assert services.ways_watched(at=late) == 1
    task = Task.objects.get(kind="failed_delivery")
    assert task.times == 1
    assert not selectors.heartbeat(at=late)[0].is_well
    run(TAKEN, at=late)
    services.ways_watched(at=late)
    task.refresh_from_db()
    assert task.state == "cancelled"


def test_the_bell_counts_and_the_list_opens_what_it_is_about(hospital: Hospital) -> None:
    nurse = hospital.person("nurse")
    (notice,) = tell(nurse)
    client = sign_in(Client(), nurse)
    assert "1 not read" in client.get(reverse("worklist:bell")).content.decode()
    assert "A trial notice" in client.get(reverse("worklist:notices")).content.decode()
    client.post(reverse("worklist:notice-open", args=[notice.public_id]))
    assert "0 not read" in client.get(reverse("worklist:bell")).content.decode()


def test_nobody_opens_the_notice_of_another(hospital: Hospital) -> None:
    (notice,) = tell(hospital.person("nurse"))
    other = sign_in(Client(), hospital.person("doctor"))
    answer = other.post(reverse("worklist:notice-open", args=[notice.public_id]))
    assert answer.status_code == 404
    notice.refresh_from_db()
    assert notice.read_at is None


def test_half_of_the_quiet_hours_is_refused_beside_the_field(hospital: Hospital) -> None:
    client = sign_in(Client(), hospital.person("nurse"))
    page = client.post(reverse("worklist:notice-choose"), {"quiet_from": "22:00", "version": "0"})
    assert page.status_code == 422
    assert "Enter both times" in page.content.decode()


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_sixteen_workers_send_each_delivery_once(committed_hospital: Hospital) -> None:
    nurse = committed_hospital.person("nurse")
    for number in range(8):
        tell(nurse, key=f"k{number}")
    got = race(lambda _client: services.delivery_take(at=NOW, ready=MAIL))
    assert got.broken == []
    taken = [errand.delivery_id for errand in got.won if errand is not None]
    assert len(taken) == len(set(taken))
