"""A new SECRET_KEY: what the old one sealed is sealed anew, and still found (SEC-O6)."""

import io
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils.crypto import get_random_string

from audit.models import AuditEvent
from org.models import User
from patients.models import Patient
from tests.factories import org as people
from tests.factories import patients


@pytest.fixture
def anna(desk: people.Hospital, clerk: User) -> Patient:
    return patients.patient(
        desk.ward,
        clerk,
        mobile="0611223344",
        national="2810375123456",
        kin_name="Piotr",
        kin_phone="0699887766",
    )


def rows(browser: Client, text: str) -> int:
    return len(browser.get("/patients/", {"q": text}).context["rows"])


def reseal(*options: str) -> str:
    out = io.StringIO()
    call_command("patients_reseal", *options, stdout=out)
    return out.getvalue()


def test_after_a_new_key_everything_is_found_and_read_with_it_alone(
    browser: Client, clerk: User, anna: Patient, settings: Any
) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = get_random_string(60)
    browser.force_login(clerk, backend="org.backends.UsernameBackend")
    assert rows(browser, "0611223344") == 1
    assert "3." in reseal()
    assert "0." in reseal()
    settings.SECRET_KEY_FALLBACKS = []
    assert (rows(browser, "0611223344"), rows(browser, "2810375123456")) == (1, 1)
    page = browser.get(f"/patients/{anna.public_id}/").content.decode()
    assert "0611223344" in page
    assert "0699887766" in page
    assert AuditEvent.objects.filter(act="keys_reseal").count() == 3


def test_the_one_command_of_the_steps_covers_patients_too(anna: Patient, settings: Any) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = get_random_string(60)
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("keys_reseal", dry_run=True, stdout=out)
    assert "Values of patients to be sealed anew: 3." in out.getvalue()
    assert "SECRET_KEY_FALLBACKS must stay." in out.getvalue()
    call_command("keys_reseal", stdout=out)
    assert "may be emptied" in out.getvalue()
    assert "0." in reseal()


def test_a_trial_changes_nothing_and_says_that_the_old_key_must_stay(
    anna: Patient, settings: Any
) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = get_random_string(60)
    for _again in range(2):
        with pytest.raises(SystemExit):
            reseal("--dry-run")


def test_what_no_key_opens_is_counted_and_left(anna: Patient, settings: Any) -> None:
    settings.SECRET_KEY = get_random_string(60)
    with pytest.raises(SystemExit):
        reseal()
