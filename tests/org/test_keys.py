"""SECRET_KEY is replaced: what the old one made goes on, is sealed anew, and then it may go."""

from collections.abc import Iterator
from importlib import import_module
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.test import Client

from audit.models import AuditEvent, Seal
from audit.services import Action, record, sealed_with_older_keys, verify
from core import clock, mode
from core.models import IdempotencyKey
from org import services
from org.models import AccountNotice, KnownPlace, RecoveryCode, User
from org.services import keys, vault
from org.states import NoticeKind
from tests.audit.test_seals import settle
from tests.factories import org as people
from tests.factories.org import PASSWORD
from tests.factories.sessions import sign_in
from tests.org.test_sign_in import app_of, code_of, enter, is_in

OLD, NEW = "o" * 60, "n" * 60
NEW_PASSWORD = "walnut-harbour-twelve"  # pragma: allowlist secret


@pytest.fixture(autouse=True)
def _old_key(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.limits.seconds_to_wait", lambda *_args, **_named: 0.0)
    _keys(settings, OLD)


def _keys(settings: Any, *given: str) -> None:
    """As a start with these keys, the newest first."""
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = given[0], list(given[1:])
    settings.AUDIT_KEYS = list(given)


@pytest.fixture
def nurse(hospital: people.Hospital) -> User:
    return services.password_set(
        hospital.person("nurse"), password=PASSWORD, by=None, at=people.STARTED
    )


def _reseal(*options: str, exit_code: int = 0) -> str:
    out = StringIO()
    if exit_code:
        with pytest.raises(SystemExit) as ended:
            call_command("keys_reseal", *options, stdout=out)
        assert ended.value.code == exit_code
    else:
        call_command("keys_reseal", *options, stdout=out)
    return out.getvalue()


def _enters_with(code: str) -> bool:
    client = Client()
    enter(client, "nurse")
    client.post("/sign-in/code/", {"code": code})
    return is_in(client)


def _stored() -> dict[int, str]:
    return {row.pk: row.data["secret"] for row in Authenticator.objects.filter(type="totp")}


def test_a_session_of_the_old_key_goes_on_until_that_key_is_gone(nurse, client, settings) -> None:
    sign_in(client, nurse)
    _keys(settings, NEW, OLD)
    assert is_in(client)
    other = sign_in(Client(), nurse)
    _keys(settings, "x" * 60)
    assert not is_in(other)


def test_a_session_is_carried_over_by_being_used(nurse, client, settings) -> None:
    """Django writes the hash of the newest key into a session that comes with an older one."""
    sign_in(client, nurse)
    _keys(settings, NEW, OLD)
    assert is_in(client)
    assert client.session.get("_auth_user_hash") == nurse.get_session_auth_hash()


def test_a_link_for_a_password_needs_no_key(nurse, client, settings) -> None:
    token = services.key_issue(nurse, kind="reset", by=None, at=clock.now())
    _keys(settings, NEW)
    services.key_use(token, password=NEW_PASSWORD, at=clock.now())
    enter(client, "nurse", NEW_PASSWORD)
    assert is_in(client)


def test_a_checked_file_of_staff_is_imported_across_the_change(hospital, as_role, settings) -> None:
    client = as_role("system_administrator")
    file = StringIO("username,family_name,given_name\nmoss,Moss,Ada\n")
    file.name = "staff.csv"
    page = client.post("/people/import/", {"file": file})
    form = page.context["confirm"]
    assert form is not None, page.content.decode()
    _keys(settings, NEW, OLD)
    client.post("/people/import/", {"checked": form.initial["checked"]})
    assert User.objects.filter(username="moss").exists()


def test_an_app_and_recovery_codes_open_while_the_old_key_is_a_fallback(nurse, settings) -> None:
    seed = app_of(nurse)
    codes = services.recovery_codes_make(nurse, at=clock.now())
    _keys(settings, NEW, OLD)
    assert _enters_with(codes[0])
    assert _enters_with(code_of(seed))


def test_without_resealing_the_app_is_lost_with_the_old_key(nurse, settings) -> None:
    app_of(nurse)
    _keys(settings, NEW)
    said = _reseal(exit_code=1)
    assert "No key of ours opens 1 seeds" in said


def test_after_resealing_the_old_key_may_go_and_the_app_still_opens(nurse, settings) -> None:
    seed = app_of(nurse)
    _keys(settings, NEW, OLD)
    said = _reseal()
    assert "Seeds of apps sealed anew: 1" in said
    assert "may be emptied" in said
    _keys(settings, NEW)
    assert _enters_with(code_of(seed))
    assert "there is no old key" in _reseal()


def test_each_batch_leaves_a_row_and_a_second_run_changes_nothing(
    hospital, nurse, settings, monkeypatch
) -> None:
    app_of(nurse)
    app_of(hospital.person("doctor"))
    monkeypatch.setattr(keys, "BATCH", 1)
    _keys(settings, NEW, OLD)
    _reseal()
    stored = _stored()
    rows = AuditEvent.objects.filter(act="keys_reseal")
    assert [row.after for row in rows] == [{"seeds": 1}, {"seeds": 1}]
    assert "sealed anew: 0" in _reseal()
    assert (_stored(), rows.count()) == (stored, 2)


def test_what_an_interrupted_run_left_is_taken_up_by_the_next(
    hospital, nurse, settings, monkeypatch
) -> None:
    app_of(nurse)
    app_of(hospital.person("doctor"))
    monkeypatch.setattr(keys, "BATCH", 1)
    _keys(settings, NEW, OLD)
    before = _stored()
    batch, runs = keys._batch, iter([True, False])

    def breaking(*args: Any, **named: Any) -> None:
        if not next(runs):
            raise KeyboardInterrupt
        batch(*args, **named)

    monkeypatch.setattr(keys, "_batch", breaking)
    with pytest.raises(KeyboardInterrupt):
        _reseal()
    assert sum(before[pk] != secret for pk, secret in _stored().items()) == 1
    monkeypatch.setattr(keys, "_batch", batch)
    assert "sealed anew: 1" in _reseal()


def test_a_dry_run_counts_and_changes_nothing(nurse, settings) -> None:
    app_of(nurse)
    _keys(settings, NEW, OLD)
    stored = _stored()
    said = _reseal("--dry-run", exit_code=1)
    assert "to be sealed anew: 1" in said
    assert "must stay" in said
    assert _stored() == stored
    assert not AuditEvent.objects.filter(act="keys_reseal").exists()


def test_a_trail_that_is_full_stops_the_resealing(nurse, settings, monkeypatch) -> None:
    app_of(nurse)
    _keys(settings, NEW, OLD)
    stored = _stored()

    def full(*_args: Any, **_named: Any) -> None:
        raise OSError

    monkeypatch.setattr(keys, "record", full)
    with pytest.raises(OSError):  # noqa: PT011
        _reseal()
    assert _stored() == stored


def test_recovery_codes_hold_the_old_key_until_their_people_make_new_ones(nurse, settings) -> None:
    app_of(nurse)
    services.recovery_codes_make(nurse, at=clock.now())
    _keys(settings, NEW, OLD)
    said = _reseal("--who", exit_code=1)
    assert "codes of an old key: they must make new ones: 1.\n  nurse\n" in said
    assert "must stay" in said
    codes = services.recovery_codes_make(nurse, at=clock.now())
    assert "may be emptied" in _reseal()
    _keys(settings, NEW)
    assert _enters_with(codes[0])


def test_codes_of_which_nobody_knows_the_key_hold_it_too(nurse, settings) -> None:
    services.recovery_codes_make(nurse, at=clock.now())
    _keys(settings, NEW, OLD)
    RecoveryCode.objects.update(key_name="")
    assert "they must make new ones: 1" in _reseal(exit_code=1)


def test_codes_of_a_key_that_is_gone_count_as_none(nurse, client, settings) -> None:
    app_of(nurse)
    services.recovery_codes_make(nurse, at=clock.now())
    sign_in(client, nurse)
    assert client.get("/security/").context["codes_left"] == 10
    _keys(settings, NEW, OLD)
    assert client.get("/security/").context["codes_left"] == 10
    _reseal(exit_code=1)
    _keys(settings, NEW)
    assert "they open nothing: 1" in _reseal()
    assert sign_in(Client(), nurse).get("/security/").context["codes_left"] == 0


def _answer_kept() -> str:
    body = vault.sealed('{"client_secret": "s"}', purpose="client secret")
    row = IdempotencyKey.objects.create(user=1, key="k", door="d", body_hash="h", status=201)
    IdempotencyKey.objects.create(user=1, key="l", door="d", body_hash="h", status=201, body="{}")
    IdempotencyKey.objects.filter(pk=row.pk).update(body=body)
    return body


def test_kept_answers_with_a_secret_are_sealed_anew(hospital, settings) -> None:
    _answer_kept()
    _keys(settings, NEW, OLD)
    assert "answers kept: 1" in _reseal()
    _keys(settings, NEW)
    body = IdempotencyKey.objects.get(key="k").body
    assert vault.opened(body, purpose="client secret") == '{"client_secret": "s"}'
    assert IdempotencyKey.objects.get(key="l").body == "{}"


def test_a_known_place_is_known_across_the_change_and_after_it(nurse, settings) -> None:
    def seen() -> bool:
        return services.place_note(nurse, address="10.0.0.1", agent="Fox", at=clock.now())

    seen()
    services.place_note(nurse, address="10.0.0.2", agent="Fox", at=clock.now())
    _keys(settings, NEW, OLD)
    assert not seen()
    _keys(settings, NEW)
    assert not seen()
    assert KnownPlace.objects.filter(user=nurse).count() == 2
    told = AccountNotice.objects.filter(user=nurse, kind=NoticeKind.NEW_PLACE).count()
    assert services.place_note(nurse, address="10.0.0.2", agent="Fox", at=clock.now())
    assert AccountNotice.objects.filter(kind=NoticeKind.NEW_PLACE).count() == told + 1


@pytest.fixture
def read_only(hospital: people.Hospital) -> Iterator[None]:
    services.read_only_set(on=True, reason="a test", at=clock.now(), by=None)
    mode.reset()
    yield
    mode.reset()


def test_a_system_that_takes_nothing_new_is_not_sealed_anew(nurse, settings, read_only) -> None:
    _keys(settings, NEW, OLD)
    with pytest.raises(CommandError):
        _reseal()
    _reseal("--dry-run")


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_every_seal_of_an_older_key_is_counted_part_by_part(settings, monkeypatch) -> None:
    monkeypatch.setattr(import_module("audit.services.verify"), "PART", 1)
    for _number in range(3):
        record("probe", action=Action.READ, at=people.STARTED, by=None)
        settle()
    _keys(settings, NEW, OLD)
    olds = Seal.objects.count()
    record("probe", action=Action.READ, at=people.STARTED, by=None)
    settle()
    assert Seal.objects.count() > olds
    assert sealed_with_older_keys() == olds


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_a_trail_sealed_with_the_old_key_is_whole_while_that_key_is_listed(
    settings, tmp_path
) -> None:
    settings.AUDIT_ANCHOR_DIR = tmp_path
    record("probe", action=Action.READ, at=people.STARTED, by=None)
    settle()
    _keys(settings, NEW, OLD)
    assert verify().is_clean
    said = _reseal(exit_code=1)
    assert "seals of the trail were not made with the first key" in said
    assert "HMS_AUDIT_KEYS is empty: list the new key and the old there." in said
    assert "must stay" in said
    settings.AUDIT_KEYS_ARE_LISTED = True
    assert "may be emptied" in _reseal()
    assert verify().is_clean
    settings.SECRET_KEY_FALLBACKS = []
    assert verify().is_clean
    settings.AUDIT_KEYS = [NEW]
    assert not verify().is_clean
