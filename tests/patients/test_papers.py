"""Papers and photos: added, shown as pictures, downloaded, marked as errors, never deleted."""

import hashlib
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import Error, transaction
from django.test import Client

from audit.models import AuditEvent
from core.errors import Invalid, TransitionRefused
from org.models import User
from patients import selectors, services
from patients.models import Document, DocumentContent, DocumentPage, Patient, PatientPhoto
from patients.rules.documents import kinds_read
from patients.services import DocumentKnown
from patients.states import DocumentKind
from tests.factories import org as people
from tests.factories import papers, patients
from tests.factories.org import STARTED
from tests.factories.sessions import sign_in


@pytest.fixture
def nurse(desk: people.Hospital) -> User:
    return desk.person("nurse")


@pytest.fixture
def ward(nurse: User) -> Client:
    return sign_in(Client(), nurse)


@pytest.fixture
def anna(desk: people.Hospital, nurse: User) -> Patient:
    return patients.patient(desk.ward, nurse, cared_for=desk.ward)


def file(data: bytes, name: str = "letter.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def added(patient: Patient, kind: str = "letter", content: bytes = b"%PDF- x") -> Document:
    return services.document_add(
        patient, paper=papers.paper(content), kind=kind, by=None, at=STARTED
    )


def send(browser: Client, patient: Patient, data: bytes, name: str, **rest: Any) -> Any:
    form = {"kind": "letter", "title": "Letter of Dr Osei", **rest, "file": file(data, name)}
    return browser.post(f"/patients/{patient.public_id}/documents/new/", form)


def test_a_paper_is_added_and_read_page_by_page(ward: Client, anna: Patient) -> None:
    sent = papers.pdf(pages=2)
    answer = send(ward, anna, sent, "C:\\Scans\\letter.pdf", written_on="t-3", author="Dr Osei")
    row = Document.objects.get()
    assert answer.status_code == 303
    assert (row.file_name, row.page_count, row.size) == ("letter.pdf", 2, len(sent))
    assert row.sha256 == hashlib.sha256(sent).hexdigest()
    assert bytes(DocumentContent.objects.get(document=row).content) == sent
    address = f"/patients/{anna.public_id}/documents/{row.public_id}/"
    page = ward.get(f"{address}?page=2").content.decode()
    assert "Page 2 of 2" in page
    assert f"{address}pages/2/" in page
    picture = ward.get(f"{address}pages/2/")
    assert picture["Content-Type"] == "image/png"
    assert picture["X-Content-Type-Options"] == "nosniff"
    assert picture.content.startswith(b"\x89PNG")
    assert ward.get(f"{address}pages/3/").status_code == 404
    assert AuditEvent.objects.get(act="document_add").patient == anna.public_id
    assert AuditEvent.objects.filter(act="view", subject_type="patients.document").exists()


@pytest.mark.parametrize(
    ("data", "name", "word"),
    [
        (b"<html>", "letter.pdf", "whatever its name says"),
        (b"", "letter.pdf", "empty"),
        (papers.locked_pdf("secret", "owner"), "letter.pdf", "password"),
        (papers.bomb(), "scan.png", "million points"),
        (papers.pdf(), "scan.png", "contents are another"),
    ],
)
def test_what_cannot_be_taken_is_refused_beside_the_field_and_the_rest_stays(
    ward: Client, anna: Patient, data: bytes, name: str, word: str
) -> None:
    answer = send(ward, anna, data, name)
    assert answer.status_code == 422
    assert word in str(answer.context["form"].errors["file"])
    assert "Letter of Dr Osei" in answer.content.decode()
    assert not Document.objects.exists()


def test_the_very_same_file_is_added_once(ward: Client, anna: Patient) -> None:
    data = papers.picture()
    assert send(ward, anna, data, "p.jpg").status_code == 303
    answer = send(ward, anna, data, "q.jpg")
    assert answer.status_code == 409
    assert "Letter of Dr Osei" in str(answer.context["form"].errors["file"])
    assert Document.objects.count() == 1


def test_a_download_is_a_file_and_never_a_page(desk: people.Hospital, anna: Patient) -> None:
    row = added(anna)
    doctor = sign_in(Client(), desk.person("doctor"))
    answer = doctor.get(f"/patients/{anna.public_id}/documents/{row.public_id}/file/")
    assert answer["Content-Disposition"].startswith("attachment; filename=")
    assert "Nowak" not in answer["Content-Disposition"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer.content == b"%PDF- x"
    assert AuditEvent.objects.get(act="download").subject == str(row.public_id)


def test_a_nurse_reads_and_does_not_download(ward: Client, anna: Patient) -> None:
    row = added(anna)
    address = f"/patients/{anna.public_id}/documents/{row.public_id}/"
    assert "/file/" not in ward.get(address).content.decode()
    assert ward.get(f"{address}file/").status_code == 403


def test_the_desk_reads_its_own_papers_only(browser: Client, anna: Patient) -> None:
    letter, paper = added(anna), added(anna, "identity", b"%PDF- y")
    page = browser.get(f"/patients/{anna.public_id}/documents/").content.decode()
    assert str(paper.public_id) in page
    assert str(letter.public_id) not in page
    for door in ("", "pages/1/", "void/"):
        address = f"/patients/{anna.public_id}/documents/{letter.public_id}/{door}"
        assert browser.get(address).status_code == 404
    assert send(browser, anna, papers.picture(), "p.jpg").status_code == 422


def test_papers_of_a_court_are_read_by_few(
    desk: people.Hospital, ward: Client, anna: Patient
) -> None:
    row = added(anna, "legal")
    address = f"/patients/{anna.public_id}/documents/{row.public_id}/"
    assert ward.get(address).status_code == 404
    assert sign_in(Client(), desk.person("doctor")).get(address).status_code == 200


def test_a_paper_of_another_patient_is_not_found_here(
    desk: people.Hospital, nurse: User, ward: Client, anna: Patient
) -> None:
    other = patients.patient(desk.ward, nurse, cared_for=desk.ward, family="Diaz")
    row = added(other)
    address = f"/patients/{anna.public_id}/documents/{row.public_id}/"
    assert ward.get(address).status_code == 404
    assert ward.get(f"{address}pages/1/").status_code == 404


def test_an_error_stays_marked_and_is_the_last_word(ward: Client, anna: Patient) -> None:
    row = added(anna)
    address = f"/patients/{anna.public_id}/documents/{row.public_id}/void/"
    assert ward.post(address, {"reason": " "}).status_code == 422
    assert ward.post(address, {"reason": "of another patient"}).status_code == 303
    row.refresh_from_db()
    assert (row.state, row.end_reason) == ("entered_in_error", "of another patient")
    assert row.voided_at is not None
    page = ward.get(f"/patients/{anna.public_id}/documents/").content.decode()
    assert "of another patient" in page
    with pytest.raises(TransitionRefused):
        services.document_void(row, reason="x", by=0, at=STARTED)
    added(anna)


def test_a_consent_rests_on_its_paper(anna: Patient) -> None:
    row = added(anna, "consent")
    with pytest.raises(Invalid):
        services.consent_record(anna, kind="blood", by=None, at=STARTED)
    made = services.consent_record(anna, kind="blood", document=row, by=None, at=STARTED)
    with pytest.raises(Invalid):
        services.document_void(row, reason="x", by=0, at=STARTED)
    services.consent_change(
        made,
        to="inactive",
        reason="x",
        version=1,
        by=None,
        at=STARTED,  # type: ignore[arg-type]
    )
    services.document_void(row, reason="x", by=None, at=STARTED)  # type: ignore[arg-type]
    with pytest.raises(Invalid):
        services.consent_record(anna, kind="blood", document=row, by=None, at=STARTED)


@pytest.mark.parametrize(
    ("field", "values"),
    [("kind", {"kind": "x"}), ("written_on", {"written_on": date(2100, 1, 1)})],
)
def test_what_cannot_be_is_refused(anna: Patient, field: str, values: dict[str, Any]) -> None:
    wanted = {"kind": "letter", "paper": papers.paper(), "by": None, "at": STARTED, **values}
    with pytest.raises(Invalid) as refused:
        services.document_add(anna, **wanted)
    assert refused.value.field == field
    assert not Document.objects.exists()


def test_the_same_file_of_an_error_may_come_again(anna: Patient) -> None:
    added(anna)
    with pytest.raises(DocumentKnown):
        added(anna)


@pytest.mark.parametrize("model", [DocumentContent, DocumentPage])
def test_the_database_changes_and_deletes_no_contents(anna: Patient, model: Any) -> None:
    added(anna)
    with pytest.raises(Error), transaction.atomic():
        model.objects.update(content=b"")
    with pytest.raises(Error), transaction.atomic():
        model.objects.all().delete()


def test_every_kind_is_read_by_somebody() -> None:
    assert set(kinds_read(treats=True, confidential=True)) == set(DocumentKind.values)
    assert "legal" not in kinds_read(treats=True, confidential=False)


# Photo


def test_a_photo_is_in_the_banner_and_goes_out_again(ward: Client, anna: Patient) -> None:
    address = f"/patients/{anna.public_id}/"
    assert ward.get(f"{address}photo/").status_code == 404
    sent = ward.post(f"{address}photo/new/", {"file": file(papers.located(), "a.jpg")})
    assert sent.status_code == 303
    page = ward.get(f"{address}safety/").content.decode()
    assert 'class="hms-banner-photo" src="data:image/jpeg;base64,' in page
    picture = ward.get(f"{address}photo/")
    assert picture["Content-Type"] == "image/jpeg"
    assert b"Phone of Anna" not in picture.content
    assert ward.post(f"{address}photo/remove/", {"reason": "asked for it"}).status_code == 303
    assert "hms-banner-photo" not in ward.get(address).content.decode()
    assert PatientPhoto.objects.count() == 1
    assert ward.post(f"{address}photo/remove/", {"reason": "again"}).status_code == 422


def test_a_photo_that_is_none_is_refused(ward: Client, anna: Patient) -> None:
    answer = ward.post(f"/patients/{anna.public_id}/photo/new/", {"file": file(papers.pdf())})
    assert answer.status_code == 422
    assert "JPEG or PNG" in str(answer.context["form"].errors["file"])
    assert not PatientPhoto.objects.exists()


def test_the_newest_photo_counts(anna: Patient) -> None:
    for at in (STARTED, STARTED + timedelta(days=1)):
        pictures = (papers.picture(), papers.picture())
        services.photo_set(anna, pictures=pictures, by=None, at=at)
    found = selectors.photo_of(anna)
    assert found is not None
    assert found.occurred_at == STARTED + timedelta(days=1)
