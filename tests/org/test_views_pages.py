"""Every page of people and places opens for the administrator, and for nobody without the right."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories.org import Hospital

PLAIN = ["units", "unit-new", "people", "person-new", "person-import", "roles", "activation"]
PLAIN += ["activation-history", "preferences"]
OF_UNIT = ["unit", "unit-edit", "unit-close", "unit-reopen"]
OF_PERSON = ["person", "person-edit", "person-link", "person-activate", "person-suspend"]
OF_PERSON += ["person-leave", "practitioner-edit", "assignment-new"]


@pytest.fixture
def admin(as_role) -> Client:
    return as_role("system_administrator")


@pytest.mark.parametrize("name", PLAIN)
def test_the_administrator_opens_the_page(admin: Client, name: str) -> None:
    assert admin.get(reverse(f"org:{name}")).status_code == 200


@pytest.mark.parametrize("name", OF_UNIT)
def test_the_administrator_opens_the_page_of_a_unit(
    admin: Client, hospital: Hospital, name: str
) -> None:
    assert admin.get(reverse(f"org:{name}", args=[hospital.ward.public_id])).status_code == 200


@pytest.mark.parametrize("name", OF_UNIT)
def test_a_unit_of_another_site_is_not_there(admin: Client, hospital: Hospital, name: str) -> None:
    address = reverse(f"org:{name}", args=[hospital.elsewhere.public_id])
    assert admin.get(address).status_code == 404


@pytest.mark.parametrize("name", OF_PERSON)
def test_the_administrator_opens_the_page_of_a_person(
    admin: Client, hospital: Hospital, name: str
) -> None:
    address = reverse(f"org:{name}", args=[hospital.person("nurse").public_id])
    assert admin.get(address).status_code == 200


def test_the_administrator_opens_a_role(admin: Client) -> None:
    page = admin.get(reverse("org:role", args=["system_administrator"]))
    assert "org.manage_units" in page.content.decode()


def test_an_unknown_role_is_not_there(admin: Client) -> None:
    assert admin.get(reverse("org:role", args=["wizard"])).status_code == 404


def test_the_administrator_opens_the_level_of_a_module(admin: Client, hospital: Hospital) -> None:
    address = reverse("org:activation-set", args=[hospital.ward.public_id, "lab"])
    assert admin.get(address).status_code == 200


def test_an_unknown_module_is_not_there(admin: Client, hospital: Hospital) -> None:
    address = reverse("org:activation-set", args=[hospital.ward.public_id, "cafeteria"])
    assert admin.get(address).status_code == 404


@pytest.mark.parametrize("name", PLAIN[:-1])
def test_a_nurse_opens_no_page_of_administration(as_role, name: str) -> None:
    assert as_role("nurse").get(reverse(f"org:{name}")).status_code == 403


@pytest.mark.parametrize("name", ["units", "people", "activation", "activation-history"])
def test_the_ward_manager_reads_the_lists(as_role, name: str) -> None:
    assert as_role("ward_manager").get(reverse(f"org:{name}")).status_code == 200


def test_nobody_is_sent_to_the_sign_in_page(client: Client, hospital: Hospital) -> None:
    answer = client.get(reverse("org:people"))
    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/?next=%2Fpeople%2F")


def test_the_sign_in_page_shows_the_hospital(client: Client, hospital: Hospital) -> None:
    assert "Riverside General" in client.get(reverse("org:sign-in")).content.decode()


@pytest.mark.parametrize("name", ["units", "people", "activation-history"])
def test_a_damaged_page_address_is_refused(admin: Client, name: str) -> None:
    assert admin.get(reverse(f"org:{name}"), {"cursor": "x%"}).status_code == 422
