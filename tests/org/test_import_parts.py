"""Long files: in parts, resumable, cheap by the row; and whom an import may change."""

from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command

from core.models import Delivery, Event
from org import services
from org.models import Assignment, Practitioner, Role, User
from org.permissions import grants_of
from org.services.people_import import ImportReport, Outcome, people_import_in_parts
from tests.factories import org
from tests.factories.org import STARTED, Hospital
from tests.org.test_import import HEAD, LIU, ROSA, _counts, _run

# The package gives the verb of the same name.
module = import_module("org.services.people_import")
STATEMENTS_PER_ROW = 14
STATEMENTS_PER_PART = 40


@pytest.fixture(autouse=True)
def _short_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PART_ROWS", 3)


def _file(count: int, *, extra: str = "") -> str:
    rows = "".join(f"n{n:03d},Name{n},,nurse,W1,2026-01-05,Nurse,N-{n}\n" for n in range(count))
    return HEAD + rows + extra


def _in_parts(hospital: Hospital, text: str, **options: object) -> ImportReport:
    return people_import_in_parts(
        **{
            "text": text,
            "grants": grants_of(hospital.admin, at=STARTED),
            "is_trial": False,
            "by": hospital.admin.pk,
            "at": STARTED,
            "max_rows": 1000,
        }
        | options
    )


def test_all_parts_are_written(hospital: Hospital) -> None:
    said: list[tuple[int, int, bool]] = []
    report = _in_parts(hospital, _file(7), told=lambda *words: said.append(words))
    assert (report.is_written, report.written_rows, report.count(Outcome.CREATED)) == (True, 7, 7)
    assert [row.line for row in report.rows] == list(range(2, 9))
    steps = [(3, 7), (6, 7), (7, 7)]
    assert said == [(*step, is_trial) for is_trial in (True, False) for step in steps]
    nurses = User.objects.filter(username__startswith="n0", groups__name__startswith="nurse@")
    assert nurses.count() == 7


def test_an_error_in_the_last_part_keeps_the_first_from_being_written(hospital: Hospital) -> None:
    before = _counts()
    report = _in_parts(hospital, _file(7, extra="z,Zed,,wizard,W1,,,\n"))
    assert (report.written_rows, report.count(Outcome.ERROR)) == (0, 1)
    assert _counts() == before


def test_a_run_that_was_cut_short_is_carried_on(hospital: Hospital) -> None:
    def cut(done: int, _every: int, is_trial: bool) -> None:
        if done == 6 and not is_trial:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _in_parts(hospital, _file(9), told=cut)
    assert User.objects.filter(username__startswith="n0").count() == 6
    report = _in_parts(hospital, _file(9))
    assert (report.count(Outcome.UNCHANGED), report.count(Outcome.CREATED)) == (6, 3)
    assert Assignment.objects.filter(user__username__startswith="n0").count() == 9


def test_a_part_that_fails_after_the_trial_ends_the_run(hospital: Hospital) -> None:
    def taken(done: int, _every: int, is_trial: bool) -> None:
        if done == 3 and not is_trial:
            org.person("late", staff_number="S-9")

    head = "username,family_name,staff_number\n"
    text = head + "".join(f"n00{n},Name,S-{n}\n" for n in range(4, 13))
    report = _in_parts(hospital, text, told=taken)
    assert (report.written_rows, len(report.rows)) == (6, 9)
    assert [row.column for row in report.rows if row.outcome == Outcome.ERROR] == ["staff_number"]


def test_a_staff_number_stands_once_in_the_whole_file(hospital: Hospital) -> None:
    rows = "".join(f"n00{n},Name,S-{n % 8}\n" for n in range(9))
    report = _in_parts(hospital, "username,family_name,staff_number\n" + rows)
    assert [(row.line, row.column) for row in report.rows if row.outcome == Outcome.ERROR] == [
        (10, "staff_number")
    ]


def test_all_rows_of_a_person_are_in_one_part(hospital: Hospital) -> None:
    again = "n000,Name0,,nurse,C1,2026-01-05,Nurse,N-0\n"
    report = _in_parts(hospital, _file(5, extra=again))
    assert [row.outcome for row in report.rows] == [Outcome.CREATED] * 5 + [Outcome.UNCHANGED]
    assert Assignment.objects.filter(user__username="n000").count() == 2


def test_a_new_row_costs_few_statements(
    hospital: Hospital, django_assert_max_num_queries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PART_ROWS", 500)
    count = 60
    with django_assert_max_num_queries(STATEMENTS_PER_PART + STATEMENTS_PER_ROW * count) as asked:
        assert _run(hospital, _file(count)).is_written
    few = len(asked)
    with django_assert_max_num_queries(few):
        text = _file(count).replace("n0", "m0").replace("N-", "M-")
        assert _run(hospital, text).is_written
    assert Practitioner.objects.filter(licence_number__startswith="M-").count() == count


def test_each_assignment_is_announced_once(hospital: Hospital) -> None:
    before = set(Event.objects.values_list("pk", flat=True))
    _run(hospital, _file(4))
    facts = Event.objects.filter(name="org.AssignmentChanged").exclude(pk__in=before)
    keys = {f"user:{user.pk}" for user in User.objects.filter(username__startswith="n0")}
    assert set(facts.values_list("order_key", flat=True)) == keys
    assert Delivery.objects.filter(event__in=facts).count() == 4


def test_the_command_says_how_far_it_is(hospital: Hospital, tmp_path: Path, capsys) -> None:
    file = tmp_path / "staff.csv"
    file.write_text(_file(4), encoding="utf-8")
    call_command("people_import", str(file), by="admin", commit=True)
    said = capsys.readouterr().out
    for line in ("3 of 4 rows checked", "4 of 4 rows checked", "4 of 4 rows written", "Written."):
        assert line in said


# --- Whom and what an import may change.


@pytest.fixture
def head(hospital: Hospital) -> User:
    """Somebody who administers the ward only."""
    person = org.person("head")
    org.assign(person, "system_administrator", hospital.ward)
    return person


@pytest.mark.parametrize(
    "text",
    ["username,family_name\nnurse,Taken\n", "username,family_name,profession\nnurse,Nurse,Vet\n"],
)
def test_who_also_works_beyond_the_ward_is_not_changed_from_there(
    hospital: Hospital, head: User, text: str
) -> None:
    org.assign(hospital.person("nurse"), "nurse", hospital.clinic)
    report = _run(hospital, text, user=head)
    assert [row.column for row in report.rows] == ["username"]
    assert User.objects.get(username="nurse").family_name == "Nurse"
    assert not Practitioner.objects.filter(user__username="nurse").exists()


def test_who_once_worked_in_the_ward_and_left_it_is_not_changed_from_there(
    hospital: Hospital, head: User
) -> None:
    nurse = hospital.person("nurse")
    services.assignment_end(
        Assignment.objects.get(user=nurse),
        ends_at=STARTED + timedelta(minutes=1),
        by=hospital.admin.pk,
        at=STARTED,
        reason="moved",
    )
    org.assign(nurse, "nurse", hospital.clinic)
    later = STARTED + timedelta(hours=1)
    report = module.people_import(
        text="username,family_name\nnurse,Taken\n",
        grants=grants_of(head, at=later),
        is_trial=False,
        by=head.pk,
        at=later,
    )
    assert [row.column for row in report.rows] == ["username"]


def test_who_works_in_the_ward_only_is_changed_from_there(hospital: Hospital, head: User) -> None:
    assert _run(hospital, "username,family_name\nnurse,Marsh\n", user=head).is_written
    assert User.objects.get(username="nurse").family_name == "Marsh"


def test_a_cancelled_assignment_is_made_again(hospital: Hospital) -> None:
    _run(hospital, HEAD + ROSA)
    row = Assignment.objects.get(user__username="rosa")
    services.assignment_end(
        row, ends_at=STARTED, by=hospital.admin.pk, at=STARTED, reason="cancelled"
    )
    report = _run(hospital, HEAD + ROSA)
    assert [result.is_assigned for result in report.rows] == [True]
    assert Assignment.objects.filter(user__username="rosa", cancelled_at=None).count() == 1


@pytest.mark.parametrize("column", ["starts_on", "ends_on"])
@pytest.mark.parametrize("day", ["31/12/9999", "2200-01-01", "1899-12-31", "0001-01-01"])
def test_a_day_beyond_reason_is_refused_in_its_column(
    hospital: Hospital, column: str, day: str
) -> None:
    text = f"username,family_name,role,unit_code,{column}\nrosa,Diaz,nurse,W1,{day}\n"
    report = _run(hospital, text, is_trial=True)
    assert [row.column for row in report.rows] == [column]


def test_an_end_before_the_start_is_refused_in_its_column(hospital: Hospital) -> None:
    head = "username,family_name,role,unit_code,starts_on,ends_on\n"
    report = _run(hospital, head + "rosa,Diaz,nurse,W1,2026-11-02,2026-11-01\n", is_trial=True)
    assert [row.column for row in report.rows] == ["ends_on"]


def test_nobody_is_assigned_to_a_closed_unit(hospital: Hospital) -> None:
    services.unit_close(
        hospital.clinic, version=None, by=hospital.admin.pk, at=STARTED, reason="empty"
    )
    report = _run(hospital, HEAD + LIU, is_trial=True)
    assert [row.column for row in report.rows] == ["unit_code"]


def test_an_overlap_is_refused(hospital: Hospital) -> None:
    _run(hospital, HEAD + ROSA)
    report = _run(hospital, HEAD + ROSA.replace("2026-11-01", "2026-11-09"), is_trial=True)
    assert report.has_errors


def test_a_new_licence_alone_is_an_update(hospital: Hospital) -> None:
    _run(hospital, HEAD + ROSA)
    report = _run(hospital, HEAD + ROSA.replace("N-17", "N-18"))
    assert [row.outcome for row in report.rows] == [Outcome.UPDATED]
    assert Practitioner.objects.get(user__username="rosa").licence_number == "N-18"


def test_a_role_beyond_the_importers_own_rights_is_refused(hospital: Hospital) -> None:
    head = org.person("head")
    org.assign(head, "system_administrator", hospital.ward)
    beyond = Permission.objects.get(content_type__app_label="auth", codename="add_group")
    Role.objects.get(code="nurse").group.permissions.add(beyond)
    report = _run(hospital, HEAD + ROSA, user=head)
    assert [(row.outcome, row.column) for row in report.rows] == [(Outcome.ERROR, "role")]
    assert not User.objects.filter(username="rosa").exists()
