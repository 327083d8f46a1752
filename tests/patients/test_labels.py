"""Wristbands, labels, and finding a record by scanning one."""

from io import BytesIO
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from pypdf import PdfReader

from audit.models import AuditEvent
from core import clock
from org.models import User
from patients import services
from patients.models import PaperPrint, Patient
from patients.rules.papers import papers
from patients.states import Paper
from tests.factories import org as people
from tests.factories import patients


@pytest.fixture
def anna(desk: people.Hospital, clerk: User) -> Patient:
    return patients.patient(desk.ward, clerk, cared_for=desk.ward)


def printed(browser: Client, patient: Patient, **sent: Any) -> Any:
    body = {"paper": "wristband_adult", "copies": "1", "reason": "", **sent}
    return browser.post(f"/patients/{patient.public_id}/papers/", body)


def words(answer: Any) -> str:
    assert answer["Content-Type"] == "application/pdf"
    pages = PdfReader(BytesIO(answer.content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


@pytest.mark.parametrize("paper", Paper.values)
def test_each_paper_of_the_file_prints_at_its_size(
    paper: str, browser: Client, anna: Patient
) -> None:
    answer = printed(browser, anna, paper=paper)
    page = PdfReader(BytesIO(answer.content)).pages[0]
    size = papers()[paper]
    assert round(float(page.mediabox.width) * 25.4 / 72) == size.width
    assert round(float(page.mediabox.height) * 25.4 / 72) == size.height
    text = words(answer)
    for word in ("NOWAK", "Anna", "07-Mar-1981"):
        assert word in text
    assert anna.mrn.encode() in answer.content


@pytest.mark.parametrize(
    ("family", "given"),
    [
        ("Van den Berghe-Montgomery-Fitzgerald", "Alexandra Josephine Wilhelmina"),
        ("Иванова", "Мария"),
        ("حداد", "عمر"),
        ("王", "小明"),
    ],
)
def test_a_name_is_printed_whole_in_any_script(
    family: str, given: str, browser: Client, desk: people.Hospital, clerk: User
) -> None:
    made = patients.patient(desk.ward, clerk, family=family, given=given)
    answer = printed(browser, made)
    assert answer.status_code == 200
    assert b"U+" not in answer.content
    if family.isascii():
        text = words(answer).replace(" ", "").replace("\u00ad", "")
        assert f"{family.upper()},{given}".replace(" ", "") in text


def test_a_newborn_s_band_names_the_mother(
    browser: Client, anna: Patient, clerk: User, desk: people.Hospital
) -> None:
    child = services.newborn_register(
        anna,
        sex="female",
        birth_order=None,
        born_at=clock.now(),
        unit_id=desk.ward.pk,
        by=clerk.pk,
        at=clock.now(),
    )
    page = browser.get(f"/patients/{child.public_id}/papers/")
    assert page.context["form"].initial["paper"] == Paper.WRISTBAND_NEWBORN
    assert "Mother:" in words(printed(browser, child, paper="wristband_newborn"))


def test_a_second_wristband_needs_a_reason_and_says_that_it_is_one(
    browser: Client, anna: Patient, clerk: User
) -> None:
    assert "Print 2" not in words(printed(browser, anna))
    refused = printed(browser, anna)
    assert refused.status_code == 422
    assert "say why another is needed" in refused.content.decode()
    assert "Print 2" in words(printed(browser, anna, reason="wet"))
    rows = AuditEvent.objects.filter(act="paper_print", patient=anna.public_id).order_by("id")
    assert [(row.after["number"], row.reason) for row in rows] == [(1, ""), (2, "wet")]
    with (
        pytest.raises(IntegrityError, match="paperprint_second_band_has_reason"),
        transaction.atomic(),
    ):
        PaperPrint.objects.create(
            patient=anna,
            paper="wristband_adult",
            number=3,
            copies=1,
            printed_at=clock.now(),
            printed_by=clerk,
        )


def test_labels_come_as_many_as_asked_for(browser: Client, anna: Patient) -> None:
    answer = printed(browser, anna, paper="label_small", copies="12")
    assert len(PdfReader(BytesIO(answer.content)).pages) == 12
    assert printed(browser, anna, paper="label_small", copies="41").status_code == 422
    assert printed(browser, anna, copies="2").status_code == 422


def test_what_was_printed_cannot_be_rewritten(browser: Client, anna: Patient) -> None:
    printed(browser, anna)
    with pytest.raises(Exception, match="update or delete"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("UPDATE patients_paperprint SET copies = 9")


def test_a_program_gets_the_same_paper(browser: Client, anna: Patient) -> None:
    address = f"/api/v1/patients/{anna.public_id}/papers"
    body = {"paper": "label_large", "copies": 3}
    made = browser.post(address, body, content_type="application/json")
    assert (made.status_code, made.json()["copies"]) == (201, 3)
    assert made.json()["content"].startswith("JVBERi0")


# Scanning -------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/patients/", "/search/"])
def test_a_scanned_number_opens_the_record_at_once(
    address: str, browser: Client, anna: Patient
) -> None:
    page = f"/patients/{anna.public_id}/"
    for text in (anna.mrn, f"{anna.mrn[:2]} {anna.mrn[2:6]} {anna.mrn[6:]}"):
        answer = browser.get(address, {"q": text})
        assert (answer.status_code, answer["Location"]) == (303, page)


@pytest.mark.parametrize("address", ["/patients/", "/search/"])
def test_a_wrong_check_digit_says_so(address: str, browser: Client, anna: Patient) -> None:
    wrong = anna.mrn[:-1] + str((int(anna.mrn[-1]) + 1) % 10)
    assert "check digit is wrong" in browser.get(address, {"q": wrong}).content.decode()
    assert "check digit" not in browser.get(address, {"q": "Nobody"}).content.decode()


def test_a_band_of_a_record_that_is_not_open_opens_nothing(
    browser: Client, anna: Patient, desk: people.Hospital
) -> None:
    patients.restriction(anna, desk.person("privacy_officer"))
    answer = browser.get("/patients/", {"q": anna.mrn})
    assert answer.status_code == 200
    assert "NOWAK" not in answer.content.decode()
