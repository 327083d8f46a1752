"""Commands on people and their logins, typed into forms."""

import pytest
from django.test import Client
from django.urls import reverse

from org import services
from org.models import Practitioner, User
from tests.factories import org
from tests.factories.org import Hospital
from tests.factories.sessions import sign_in

BACKEND = "org.backends.UsernameBackend"


@pytest.fixture
def admin(as_role) -> Client:
    return as_role("system_administrator")


def _at(name: str, user: User) -> str:
    return reverse(f"org:{name}", args=[user.public_id])


def test_a_person_is_created_invited(admin: Client) -> None:
    data = {"username": " R.Diaz ", "family_name": "Diaz", "given_name": "Rosa"}
    answer = admin.post(reverse("org:person-new"), data)
    made = User.objects.get(username="r.diaz")
    assert (answer.status_code, answer["Location"]) == (303, f"/people/{made.public_id}/")
    assert (made.state, made.has_usable_password()) == ("invited", False)


def test_a_taken_user_name_is_refused_beside_it(admin: Client) -> None:
    answer = admin.post(reverse("org:person-new"), {"username": "NURSE", "family_name": "Diaz"})
    assert answer.status_code == 409
    assert "username" in answer.context["form"].errors


def test_a_name_with_a_hidden_sign_is_refused(admin: Client) -> None:
    data = {"username": "diaz", "family_name": "Di\u202eaz"}
    assert admin.post(reverse("org:person-new"), data).status_code == 422


def test_names_are_changed_and_an_old_version_is_refused(admin: Client, hospital: Hospital) -> None:
    nurse = hospital.person("nurse")
    stored = User.objects.get(pk=nurse.pk)
    data = {"family_name": "Singh", "version": str(stored.version)}
    assert admin.post(_at("person-edit", nurse), data).status_code == 303
    answer = admin.post(_at("person-edit", nurse), data | {"family_name": "Sandhu"})
    assert answer.status_code == 412
    assert User.objects.get(pk=nurse.pk).family_name == "Singh"


def test_the_invited_person_chooses_the_password_by_a_link_that_works_once(
    admin: Client, client: Client, hospital: Hospital
) -> None:
    invited = org.person("invited", active=False)
    phrase = "walnut-harbour-twelve"
    shown = admin.post(_at("person-link", invited), {"show": "1"}).context["link"]
    sent = {"password": phrase, "again": phrase}
    short = "kestrel7"
    weak = {"password": short, "again": short}
    assert client.post(shown, weak).status_code == 422
    assert client.post(shown, sent).status_code == 303
    assert client.post(shown, sent).status_code == 410
    data = {"username": "invited", "password": phrase}
    assert client.post(reverse("org:sign-in"), data).status_code == 302


def test_a_login_is_suspended_opened_and_left(admin: Client, hospital: Hospital) -> None:
    nurse = hospital.person("nurse")
    states = []
    for step in ("suspend", "activate", "leave"):
        assert admin.post(_at(f"person-{step}", nurse), {"reason": "test"}).status_code == 303
        states.append(User.objects.get(pk=nurse.pk).state)
    assert states == ["suspended", "active", "left"]


def test_a_step_that_is_not_possible_is_refused(admin: Client, hospital: Hospital) -> None:
    answer = admin.post(_at("person-activate", hospital.person("nurse")), {"reason": "test"})
    assert answer.status_code == 409


def test_a_step_needs_a_reason(admin: Client, hospital: Hospital) -> None:
    assert admin.post(_at("person-suspend", hospital.person("nurse")), {}).status_code == 422


def test_nobody_suspends_themselves(admin: Client, hospital: Hospital) -> None:
    answer = admin.post(_at("person-suspend", hospital.admin), {"reason": "test"})
    assert (answer.status_code, User.objects.get(pk=hospital.admin.pk).state) == (422, "active")


def test_a_profession_is_entered(admin: Client, hospital: Hospital) -> None:
    doctor = hospital.person("doctor")
    data = {"profession": "Physician", "licence_until_on": "31 12 2030", "version": "0"}
    assert admin.post(_at("practitioner-edit", doctor), data).status_code == 303
    row = Practitioner.objects.get(user=doctor)
    assert (row.profession, row.licence_until_on.isoformat()) == ("Physician", "2030-12-31")


def test_a_profession_that_changed_meanwhile_is_not_overwritten(
    admin: Client, hospital: Hospital
) -> None:
    doctor, by = hospital.person("doctor"), hospital.admin.pk
    services.practitioner_save(doctor, values={"profession": "Surgeon"}, by=by, at=org.STARTED)
    page = admin.get(_at("practitioner-edit", doctor))
    assert page.context["form"]["version"].value() == 1
    answer = admin.post(
        _at("practitioner-edit", doctor), {"profession": "Physician", "version": "0"}
    )
    assert answer.status_code == 412
    assert answer.context["form"]["profession"].value() == "Physician"
    assert Practitioner.objects.get(user=doctor).profession == "Surgeon"


def test_the_list_is_found_by_name_unit_and_login(admin: Client, hospital: Hospital) -> None:
    def names(**wanted: str) -> list[str]:
        page = admin.get(reverse("org:people"), wanted)
        return [row["person"].username for row in page.context["rows"]]

    assert names(q="NURSE") == ["nurse"]
    assert names(unit=str(hospital.clinic.public_id)) == []
    assert names(state="left") == []


@pytest.fixture
def head(client: Client, hospital: Hospital) -> Client:
    """Somebody who administers the ward only."""
    person = org.person("head")
    org.assign(person, "system_administrator", hospital.ward)
    sign_in(client, person)
    return client


def test_the_head_of_a_ward_reaches_the_people_of_the_ward_only(
    head: Client, hospital: Hospital
) -> None:
    assert head.get(_at("person-edit", hospital.person("nurse"))).status_code == 200
    assert head.get(_at("person-edit", hospital.admin)).status_code == 404


@pytest.mark.parametrize(
    "name", ["person-link", "person-suspend", "person-leave", "practitioner-edit"]
)
def test_a_login_that_works_beyond_the_ward_is_not_the_heads(
    head: Client, hospital: Hospital, name: str
) -> None:
    doctor = hospital.person("doctor")
    org.assign(doctor, "doctor", hospital.clinic)
    before = User.objects.get(pk=doctor.pk).version
    answer = head.post(_at(name, doctor), {"reason": "x", "password": "a", "again": "a"})
    assert (answer.status_code, User.objects.get(pk=doctor.pk).version) == (403, before)


def test_preferences_are_kept(admin: Client, hospital: Hospital) -> None:
    data = {"whole": "1", "theme": "dark", "density": "compact", "language": "fr"}
    assert admin.post(reverse("org:preferences"), data).status_code == 303
    row = User.objects.get(pk=hospital.admin.pk)
    assert (row.theme, row.density, row.single_keys, row.language) == (
        "dark",
        "compact",
        False,
        "fr",
    )
