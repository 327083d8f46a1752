"""Accounting of disclosures: who was given what about whom, on the screen, as a table, on paper."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from audit.models import AuditEvent
from core import clock
from tests.audit.test_search import event, whole_house
from tests.factories.org import Hospital

PATIENT = uuid4()
GIVEN = {
    "patient": str(PATIENT),
    "what": "Discharge letter of May",
    "recipient": "Insurer North, 1 Main Street",
    "purpose": "Claim 7",
}


@pytest.fixture
def officer(hospital: Hospital) -> Client:
    return whole_house(hospital)


def give(client: Client, **changes: Any) -> Any:
    return client.post(reverse("audit:disclosure-new"), {**GIVEN, **changes})


def stored() -> AuditEvent:
    return AuditEvent.objects.get(act="disclosure")


def test_a_disclosure_is_recorded_and_listed(officer: Client, hospital: Hospital) -> None:
    assert give(officer).status_code == 303
    row = stored()
    assert (row.patient, row.recipient, row.purpose) == (
        PATIENT, GIVEN["recipient"], GIVEN["purpose"],
    )  # fmt: skip
    assert (row.after, row.actor) == (
        {"what": GIVEN["what"]}, hospital.person("privacy_officer").pk,
    )  # fmt: skip
    page = officer.get(reverse("audit:disclosures")).content.decode()
    for text in (str(PATIENT), GIVEN["what"], GIVEN["recipient"], GIVEN["purpose"]):
        assert text in page


def test_data_of_a_thing_that_has_a_name(officer: Client, hospital: Hospital) -> None:
    nurse = hospital.person("nurse")
    assert give(officer, patient="", kind="org.user", thing=nurse.username).status_code == 303
    row = stored()
    assert (row.subject_type, row.subject) == ("org.user", str(nurse.public_id))
    (shown,) = officer.get(reverse("audit:disclosures")).context["rows"]
    assert shown.thing == nurse.full_name


def test_it_may_have_been_given_before_it_is_written_down(officer: Client) -> None:
    assert give(officer, given_at="t-2 14:30").status_code == 303
    assert timedelta(days=1) < clock.now() - stored().occurred_at < timedelta(days=3)


WRONG = [
    ({"recipient": ""}, "recipient"),
    ({"purpose": ""}, "purpose"),
    ({"what": ""}, "what"),
    ({"patient": "P7"}, "patient"),
    ({"patient": ""}, "thing"),
    ({"patient": "", "thing": "Delgado"}, "kind"),
    ({"patient": "", "kind": "org.user", "thing": "nobody at all"}, "thing"),
    ({"patient": "", "kind": "org.unit", "thing": "med"}, "thing"),
    ({"given_at": "t+1"}, "given_at"),
    ({"given_at": "soon"}, "given_at"),
    ({"recipient": "a\u202eb"}, "recipient"),
]


@pytest.mark.parametrize(("changes", "field"), WRONG)
def test_wrong_input_is_told_at_its_field_kept_and_not_recorded(
    officer: Client, changes: dict[str, str], field: str
) -> None:
    answer = give(officer, **changes)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert not AuditEvent.objects.filter(act="disclosure").exists()
    if "what" not in changes:
        assert GIVEN["what"] in answer.content.decode()


def test_filters_find_a_subject_and_a_period(officer: Client) -> None:
    one = event(timedelta(days=3), recipient="North", purpose="claim", patient=PATIENT)
    event(timedelta(days=400), recipient="South", purpose="claim", patient=PATIENT)
    event(timedelta(days=3), recipient="North", patient=uuid4())
    event(patient=PATIENT)

    def found(**wanted: Any) -> int:
        return len(officer.get(reverse("audit:disclosures"), wanted).context["rows"])

    assert found(patient=PATIENT) == 1
    assert found(patient=PATIENT, period="all") == 2
    assert found(recipient="north") == 2
    assert found(recipient="north", purpose="claim") == 1
    assert found(since="t-2") == 0
    assert found(patient=PATIENT, period="all", recipient="south") == 1
    assert one.recipient == "North"


def test_the_table_and_the_paper_say_the_same(officer: Client) -> None:
    give(officer)
    give(officer, what="=cmd()", purpose="Study 4")
    address = reverse("audit:disclosures-file")
    answer = officer.get(address, {"patient": PATIENT, "as": "csv"})
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode())))
    assert [row["purpose"] for row in rows] == ["Study 4", "Claim 7"]
    answer = officer.get(address, {"patient": PATIENT, "as": "pdf"})
    assert answer["Content-Type"] == "application/pdf"
    text = " ".join(
        page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages
    ).replace("\n", " ")
    for words in ("Accounting of disclosures", "Riverside General", "Study 4", "Claim 7"):
        assert words in text
    seen = AuditEvent.objects.filter(door="audit:disclosures-file", act="export").latest("id")
    assert (seen.patient, seen.query["count"]) == (PATIENT, 2)


def test_looking_up_whose_data_went_where_is_a_look_at_the_patient(officer: Client) -> None:
    officer.get(reverse("audit:disclosures"), {"patient": PATIENT})
    row = AuditEvent.objects.filter(door="audit:disclosures").latest("id")
    assert (row.act, row.patient) == ("search", PATIENT)


def test_who_may_record_and_who_may_take_it_away(as_role: Callable[[str], Client]) -> None:
    auditor = as_role("auditor")
    assert auditor.get(reverse("audit:disclosures")).status_code == 200
    assert give(auditor).status_code == 403
    assert auditor.get(reverse("audit:disclosures-file")).status_code == 403
    assert as_role("nurse").get(reverse("audit:disclosures")).status_code == 403
    assert not AuditEvent.objects.filter(act="disclosure").exists()
