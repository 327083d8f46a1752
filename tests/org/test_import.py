"""Import of staff: a trial writes nothing, a run all or nothing, a second run nothing new."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from core.errors import Invalid
from core.models import Event
from org import services
from org.models import Assignment, Practitioner, User
from org.permissions import grants_of
from org.services.people_file import MAX_ROWS_ON_SCREEN, people_file_text
from org.services.people_import import Outcome, people_import
from tests.factories import org
from tests.factories.org import STARTED, Hospital
from tests.factories.sessions import sign_in

HEAD = "username,family_name,given_name,role,unit_code,starts_on,profession,licence_number\n"
ROSA = "rosa,Diaz,Rosa,nurse,W1,2026-11-01,Nurse,N-17\n"
LIU = "liu,Liu,Wei,doctor,c1,,Physician,\n"
GOOD = HEAD + ROSA + LIU


def _run(hospital: Hospital, text: str, *, is_trial: bool = False, user: User | None = None):
    asker = user or hospital.admin
    return people_import(
        text=text,
        grants=grants_of(asker, at=STARTED),
        is_trial=is_trial,
        by=asker.pk,
        at=STARTED,
    )


def _counts() -> tuple[int, ...]:
    tables = (User, Assignment, Practitioner, AuditEvent, Event)
    return tuple(table.objects.count() for table in tables)


def test_a_trial_says_what_would_happen_and_writes_nothing(hospital: Hospital) -> None:
    before = _counts()
    report = _run(hospital, GOOD, is_trial=True)
    assert [row.outcome for row in report.rows] == [Outcome.CREATED, Outcome.CREATED]
    assert (report.is_written, _counts()) == (False, before)


def test_people_come_in_invited_with_profession_and_assignment(hospital: Hospital) -> None:
    assert _run(hospital, GOOD).is_written
    rosa = User.objects.get(username="rosa")
    assert (rosa.state, rosa.has_usable_password()) == ("invited", False)
    assert rosa.practitioner.licence_number == "N-17"
    assert Assignment.objects.get(user=rosa).unit == hospital.ward


def test_a_second_run_changes_nothing(hospital: Hospital) -> None:
    _run(hospital, GOOD)
    before = _counts()[:3]
    report = _run(hospital, GOOD)
    assert report.count(Outcome.UNCHANGED) == 2
    assert _counts()[:3] == before


def test_changed_names_are_reported(hospital: Hospital) -> None:
    _run(hospital, GOOD)
    report = _run(hospital, GOOD.replace("Rosa", "Rosalia"))
    assert [row.outcome for row in report.rows] == [Outcome.UPDATED, Outcome.UNCHANGED]
    assert User.objects.get(username="rosa").given_name == "Rosalia"


def test_one_bad_row_and_nothing_is_written(hospital: Hospital) -> None:
    before = _counts()
    report = _run(hospital, GOOD + "bad,Bad,,wizard,W1,,,\n")
    assert [(row.line, row.column) for row in report.rows if row.outcome == "error"] == [
        (4, "role")
    ]
    assert (report.is_written, _counts()) == (False, before)


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("x,=1+1,,,,,,", "family_name"),
        ("x,-Diaz,,,,,,", "family_name"),
        ("@x,Diaz,,,,,,", "username"),
        ("x,Diaz,+1,,,,,", "given_name"),
        (",Diaz,,,,,,", "username"),
        ("x,,,,,,,", "family_name"),
        ("a b,Diaz,,,,,,", "username"),
        ("x,Di\u202eaz,,,,,,", "family_name"),
        ("x," + "D" * 81 + ",,,,,,", "family_name"),
        ("x,Diaz,,nurse,W9,,,", "unit_code"),
        ("x,Diaz,,nurse,W1,soon,,", "starts_on"),
        ("x,Diaz,,nurse,W1,t+3,,", "starts_on"),
        ("x,Diaz,,nurse,,,,", "unit_code"),
        ("x,Diaz,,,,,,17", "profession"),
    ],
)
def test_a_bad_cell_is_named(hospital: Hospital, row: str, column: str) -> None:
    report = _run(hospital, HEAD + row + "\n", is_trial=True)
    assert [(r.outcome, r.column) for r in report.rows] == [(Outcome.ERROR, column)]


def test_a_row_of_another_width_is_an_error(hospital: Hospital) -> None:
    report = _run(hospital, HEAD + "x,Diaz\n", is_trial=True)
    assert report.has_errors


def test_a_person_stands_on_several_lines_with_one_name(hospital: Hospital) -> None:
    again = ROSA.replace("W1", "C1")
    assert _run(hospital, HEAD + ROSA + again).is_written
    assert Assignment.objects.filter(user__username="rosa").count() == 2
    other = again.replace("Diaz", "Dias")
    assert _run(hospital, HEAD + ROSA + other, is_trial=True).rows[1].column == "username"


def test_semicolons_and_capitals_in_the_first_line_are_read(hospital: Hospital) -> None:
    assert _run(hospital, "Username;Family_Name\nrosa;Diaz\n").is_written


@pytest.mark.parametrize(
    "text",
    [
        "",
        "username,family_name\n",
        "username\nrosa\n",
        "username,family_name,salary\nrosa,Diaz,1\n",
        "username,family_name,username\nrosa,Diaz,rosa\n",
        'username,family_name\n"rosa,Diaz\n',
        "username,family_name\n" + "x,y\n" * (MAX_ROWS_ON_SCREEN + 1),
    ],
)
def test_a_file_that_is_no_table_of_people_is_refused(hospital: Hospital, text: str) -> None:
    with pytest.raises(Invalid):
        _run(hospital, text)


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04rest",
        b"%PDF-1.7",
        b"a\x00b",
        "username,family_name\nr,D\u00edaz".encode("latin-1"),
        b"x" * 1_048_577,
    ],
)
def test_a_file_of_another_type_is_refused(content: bytes) -> None:
    with pytest.raises(Invalid):
        people_file_text(content)


def test_a_mark_of_byte_order_is_not_part_of_the_first_column() -> None:
    assert people_file_text("username".encode("utf-8-sig")) == "username"


def test_a_person_out_of_reach_is_not_touched(hospital: Hospital) -> None:
    head = org.person("head")
    org.assign(head, "system_administrator", hospital.ward)
    text = "username,family_name\nadmin,Taken\n"
    report = _run(hospital, text, user=head)
    assert [row.column for row in report.rows] == ["username"]
    assert User.objects.get(username="admin").family_name == "Okafor"


def test_roles_are_handed_out_only_where_one_assigns(hospital: Hospital) -> None:
    head = org.person("head")
    org.assign(head, "system_administrator", hospital.ward)
    assert _run(hospital, HEAD + LIU, user=head, is_trial=True).rows[0].column == "unit_code"


def test_a_person_who_left_gets_no_assignment(hospital: Hospital) -> None:
    _run(hospital, "username,family_name\nrosa,Diaz\n")
    rosa = User.objects.get(username="rosa")
    services.account_leave(rosa, by=hospital.admin.pk, at=STARTED, reason="test")
    report = _run(hospital, HEAD + ROSA, is_trial=True)
    assert report.has_errors


# --- The screen.


@pytest.fixture
def admin(as_role) -> Client:
    return as_role("system_administrator")


def _send(client: Client, content: bytes):
    file = SimpleUploadedFile("staff.csv", content, content_type="text/csv")
    return client.post(reverse("org:person-import"), {"file": file})


def test_the_file_is_checked_then_imported(admin: Client) -> None:
    page = _send(admin, GOOD.encode())
    assert (page.status_code, User.objects.filter(username="rosa").count()) == (200, 0)
    checked = page.context["confirm"]["checked"].value()
    answer = admin.post(reverse("org:person-import"), {"checked": checked})
    assert (answer.status_code, answer["Location"]) == (303, "/people/")
    assert User.objects.filter(username__in=["rosa", "liu"]).count() == 2


def test_a_file_with_an_error_cannot_be_confirmed(admin: Client) -> None:
    page = _send(admin, (HEAD + "x,=1,,,,,,\n").encode())
    assert (page.status_code, page.context["confirm"]) == (422, None)


def test_an_unsigned_file_is_not_imported(admin: Client) -> None:
    answer = admin.post(reverse("org:person-import"), {"checked": GOOD})
    assert (answer.status_code, User.objects.filter(username="rosa").count()) == (422, 0)


def test_a_file_checked_by_somebody_else_is_not_imported(admin: Client, hospital, client) -> None:
    checked = _send(admin, GOOD.encode()).context["confirm"]["checked"].value()
    head = org.person("head")
    org.assign(head, "system_administrator", hospital.ward)
    sign_in(client, head)
    assert client.post(reverse("org:person-import"), {"checked": checked}).status_code == 422


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\xfa", b"PK\x03\x04"])
def test_what_is_no_csv_is_refused_beside_the_file(admin: Client, content: bytes) -> None:
    page = _send(admin, content)
    assert page.status_code == 422
    assert "file" in page.context["form"].errors


def test_the_command_tries_first_and_writes_when_told(
    hospital: Hospital, tmp_path: Path, capsys
) -> None:
    file = tmp_path / "staff.csv"
    rows = "".join(f"clerk{n},Clerk{n}\n" for n in range(MAX_ROWS_ON_SCREEN + 1))
    file.write_text("username,family_name\n" + rows, encoding="utf-8")
    before = User.objects.count()
    call_command("people_import", str(file), by="admin")
    assert "A trial: nothing was written." in capsys.readouterr().out
    assert User.objects.count() == before
    call_command("people_import", str(file), by="admin", commit=True)
    assert User.objects.count() == before + MAX_ROWS_ON_SCREEN + 1


@pytest.mark.parametrize("user", ["nurse", "nobody"])
def test_the_command_asks_for_the_right_to_import(
    hospital: Hospital, tmp_path: Path, user: str
) -> None:
    file = tmp_path / "staff.csv"
    file.write_text("username,family_name\na,b\n", encoding="utf-8")
    with pytest.raises(CommandError):
        call_command("people_import", str(file), by=user, commit=True)
