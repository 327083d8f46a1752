"""The roster: nobody stands in two places, shifts keep the clock, on-call answers are true."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Invalid, VersionConflict
from org import services
from org.models import Absence, RosterEntry, Shift
from org.rules import shift_period, week_of
from org.selectors import roster as plans
from tests.factories import org as people
from tests.factories import roster
from tests.factories.org import Hospital

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday, 10:00 in Paris
TODAY = NOW.date()
TOMORROW = TODAY + timedelta(days=1)
ZONES = st.sampled_from(["Europe/Paris", "UTC", "America/St_Johns", "Australia/Lord_Howe"])
TIMES = st.times().map(lambda item: item.replace(second=0, microsecond=0))


@given(day=st.dates(date(2025, 1, 1), date(2027, 12, 31)), zone=ZONES, one=TIMES, two=TIMES)
def test_two_shifts_that_meet_on_the_clock_fill_the_day_without_gap_or_overlap(
    day: date, zone: str, one: time, two: time
) -> None:
    if one == two:
        return
    first, second = sorted((one, two))
    early = shift_period(day, first, second, zone)
    late = shift_period(day, second, first, zone)
    assert early[1] == late[0]
    assert late[1] == shift_period(day + timedelta(days=1), first, second, zone)[0]
    hours = (late[1] - early[0]) / timedelta(hours=1)
    assert 22.5 <= hours <= 25.5


def test_the_night_on_which_clocks_change_is_an_hour_shorter() -> None:
    starts, ends = shift_period(date(2026, 3, 28), time(22), time(6), "Europe/Paris")
    assert ends - starts == timedelta(hours=7)


def test_a_week_begins_on_the_day_of_the_site() -> None:
    assert week_of(date(2026, 3, 4), 1) == date(2026, 3, 2)
    assert week_of(date(2026, 3, 4), 7) == date(2026, 3, 1)


def add(hospital: Hospital, day: date = TOMORROW, **rest: object) -> RosterEntry:
    return roster.entry(hospital.ward, hospital.person("nurse"), day, at=NOW, **rest)


def test_a_person_stands_in_one_of_two_overlapping_shifts(hospital: Hospital) -> None:
    people.assign(hospital.person("nurse"), "nurse", hospital.clinic)
    add(hospital)
    with pytest.raises(services.StandsElsewhere):
        roster.entry(hospital.clinic, hospital.person("nurse"), TOMORROW, at=NOW)
    assert RosterEntry.objects.count() == 1


def test_a_person_stands_in_both_when_that_is_said(hospital: Hospital) -> None:
    people.assign(hospital.person("nurse"), "nurse", hospital.clinic)
    add(hospital)
    roster.entry(hospital.clinic, hospital.person("nurse"), TOMORROW, at=NOW, is_double=True)
    assert RosterEntry.objects.count() == 2


def test_day_and_night_of_one_day_do_not_overlap(hospital: Hospital) -> None:
    add(hospital)
    add(hospital, code="N")
    assert RosterEntry.objects.count() == 2


def test_the_same_shift_twice_is_refused_also_when_doubles_are_meant(hospital: Hospital) -> None:
    add(hospital, is_double=True)
    with pytest.raises(services.StandsThere):
        add(hospital, is_double=True)


def test_somebody_without_the_role_there_is_refused(hospital: Hospital) -> None:
    with pytest.raises(Invalid) as refused:
        roster.entry(hospital.clinic, hospital.person("nurse"), TOMORROW, at=NOW)
    assert refused.value.field == "who"
    assert RosterEntry.objects.count() == 0


def test_a_role_above_the_unit_is_enough(hospital: Hospital) -> None:
    doctor = people.person("house-doctor")
    people.assign(doctor, "doctor", hospital.root)
    made = roster.entry(hospital.ward, doctor, TOMORROW, at=NOW, role="doctor", on_call=True)
    assert made.on_call


def test_a_shift_that_is_over_is_not_planned(hospital: Hospital) -> None:
    with pytest.raises(Invalid) as refused:
        add(hospital, TODAY - timedelta(days=1))
    assert refused.value.field == "day_on"


def test_who_is_away_is_not_planned(hospital: Hospital) -> None:
    nurse = hospital.person("nurse")
    roster.absence(nurse, NOW, NOW + timedelta(days=3))
    with pytest.raises(Invalid, match="away"):
        add(hospital)


def test_moving_changes_the_real_time_and_needs_the_version_that_was_seen(
    hospital: Hospital,
) -> None:
    entry = add(hospital)
    nurse = hospital.person("nurse")
    where = roster.place(hospital.ward, nurse, TOMORROW, code="N")
    moved = services.roster_move(entry, place=where, version=1, by=nurse.pk, at=NOW)
    assert moved.period.lower == datetime(2026, 3, 3, 18, 0, tzinfo=UTC)
    with pytest.raises(VersionConflict):
        services.roster_move(entry, place=where, version=1, by=nurse.pk, at=NOW)


def test_taken_off_a_person_may_stand_elsewhere(hospital: Hospital) -> None:
    nurse = hospital.person("nurse")
    people.assign(nurse, "nurse", hospital.clinic)
    entry = add(hospital)
    services.roster_remove(entry, version=1, reason="swap", by=nurse.pk, at=NOW)
    roster.entry(hospital.clinic, nurse, TOMORROW, at=NOW)
    with pytest.raises(services.RosterOver):
        services.roster_remove(entry, version=None, reason="swap", by=nurse.pk, at=NOW)


def at(hour: int, day: date = TOMORROW) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=UTC)


def names(found: list[plans.Standing]) -> list[str]:
    return [item.name for item in found]


def test_on_duty_are_those_whose_shift_runs(hospital: Hospital) -> None:
    add(hospital)
    ward = hospital.ward.pk
    assert names(plans.on_duty(unit_id=ward, role="nurse", at=at(8))) == ["NURSE"]
    assert plans.on_duty(unit_id=ward, role="doctor", at=at(8)) == []
    assert plans.on_duty(unit_id=ward, at=at(20)) == []
    assert plans.on_call(unit_id=ward, at=at(8)) == []


def test_a_night_runs_into_the_next_day(hospital: Hospital) -> None:
    add(hospital, code="N")
    found = plans.on_duty(unit_id=hospital.ward.pk, at=at(3, TOMORROW + timedelta(days=1)))
    assert names(found) == ["NURSE"]


def test_on_call_is_asked_upwards_until_somebody_is(hospital: Hospital) -> None:
    doctor = people.person("house-doctor", family_name="House")
    people.assign(doctor, "doctor", hospital.root)
    roster.entry(hospital.root, doctor, TOMORROW, at=NOW, role="doctor", on_call=True)
    found = plans.on_call(unit_id=hospital.ward.pk, role="doctor", at=at(8))
    assert [(item.name, item.unit_id) for item in found] == [("HOUSE", hospital.root.pk)]
    near = roster.entry(
        hospital.ward, hospital.person("doctor"), TOMORROW, at=NOW, role="doctor", on_call=True
    )
    found = plans.on_call(unit_id=hospital.ward.pk, role="doctor", at=at(8))
    assert [item.user_id for item in found] == [near.user_id]


def test_who_is_away_or_suspended_or_lost_the_role_is_not_on_call(hospital: Hospital) -> None:
    nurse, ward = hospital.person("nurse"), hospital.ward.pk
    add(hospital, on_call=True)
    away = roster.absence(nurse, at(0), at(23))
    assert plans.on_call(unit_id=ward, at=at(8)) == []
    services.absence_end(away, ends_at=at(0), version=1, by=nurse.pk, at=NOW)
    assert names(plans.on_call(unit_id=ward, at=at(8))) == ["NURSE"]
    services.account_suspend(nurse, reason="test", by=None, at=NOW)
    assert plans.on_call(unit_id=ward, at=at(8)) == []
    services.account_activate(nurse, reason="test", by=None, at=NOW)
    work = nurse.assignments.get()
    services.assignment_end(work, ends_at=at(0), by=nurse.pk, at=NOW, reason="left")
    assert plans.on_call(unit_id=ward, at=at(8)) == []


def test_a_copied_week_keeps_what_is_there_and_names_who_cannot_come(hospital: Hospital) -> None:
    nurse, doctor = hospital.person("nurse"), hospital.person("doctor")
    add(hospital)
    add(hospital, TOMORROW + timedelta(days=1))
    roster.entry(hospital.ward, doctor, TOMORROW, at=NOW, role="doctor")
    add(hospital, TOMORROW + timedelta(days=7))
    roster.absence(doctor, NOW + timedelta(days=6), NOW + timedelta(days=20))
    copied = services.roster_copy(
        unit=hospital.ward,
        from_day=TODAY,
        to_day=TODAY + timedelta(days=7),
        by=nurse.pk,
        at=NOW,
    )
    assert (copied.made, copied.already) == (1, 1)
    assert [entry.user_id for entry, _reason in copied.refused] == [doctor.pk]
    with pytest.raises(Invalid):
        services.roster_copy(
            unit=hospital.ward, from_day=TODAY, to_day=TOMORROW, by=nurse.pk, at=NOW
        )


def test_new_times_of_a_shift_hold_for_what_has_not_begun(hospital: Hospital) -> None:
    running = add(hospital, TODAY)
    coming = add(hospital)
    shift = Shift.objects.get(code="D")
    services.shift_update(
        shift, values={"to_time": time(15)}, version=1, by=hospital.admin.pk, at=NOW
    )
    running.refresh_from_db()
    coming.refresh_from_db()
    assert running.period.upper == datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
    assert coming.period.upper == datetime(2026, 3, 3, 14, 0, tzinfo=UTC)


def test_times_with_which_somebody_would_stand_twice_are_refused(hospital: Hospital) -> None:
    add(hospital)
    add(hospital, code="N")
    shift = Shift.objects.get(code="D")
    with pytest.raises(Invalid, match="two shifts"):
        services.shift_update(
            shift, values={"to_time": time(20)}, version=1, by=hospital.admin.pk, at=NOW
        )
    shift.refresh_from_db()
    assert shift.to_time == time(19)


def test_another_clock_of_the_site_moves_what_has_not_begun(hospital: Hospital) -> None:
    entry = add(hospital)
    services.site_update(
        hospital.ward.site,
        values={"time_zone": "UTC"},
        version=None,
        by=hospital.admin.pk,
        at=NOW,
    )
    entry.refresh_from_db()
    assert entry.period.lower == datetime(2026, 3, 3, 7, 0, tzinfo=UTC)


def test_a_code_of_a_shift_stands_once_in_a_site(hospital: Hospital) -> None:
    roster.shift(hospital.ward)
    values = {"code": "d", "name": "Other", "from_time": time(1), "to_time": time(2)}
    with pytest.raises(services.ShiftCodeTaken):
        services.shift_create(site=hospital.ward.site, values=values, by=None, at=NOW)


def test_absences_of_a_person_do_not_overlap_and_end_once(hospital: Hospital) -> None:
    nurse = hospital.person("nurse")
    row = roster.absence(nurse, NOW, NOW + timedelta(days=2))
    with pytest.raises(services.AbsenceOverlaps):
        roster.absence(nurse, NOW + timedelta(days=1))
    services.absence_end(row, ends_at=NOW, version=1, by=nurse.pk, at=NOW)
    assert Absence.objects.get().cancelled_at == NOW
    with pytest.raises(services.AbsenceOver):
        services.absence_end(row, ends_at=NOW, version=None, by=nurse.pk, at=NOW)


def test_figures_leave_out_shifts_in_which_the_person_is_away(hospital: Hospital) -> None:
    nurse = hospital.person("nurse")
    add(hospital)
    add(hospital, TOMORROW + timedelta(days=1))
    roster.absence(nurse, at(0), at(22))
    rows = plans.roster_day(
        unit_ids={hospital.ward.pk}, first=TODAY, last=TODAY + timedelta(days=6)
    )
    assert [row["day_on"] for row in rows] == [TOMORROW + timedelta(days=1)]
