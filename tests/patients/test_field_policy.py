"""Fields that not everybody may read, at every door of the room (SEC-Z5, ROW-O3)."""

from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from core import clock
from hms.roles import declared
from org.models import User
from patients import services
from patients.models import Contact, Patient, PatientIdentifier
from patients.rules.fields import GROUPS, MASKED, Name
from tests.architecture.routes import every_route
from tests.architecture.test_crawl import WHOLE, rotated
from tests.factories import org as people
from tests.factories import patients
from tests.factories.sessions import sign_in

# What is planted in each group, and found nowhere by whoever may not read the group.
PLANTED: dict[Name, tuple[str, ...]] = {
    "reach": (
        *("0611223344", "Canarystreet", "4711B", "39175", "Canaryregion", "2810375123456"),
        *("0699887766", "Kinroad 5", "XYCANARY77"),
    ),
    "special_care": ("Zzcanary of psychiatry",),
}
READERS = {
    group: sorted(
        role
        for role, spec in declared().items()
        if "patients.view_patient" in spec["permissions"]
        and GROUPS[group].permission not in spec["permissions"]
    )
    for group in GROUPS
}
CASES = [
    (group, role)
    for group, roles in READERS.items()
    for role in (roles if WHOLE else rotated(roles, group)[:3])
]
PARAMETERS = {"public_id", "contact_id", "identifier_id"}
ROUTES = [
    route
    for route in every_route()
    if route.room == "patients"
    and route.door("GET") is not None
    and set(route.parameters) <= PARAMETERS
]
SORTS = ("mobile", "-mobile", "phones", "special_care_sealed", "addresses__street", "mark")


@pytest.fixture
def planted(desk: people.Hospital, clerk: User) -> Patient:
    """A patient with a value in every column of every group."""
    made = patients.patient(
        desk.ward,
        clerk,
        cared_for=desk.ward,
        mobile="0611223344",
        street="Canarystreet",
        house_number="4711B",
        postcode="39175",
        region="Canaryregion",
        national="2810375123456",
    )
    at = clock.now()
    services.contact_add(
        made,
        name="Jo",
        kinds=["proxy"],
        phone="0699887766",
        address="Kinroad 5",
        by=clerk.pk,
        at=at,
    )
    services.identifier_add(made, system="other", value="XYCANARY77", by=clerk.pk, at=at)
    made.refresh_from_db()
    doctor = desk.person("doctor")
    services.care_notes_set(
        made, text=PLANTED["special_care"][0], version=made.version, by=doctor.pk, at=at
    )
    return made


def _address(name: str, parameters: Any, patient: Patient) -> str:
    known = {
        "public_id": patient.public_id,
        "contact_id": Contact.objects.filter(patient=patient).first().public_id,
        "identifier_id": PatientIdentifier.objects.filter(patient=patient).first().public_id,
    }
    return reverse(name, kwargs={each: known[each] for each in parameters})


@pytest.mark.parametrize("group", GROUPS)
def test_no_door_shows_a_value_to_whoever_may_not_read_its_group(
    group: Name, planted: Patient, desk: people.Hospital
) -> None:
    """`make test-all` asks each role at each door; every run asks two, in turn."""
    clients = {role: sign_in(Client(), desk.person(role)) for role in READERS[group]}
    leaks = []
    for route in ROUTES:
        address = _address(route.name, route.parameters, planted)
        for role in rotated(READERS[group], f"{group} {route.name}")[: None if WHOLE else 2]:
            for query in ("", "?q=Nowak&search=Nowak")[: 1 if route.parameters else 2]:
                body = clients[role].get(address + query).content.decode(errors="replace")
                leaks += [(role, address, value) for value in PLANTED[group] if value in body]
    assert leaks == []


@pytest.mark.parametrize(("group", "role"), CASES)
def test_nobody_is_found_or_put_in_order_by_a_value_that_may_not_be_read(
    group: Name, role: str, planted: Patient, desk: people.Hospital, clerk: User
) -> None:
    patients.patient(desk.ward, clerk, cared_for=desk.ward, family="Berg", mobile="0600000001")
    client, home = sign_in(Client(), desk.person(role)), "/api/v1/patients/"
    for value in PLANTED[group]:
        assert client.get(home, {"search": value}).json()["items"] == []
        assert "NOWAK" not in client.get("/patients/", {"q": value}).content.decode()
        assert "NOWAK" not in client.get("/search/", {"q": value}).content.decode()
    plain = [row["public_id"] for row in client.get(home).json()["items"]]
    for sort in SORTS:
        for name in ("sort", "order", "ordering"):
            answer = client.get(home, {name: sort})
            assert [row["public_id"] for row in answer.json()["items"]] == plain
    for column in ("mobile", "street", "special_care_sealed", "phone"):
        answer = client.get(home, {column: PLANTED[group][0]})
        assert [row["public_id"] for row in answer.json()["items"]] == plain


def test_whoever_may_read_a_group_sees_and_finds_by_it(
    planted: Patient, browser: Client, desk: people.Hospital
) -> None:
    """Otherwise the tests above would pass on an empty page."""
    page = browser.get(f"/patients/{planted.public_id}/").content.decode()
    seen = {value for value in PLANTED["reach"] if value in page}
    assert seen == set(PLANTED["reach"]) - {"Kinroad 5"}
    found = browser.get("/api/v1/patients/", {"search": "0611223344"}).json()["items"]
    assert [row["public_id"] for row in found] == [str(planted.public_id)]
    doctor = sign_in(Client(), desk.person("doctor"))
    page = doctor.get(f"/patients/{planted.public_id}/").content.decode()
    assert PLANTED["special_care"][0] in page


def test_every_sealed_column_and_every_mark_is_in_a_group() -> None:
    known = {
        (model, column)
        for group in GROUPS.values()
        for model, columns in group.columns.items()
        for column in columns
    }
    rows = {
        (model.__name__, field.name)
        for model in apps.get_app_config("patients").get_models()
        if not model.__name__.endswith("Event")
        for field in model._meta.concrete_fields
    }
    sealed = {pair for pair in rows if pair[1].endswith("_sealed") or pair[1] == "mark"}
    assert sealed - known == set()
    assert known - rows == set()
    assert {column for _model, column in rows if column.endswith("ending")} == MASKED


def test_what_may_not_be_read_is_not_taken_either(
    planted: Patient, desk: people.Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        GROUPS,
        "reach",
        GROUPS["reach"].__class__("patients.nobody_holds", {}, GROUPS["reach"].inputs),
    )
    client = sign_in(Client(), desk.person("front_desk"))
    form = client.get("/patients/new/").context["form"]
    assert set(form.fields) & GROUPS["reach"].inputs == set()
    body = {"family": "Berg", "national": "2810375123456"}
    json = {"content_type": "application/json"}
    assert client.post("/api/v1/patients/matches", body, **json).status_code == 403
    numbers = f"/api/v1/patients/{planted.public_id}/numbers"
    sent = {"system": "other", "value": "XYCANARY77"}
    assert client.post(numbers, sent, **json).status_code == 403
    assert client.get(f"/patients/{planted.public_id}/numbers/new/").status_code == 403
