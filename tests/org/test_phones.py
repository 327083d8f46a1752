"""A phone of staff is used only after its owner typed the code that was sent to it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command

from core.errors import Invalid
from org import services
from org.models import StaffPhone
from tests.factories.org import Hospital

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NUMBER = "+33 6 12 34 56 78"


def test_a_number_counts_once_its_code_was_typed(hospital: Hospital) -> None:
    nurse = hospital.person("nurse")
    code = services.phone_set(nurse, number=NUMBER, by=nurse.pk, at=NOW)
    assert services.phone_of(nurse.pk) == ""
    services.phone_confirm(nurse, code=code, by=nurse.pk, at=NOW)
    assert services.phone_of(nurse.pk) == "+33612345678"
    row = StaffPhone.objects.get()
    assert "612345678" not in row.value_sealed
    assert row.ending == "78"


def test_a_wrong_or_old_code_confirms_nothing_and_five_are_enough(hospital: Hospital) -> None:
    nurse = hospital.person("nurse")
    code = services.phone_set(nurse, number=NUMBER, by=nurse.pk, at=NOW)
    with pytest.raises(services.PhoneCodeWrong):
        services.phone_confirm(nurse, code=code, by=nurse.pk, at=NOW + timedelta(minutes=11))
    for _try in range(5):
        with pytest.raises(services.PhoneCodeWrong):
            services.phone_confirm(nurse, code="nonsense", by=nurse.pk, at=NOW)
    with pytest.raises(services.PhoneCodeSpent):
        services.phone_confirm(nurse, code=code, by=nurse.pk, at=NOW)
    assert services.phone_of(nurse.pk) == ""


@pytest.mark.parametrize("number", ["0612345678", "12", "+0 12345678", "call me", ""])
def test_a_number_without_its_country_is_refused(hospital: Hospital, number: str) -> None:
    nurse = hospital.person("nurse")
    with pytest.raises(Invalid):
        services.phone_set(nurse, number=number, by=nurse.pk, at=NOW)
    assert StaffPhone.objects.count() == 0


def test_a_new_key_seals_phones_anew(hospital: Hospital, settings: Any) -> None:
    nurse = hospital.person("nurse")
    code = services.phone_set(nurse, number=NUMBER, by=nurse.pk, at=NOW)
    services.phone_confirm(nurse, code=code, by=nurse.pk, at=NOW)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "n" * 60
    call_command("keys_reseal")
    settings.SECRET_KEY_FALLBACKS = []
    assert services.phone_of(nurse.pk) == "+33612345678"
