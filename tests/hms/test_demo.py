"""The demo hospital: everything is there once, every login works, production refuses it."""

from io import StringIO

import pytest
import yaml
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client

from core import clock
from core.models import Delivery
from hms.demo import people, places
from org import selectors, services
from org.models import Assignment, Unit, User
from org.permissions import grants_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_reference_data")]


def _load(*options: str) -> str:
    out = StringIO()
    call_command("demo_load", *options, stdout=out)
    return out.getvalue()


def _check_places_people_levels() -> None:
    assert Unit.objects.count() == len(places.PLACES) + 1 >= 25
    assert User.objects.filter(is_demo=True).count() == len(people.STAFF) + 1 == 62
    assert not User.objects.exclude(state="active").exists()
    units = {unit.code: unit.pk for unit in Unit.objects.all()}
    assert selectors.level(unit=units["CL-MED"], module="registration") == "live"
    assert selectors.level(unit=units["CL-MED"], module="pharmacy") == "off"
    assert selectors.level(unit=units["W-MED-A"], module="beds") == "observe"
    assert selectors.level(unit=units["TRAIN"], module="lab") == "training"


def _check_logins() -> None:
    roles = yaml.safe_load((settings.BASE_DIR / "config/roles.yaml").read_text())["roles"]
    logins = (*people.LOGINS, people.ADMINISTRATOR)
    assert {login.role for login in logins} == set(roles)
    assert len(logins) == len(roles)
    for login in logins:
        assert (
            Client()
            .post("/sign-in/", {"username": login.username, "password": people.PASSWORD})
            .status_code
            == 302
        ), login.username
        user = User.objects.get(username=login.username)
        assert login.role in {held.role for held in grants_of(user, at=clock.now()).held}
    usable = {user.username for user in User.objects.all() if user.has_usable_password()}
    assert usable == {login.username for login in logins}, "only published logins have a password"


def test_everything_is_there_once_and_every_role_signs_in() -> None:
    _load("--history", "0")
    _check_places_people_levels()
    _check_logins()
    assert not Delivery.objects.exclude(state="done").exists()
    before = (User.objects.count(), Unit.objects.count(), Assignment.objects.count())
    assert "nothing was changed" in _load()
    assert before == (User.objects.count(), Unit.objects.count(), Assignment.objects.count())


def test_logins_are_a_table_of_all_roles() -> None:
    lines = _load("--logins").splitlines()
    assert len(lines) == 1 + len(people.LOGINS) + 1
    assert lines[0].split("  ")[0] == "Role"
    assert all(people.PASSWORD in line for line in lines[1:])


def test_production_refuses(settings: object) -> None:
    settings.IS_PRODUCTION = True  # type: ignore[attr-defined]
    with pytest.raises(CommandError, match="production"):
        _load()


def test_a_real_hospital_is_left_alone() -> None:
    services.hospital_set_up(
        services.Hospital(
            name="St Elsewhere",
            site_code="M",
            site_name="Main",
            time_zone="UTC",
            currency="EUR",
            language="en",
            admin_username="boss",
            admin_family_name="Craig",
            admin_given_name="",
            admin_password="lighthouse-keeper-9",  # pragma: allowlist secret
        ),
        at=clock.now(),
    )
    with pytest.raises(CommandError, match="not the demo"):
        _load()


def test_a_load_that_breaks_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from hms.demo import load as loader

    def broken(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(loader, "_levels_set", broken)
    with pytest.raises(RuntimeError):
        _load()
    assert selectors.installation() is None
    assert not User.objects.exists()
