"""Commands on units, typed into forms."""

import pytest
from django.test import Client
from django.urls import reverse

from org.models import Unit
from tests.factories import org
from tests.factories.org import Hospital
from tests.factories.sessions import sign_in


@pytest.fixture
def admin(as_role) -> Client:
    return as_role("system_administrator")


def _new(hospital: Hospital, **changes: str) -> dict[str, str]:
    base = {"parent": str(hospital.root.public_id), "name": "Surgery B", "code": "S2"}
    return base | {"kind": "ward", "beds": "24"} | changes


def test_a_unit_is_created_below_another(admin: Client, hospital: Hospital) -> None:
    answer = admin.post(reverse("org:unit-new"), _new(hospital))
    made = Unit.objects.get(code="S2")
    assert (answer.status_code, answer["Location"]) == (303, f"/units/{made.public_id}/")
    assert (made.parent_id, made.beds) == (hospital.root.pk, 24)


def test_a_taken_code_is_refused_beside_the_code_and_nothing_typed_is_lost(
    admin: Client, hospital: Hospital
) -> None:
    answer = admin.post(reverse("org:unit-new"), _new(hospital, code="w1"))
    assert answer.status_code == 409
    assert "code" in answer.context["form"].errors
    assert b"Surgery B" in answer.content


def test_a_unit_of_another_site_is_no_choice(admin: Client, hospital: Hospital) -> None:
    answer = admin.post(
        reverse("org:unit-new"), _new(hospital, parent=str(hospital.elsewhere_root.public_id))
    )
    assert (answer.status_code, Unit.objects.filter(code="S2").count()) == (422, 0)


@pytest.mark.parametrize("beds", ["-1", "many", "1000000"])
def test_a_senseless_number_of_beds_is_refused(
    admin: Client, hospital: Hospital, beds: str
) -> None:
    answer = admin.post(reverse("org:unit-new"), _new(hospital, beds=beds))
    assert answer.status_code == 422
    assert "beds" in answer.context["form"].errors


def _edit(unit: Unit, **changes: str) -> dict[str, str]:
    base = {"parent": str(unit.parent.public_id), "name": unit.name, "code": unit.code}
    return base | {"kind": unit.kind, "beds": "0", "version": str(unit.version)} | changes


def test_a_unit_is_renamed(admin: Client, hospital: Hospital) -> None:
    address = reverse("org:unit-edit", args=[hospital.ward.public_id])
    assert admin.post(address, _edit(hospital.ward, name="Medical One")).status_code == 303
    assert Unit.objects.get(pk=hospital.ward.pk).name == "Medical One"


def test_a_change_of_an_old_version_is_refused_with_what_was_typed(
    admin: Client, hospital: Hospital
) -> None:
    address = reverse("org:unit-edit", args=[hospital.ward.public_id])
    admin.post(address, _edit(hospital.ward, name="First"))
    answer = admin.post(address, _edit(hospital.ward, name="Second"))
    assert answer.status_code == 412
    assert b"Second" in answer.content
    assert b"Load what is stored now" in answer.content
    assert Unit.objects.get(pk=hospital.ward.pk).name == "First"


def test_a_form_without_version_is_refused(admin: Client, hospital: Hospital) -> None:
    address = reverse("org:unit-edit", args=[hospital.ward.public_id])
    data = _edit(hospital.ward, name="Other")
    del data["version"]
    assert admin.post(address, data).status_code == 422


def test_the_root_is_renamed_without_kind_or_parent(admin: Client, hospital: Hospital) -> None:
    root = Unit.objects.get(pk=hospital.root.pk)
    data = {"name": "Riverside", "code": root.code, "version": str(root.version)}
    answer = admin.post(reverse("org:unit-edit", args=[root.public_id]), data)
    assert (answer.status_code, Unit.objects.get(pk=root.pk).name) == (303, "Riverside")


def test_a_unit_with_people_is_not_closed(admin: Client, hospital: Hospital) -> None:
    data = {"reason": "moved", "version": str(hospital.ward.version)}
    answer = admin.post(reverse("org:unit-close", args=[hospital.ward.public_id]), data)
    assert (answer.status_code, Unit.objects.get(pk=hospital.ward.pk).is_active) == (409, True)


def test_an_empty_unit_is_closed_and_opened_again(admin: Client, hospital: Hospital) -> None:
    data = {"reason": "moved", "version": str(hospital.clinic.version)}
    assert admin.post(f"/units/{hospital.clinic.public_id}/close/", data).status_code == 303
    assert not Unit.objects.get(pk=hospital.clinic.pk).is_active
    data["version"] = str(hospital.clinic.version + 1)
    assert admin.post(f"/units/{hospital.clinic.public_id}/reopen/", data).status_code == 303
    assert Unit.objects.get(pk=hospital.clinic.pk).is_active


def test_the_list_is_found_by_code_kind_and_state(admin: Client, hospital: Hospital) -> None:
    def names(**wanted: str) -> list[str]:
        page = admin.get(reverse("org:units"), wanted)
        return [unit.name for unit, _look, _depth in page.context["rows"]]

    assert names(q="w1") == ["Medical A"]
    assert names(kind="clinic") == ["Medicine clinic"]
    assert names(state="closed") == []


def test_the_list_goes_on_over_pages(admin: Client, hospital: Hospital) -> None:
    for number in range(60):
        org.unit(hospital.root, f"X{number:02}")
    wards = {"kind": "ward"}
    first = admin.get(reverse("org:units"), wards)
    second = admin.get(reverse("org:units"), wards | {"cursor": first.context["pages"].next})
    names = [unit.pk for page in (first, second) for unit, _look, _depth in page.context["rows"]]
    assert (len(names), len(set(names))) == (61, 61)


def test_the_whole_tree_is_shown_without_a_filter(admin: Client, hospital: Hospital) -> None:
    page = admin.get(reverse("org:units"))
    assert page.context["is_tree"]
    assert [depth for _unit, _look, depth in page.context["rows"]] == [0, 1, 1]


def test_whoever_manages_a_ward_changes_nothing_above_it(
    client: Client, hospital: Hospital
) -> None:
    head = org.person("head")
    org.assign(head, "system_administrator", hospital.ward)
    sign_in(client, head)
    assert client.get(reverse("org:unit-edit", args=[hospital.ward.public_id])).status_code == 200
    assert client.get(reverse("org:unit-edit", args=[hospital.root.public_id])).status_code == 404
