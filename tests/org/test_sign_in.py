"""The way in: password, second factor, locks (SEC-A3 to A6), over HTTP."""

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from axes.models import AccessAttempt
from django.test import Client

from audit.models import AuditEvent
from core import clock
from core.errors import Invalid
from hms.hashers import HospitalArgon2Hasher
from org import services
from org.models import AccountNotice, RecoveryCode
from tests.factories import org as people
from tests.factories.org import PASSWORD

WRONG = "wrong-wrong-wrong-1"


@pytest.fixture(autouse=True)
def _no_brake(monkeypatch) -> None:
    """The brake per address (tests/core/test_limits.py) would stop these tests' many tries."""
    monkeypatch.setattr("core.limits.seconds_to_wait", lambda *_args, **_named: 0.0)


@pytest.fixture
def nurse(hospital: people.Hospital):
    user = hospital.person("nurse")
    return services.password_set(user, password=PASSWORD, by=None, at=people.STARTED)


def enter(client: Client, name: str, password: str = PASSWORD, **extra):
    return client.post("/sign-in/", {"username": name, "password": password}, **extra)


def is_in(client: Client) -> bool:
    return client.get("/preferences/").status_code == 200


def code_of(seed: str, *, steps: int = 0) -> str:
    counter = int(clock.now().timestamp()) // 30 + steps
    return format_hotp_value(hotp_value(seed, counter))


def app_of(user) -> str:
    seed = services.seed_new()
    services.app_add(user, seed=seed, code=code_of(seed, steps=-1), at=clock.now())
    return seed


def test_name_and_password_let_in_whoever_has_no_second_factor(nurse, client) -> None:
    assert enter(client, " NURSE ").status_code == 302
    assert is_in(client)


def test_the_password_alone_opens_nothing_where_there_is_a_second_factor(nurse, client) -> None:
    app_of(nurse)
    assert enter(client, "nurse").headers["Location"] == "/sign-in/code/"
    assert not is_in(client)
    assert client.get("/api/v1/org/me/").status_code == 401


def test_the_code_of_the_app_lets_in(nurse, client) -> None:
    seed = app_of(nurse)
    client.post("/sign-in/?next=/units/", {"username": "nurse", "password": PASSWORD})
    answer = client.post("/sign-in/code/", {"code": code_of(seed)})
    assert answer.headers["Location"] == "/units/"
    assert is_in(client)
    assert AuditEvent.objects.filter(act="sign_in", reason="password+totp").count() == 1


def test_a_code_works_once(nurse, client) -> None:
    seed = app_of(nurse)
    code = code_of(seed)
    for wanted in (302, 422):
        other = Client()
        enter(other, "nurse")
        assert other.post("/sign-in/code/", {"code": code}).status_code == wanted


def test_after_five_wrong_codes_the_right_one_is_refused(nurse, client) -> None:
    seed = app_of(nurse)
    enter(client, "nurse")
    for _number in range(5):
        assert client.post("/sign-in/code/", {"code": "000000"}).status_code == 422
    assert client.post("/sign-in/code/", {"code": code_of(seed)}).status_code == 422
    assert not is_in(client)


def test_a_recovery_code_works_once_and_is_told(nurse, client) -> None:
    app_of(nurse)
    codes = services.recovery_codes_make(nurse, at=clock.now())
    AccountNotice.objects.all().delete()
    for wanted in (302, 422):
        other = Client()
        enter(other, "nurse")
        assert other.post("/sign-in/code/", {"code": codes[0].upper()}).status_code == wanted
    assert list(AccountNotice.objects.values_list("kind", flat=True)) == ["code_used"]


def test_recovery_codes_and_seeds_cannot_be_read_in_the_database(nurse) -> None:
    seed = app_of(nurse)
    codes = services.recovery_codes_make(nurse, at=clock.now())
    stored = str(list(RecoveryCode.objects.values())) + str(list(Authenticator.objects.values()))
    assert seed not in stored
    assert not any(code in stored or code.replace("-", "") in stored for code in codes)


def test_a_new_key_still_reads_seeds_and_codes_of_the_old_one(nurse, client, settings) -> None:
    seed = app_of(nurse)
    codes = services.recovery_codes_make(nurse, at=clock.now())
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "n" * 60
    for code in (code_of(seed), codes[0]):
        other = Client()
        enter(other, "nurse")
        assert other.post("/sign-in/code/", {"code": code}).status_code == 302


def test_five_wrong_passwords_lock_the_name_however_it_is_spelt(nurse, client) -> None:
    for number, name in enumerate(["nurse", "NURSE", " nurse", "Nurse ", "nUrSe"]):
        enter(client, name, WRONG, headers={"X-Forwarded-For": f"10.0.0.{number}"})
    answer = enter(client, "nurse")
    assert answer.status_code == 422
    assert b"Try again at" in answer.content
    assert not is_in(client)


def test_others_at_the_same_address_still_get_in(nurse, client) -> None:
    for _number in range(5):
        enter(client, "nurse", WRONG)
    assert enter(client, "admin").status_code == 302


def test_a_locked_and_an_invented_name_read_alike(nurse) -> None:
    def said(name: str) -> list[str]:
        texts = []
        for _number in range(6):
            page = enter(Client(), name, WRONG).content.decode()
            texts.append(re.sub(r"\d\d:\d\d", "T", page.split("hms-callout-text")[1][:160]))
        return texts

    assert said("nurse") == said("nobody-here")


def test_the_owner_is_told_of_the_lock_and_an_administrator_lifts_it(nurse, as_role) -> None:
    for _number in range(5):
        enter(Client(), "nurse", WRONG)
    assert AccountNotice.objects.filter(user=nurse, kind="sign_in_locked").count() == 1
    admin = as_role("system_administrator")
    page = f"/people/{nurse.public_id}/"
    assert b"Locked after wrong passwords" in admin.get(page).content
    assert admin.post(f"{page}unlock/", {"reason": "Asked in person"}).status_code == 303
    assert enter(Client(), "nurse").status_code == 302
    assert AuditEvent.objects.filter(act__in=["lock", "unlock"]).count() == 2


def test_axes_keeps_neither_password_nor_what_else_was_sent(nurse, client) -> None:
    enter(client, "nurse", WRONG)
    assert WRONG not in str(list(AccessAttempt.objects.values()))


def test_failures_no_longer_count_after_a_quarter_of_an_hour(nurse, client) -> None:
    for _number in range(5):
        enter(client, "nurse", WRONG)
    AccessAttempt.objects.update(attempt_time=clock.now() - services.LOCK_WINDOW)
    assert enter(client, "nurse").status_code == 302


def test_invented_names_fill_only_so_much(hospital, client, monkeypatch) -> None:
    monkeypatch.setattr("org.adapters.sign_in.INVENTED_KEPT", 50)
    now = clock.now()
    AccessAttempt.objects.bulk_create(
        AccessAttempt(username=f"invented-{n}", user_agent="", failures_since_start=1)
        for n in range(10_000)
    )
    AccessAttempt.objects.update(attempt_time=now)
    for number in range(64):
        enter(client, f"more-{number}", "x", headers={"X-Real": "1"})
    assert AccessAttempt.objects.count() < 200
    assert enter(client, "admin").status_code == 302


def test_unknown_known_and_locked_names_cost_one_hash_each(nurse, monkeypatch) -> None:
    for _number in range(5):
        enter(Client(), "auditor", WRONG)
    hashed: list[str] = []
    encode = HospitalArgon2Hasher.encode
    decode = HospitalArgon2Hasher.verify

    def counted(self, password, *rest):
        hashed.append(password)
        return encode(self, password, *rest)

    def compared(self, password, *rest):
        hashed.append(password)
        return decode(self, password, *rest)

    monkeypatch.setattr(HospitalArgon2Hasher, "encode", counted)
    monkeypatch.setattr(HospitalArgon2Hasher, "verify", compared)
    for name in ("nurse", "nobody-here", "auditor"):
        hashed.clear()
        enter(Client(), name, WRONG)
        assert hashed == [WRONG], name


def test_a_new_device_is_told(nurse) -> None:
    for agent in ("One", "One", "Two"):
        enter(Client(headers={"User-Agent": agent}), "nurse")
    assert AccountNotice.objects.filter(user=nurse, kind="new_place").count() == 1


def test_where_it_is_compulsory_only_the_setting_up_opens(nurse, client, settings) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    enter(client, "nurse")
    assert client.get("/preferences/").headers["Location"].startswith("/security/")
    assert client.get("/api/v1/org/me/").status_code == 403
    for page in ("/security/", "/security/app/", "/security/passkey/"):
        assert client.get(page).status_code == 200
    seed = client.get("/security/app/").context["seed"].replace(" ", "")
    client.post("/security/app/", {"code": code_of(seed, steps=-1)})
    enter(other := Client(), "nurse")
    other.post("/sign-in/code/", {"code": code_of(seed)})
    assert is_in(other)
    factor = Authenticator.objects.get(user=nurse)
    answer = other.post(f"/security/remove/?factor={factor.pk}")
    assert answer.status_code == 409
    assert Authenticator.objects.filter(user=nurse).exists()


def test_a_try_at_a_locked_name_is_on_the_trail_as_well(nurse, client) -> None:
    for _number in range(6):
        enter(client, "nurse", WRONG)
    reasons = AuditEvent.objects.filter(act="sign_in", outcome="4").values_list("reason", flat=True)
    assert sorted(reasons) == ["locked", *["password"] * 5]


def test_who_lost_the_phone_comes_in_again_once_an_administrator_has_seen_them(
    nurse, client, as_role
) -> None:
    seed = app_of(nurse)
    services.recovery_codes_make(nurse, at=clock.now())
    enter(client, "nurse")
    client.post("/sign-in/code/", {"code": code_of(seed)})
    admin, page = as_role("system_administrator"), f"/people/{nurse.public_id}/factors/"
    assert admin.post(page, {"reason": ""}).status_code == 422
    assert is_in(client)
    assert admin.post(page, {"reason": "Seen at the IT desk"}).status_code == 303
    assert not is_in(client)
    assert not Authenticator.objects.filter(user=nurse).exists()
    assert not RecoveryCode.objects.filter(user=nurse).exists()
    assert AuditEvent.objects.get(act="factors_clear").reason == "Seen at the IT desk"
    enter(client, "nurse")
    assert is_in(client)
    assert admin.post(page, {"reason": "Twice"}).status_code == 409


def test_nobody_takes_away_their_own_factors_that_way(nurse) -> None:
    app_of(nurse)
    with pytest.raises(Invalid):
        services.factors_clear(nurse, reason="Mine", by=nurse.pk, at=clock.now())
    assert Authenticator.objects.filter(user=nurse).exists()
