"""Finding: by whatever one knows, the best first, only whom one may see."""

from datetime import date
from typing import Any

import pytest
from django.test import Client

from audit.models import AuditEvent
from org.models import User
from patients.models import Patient
from tests.factories import org as people
from tests.factories import patients
from tests.factories.sessions import sign_in


@pytest.fixture
def anna(desk: people.Hospital, clerk: User) -> Patient:
    return patients.patient(
        desk.ward,
        clerk,
        cared_for=desk.ward,
        family="Kowalska-Nowak",
        given="Anna Maria",
        mobile="06 11 22 33 44",
        national="2 81 03 75 123 456",
        birth_family="Wiśniewska",
    )


@pytest.fixture
def others(desk: people.Hospital, clerk: User) -> list[Patient]:
    names = [
        ("Diaz", "Rosa"),
        ("Müller", "Jürgen"),
        ("Иванова", "Мария"),
        ("Okafor", "Ada"),
    ]
    return [
        patients.patient(
            desk.clinic, clerk, cared_for=desk.clinic, family=family, given=given, birth=None
        )
        for family, given in names
    ]


def found(client: Client, text: str) -> list[str]:
    answer = client.get("/patients/", {"q": text})
    assert answer.status_code == 200
    return [f"{b.patient.given} {b.patient.family}" for b, _by in answer.context["rows"]]


@pytest.mark.parametrize(
    "typed", ["Dia Rsoa", "Daz Rosa", "Diazz Rpsa", "Idaz Roosa", "Dizz Roa"], ids=str
)
def test_one_slip_in_each_of_two_short_names_still_finds_them(
    browser: Client, others: list[Patient], typed: str
) -> None:
    assert found(browser, typed) == ["Rosa Diaz"]


@pytest.mark.parametrize(
    "text",
    [
        "kowalska",
        "Nowak",
        "nowak anna",
        "Anna Kowalska",
        "kowalsk",
        "kowalzka ana",
        "kowa mar",
        "annamaria",
        "wisniewska",
        "7 3 81",
        "07-Mar-1981",
        "nowak 7.3.1981",
        "1981-03-07",
        "+33 6 11 22 33 44",
        "0611223344",
        "281037512 3456",
    ],
)
def test_she_is_found_first_by_whatever_one_knows(
    browser: Client, anna: Patient, others: list[Patient], text: str
) -> None:
    assert found(browser, text)[:1] == ["Anna Maria Kowalska-Nowak"]


@pytest.mark.parametrize("sign", ["", " ", "-"])
def test_a_whole_record_number_opens_the_record_and_one_without_zeros_finds_it(
    browser: Client, anna: Patient, sign: str
) -> None:
    text = sign.join([anna.mrn[:4], anna.mrn[4:]])
    answer = browser.get("/patients/", {"q": text})
    assert (answer.status_code, answer["Location"]) == (303, f"/patients/{anna.public_id}/")
    assert found(browser, text.lstrip("0")) == ["Anna Maria Kowalska-Nowak"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("muller", "Jürgen Müller"),
        ("Mueller Jurgen", "Jürgen Müller"),
        ("ivanova mariya", "Мария Иванова"),
    ],
)
def test_other_letters_are_no_hindrance(
    browser: Client, others: list[Patient], text: str, name: str
) -> None:
    assert found(browser, text)[:1] == [name]


@pytest.mark.parametrize(
    "text", ["zzzzqqq", "%", "_", "\\", "' OR 1=1", "kowalska 1 1 1999", "9" * 79]
)
def test_what_nobody_has_finds_nobody(browser: Client, anna: Patient, text: str) -> None:
    assert found(browser, text) == []


def test_an_exact_name_stands_before_one_that_sounds_alike(
    browser: Client, desk: people.Hospital, clerk: User
) -> None:
    for number, family in enumerate(["Meyer", "Maier", "Mayer", "Meier"]):
        patients.patient(desk.ward, clerk, family=family, given=f"Karl{'abcd'[number]}", birth=None)
    assert found(browser, "maier")[0].endswith("Maier")
    assert len(found(browser, "maier")) == 4


def test_a_nurse_finds_whom_her_unit_cares_for_and_nobody_else(
    desk: people.Hospital, anna: Patient, others: list[Patient]
) -> None:
    nurse = sign_in(Client(), desk.person("nurse"))
    assert found(nurse, "anna") == ["Anna Maria Kowalska-Nowak"]
    assert found(nurse, "okafor") == []
    assert found(nurse, "ada okafor") == []
    assert nurse.get(f"/patients/{others[0].public_id}/").status_code == 404
    assert len(nurse.get("/patients/").context["rows"]) == 1


@pytest.mark.parametrize("text", ["0611223344", "2810375123456"])
def test_numbers_and_phones_find_nobody_for_whom_may_not_see_them(
    desk: people.Hospital, anna: Patient, text: str
) -> None:
    technician = sign_in(Client(), desk.person("lab_technician"))
    assert found(technician, "anna") == ["Anna Maria Kowalska-Nowak"]
    assert found(technician, text) == []


def test_a_search_is_on_the_trail_with_its_words_and_each_patient_shown(
    browser: Client, clerk: User, anna: Patient
) -> None:
    found(browser, "nowak")
    row = AuditEvent.objects.get(act="search")
    assert (row.actor, row.patient) == (clerk.pk, anna.public_id)
    assert row.query == {"terms": {"q": "nowak"}, "count": 1}


def test_the_list_while_typing_is_a_region_of_the_page(browser: Client, anna: Patient) -> None:
    region = {"HX-Request": "true", "HX-Target": "section#results"}
    answer = browser.get("/patients/", {"q": "nowa"}, headers=region)
    assert str(anna.public_id).encode() in answer.content
    assert b"<html" not in answer.content


def test_the_search_box_of_every_page_finds_patients(browser: Client, anna: Patient) -> None:
    page = browser.get("/search/", {"q": "kowalska anna"}).content
    assert f"/patients/{anna.public_id}/".encode() in page


def test_the_newest_records_stand_first_without_a_search(
    browser: Client, anna: Patient, others: list[Patient]
) -> None:
    rows = browser.get("/patients/").context["rows"]
    assert [banner.patient.pk for banner, _by in rows] == sorted(
        (each.pk for each in (anna, *others)), reverse=True
    )


def api(client: Client, text: str) -> list[dict[str, Any]]:
    return client.get("/api/v1/patients/", {"search": text}).json()["items"]


def test_programs_find_the_same(browser: Client, anna: Patient, others: list[Patient]) -> None:
    assert [row["mrn"] for row in api(browser, "kowalzka ana")][:1] == [anna.mrn]
    assert api(browser, "nobody at all") == []


def test_a_page_of_the_list_asks_few_questions(
    browser: Client, desk: people.Hospital, clerk: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        patients.patient(
            desk.ward,
            clerk,
            given="Rosa",
            family=f"Diaz{'abcdefghijkl'[number]}",
            birth=None,
            mobile=f"061122330{number:02}",
        )
    browser.get("/patients/")
    with django_assert_max_num_queries(16):
        browser.get("/patients/")
    with django_assert_max_num_queries(16):
        browser.get("/patients/", {"q": "rosa diaz"})


def test_births_of_both_orders_of_day_and_month_are_found(
    browser: Client, desk: people.Hospital, clerk: User
) -> None:
    patients.patient(desk.ward, clerk, birth=patients.BirthOn(date(1981, 7, 3), "day"))
    assert found(browser, "7/3/1981") == ["Anna Nowak"]
