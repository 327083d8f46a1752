"""The first production start: asks, checks, sets up once."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from core.errors import Invalid
from hms import setup_rules
from hms.management.commands import setup
from org import selectors
from org.models import Installation, Site, User

PASSWORD = "lighthouse-keeper-9"  # pragma: allowlist secret
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_reference_data")]


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for question in setup.QUESTIONS:
        monkeypatch.delenv(question.variable, raising=False)
        monkeypatch.delenv(f"{question.variable}_FILE", raising=False)


def _setup(*options: str) -> str:
    out = StringIO()
    call_command("setup", *options, stdout=out, stderr=out)
    return out.getvalue()


def _password_file(folder: Path) -> str:
    path = folder / "password"
    path.write_text(PASSWORD + "\n")
    return str(path)


def test_options_set_the_hospital_up(tmp_path: Path) -> None:
    logo = tmp_path / "logo.svg"
    logo.write_bytes(b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    said = _setup(
        "--no-input",
        "--hospital=St  Elsewhere",
        "--site-code=MAIN",
        "--site-name=Boston",
        "--time-zone=Africa/Nairobi",
        "--currency=kes",
        "--language=fr",
        f"--logo={logo}",
        "--admin-username=Boss",
        "--admin-family-name=Craig",
        f"--admin-password-file={_password_file(tmp_path)}",
    )
    row = Installation.objects.get()
    assert (row.name, row.currency, row.language) == ("St Elsewhere", "KES", "fr")
    assert not row.is_demo
    assert selectors.installation_logo() == (logo.read_bytes(), "image/svg+xml")
    assert Site.objects.get().time_zone == "Africa/Nairobi"
    user = User.objects.get()
    assert user.username == "boss"
    assert user.is_active
    assert user.check_password(PASSWORD)
    assert PASSWORD not in said


def test_the_environment_sets_the_hospital_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HMS_SETUP_HOSPITAL", "St Elsewhere")
    monkeypatch.setenv("HMS_SETUP_ADMIN_FAMILY_NAME", "Craig")
    monkeypatch.setenv("HMS_SETUP_ADMIN_PASSWORD_FILE", _password_file(tmp_path))
    _setup("--no-input")
    assert User.objects.get().check_password(PASSWORD)


def test_what_is_missing_is_named_and_nothing_is_made() -> None:
    with pytest.raises(CommandError) as caught:
        _setup("--no-input")
    for word in ("--hospital", "HMS_SETUP_ADMIN_FAMILY_NAME", "--admin-password-file"):
        assert word in str(caught.value)
    assert selectors.installation() is None


def test_every_wrong_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HMS_SETUP_ADMIN_PASSWORD", "short")
    with pytest.raises(CommandError) as caught:
        _setup(
            "--no-input",
            "--hospital=H",
            "--admin-family-name=Craig",
            "--time-zone=Mars/Olympus",
            "--currency=euro",
            "--language=xx",
            "--logo=/no/such/file",
        )
    for word in ("Time zone", "Currency", "Language", "Logo", "password"):
        assert word in str(caught.value)
    assert not User.objects.exists()


def test_it_refuses_to_run_twice(tmp_path: Path) -> None:
    options = (
        "--no-input",
        "--hospital=H",
        "--admin-family-name=Craig",
        f"--admin-password-file={_password_file(tmp_path)}",
    )
    _setup(*options)
    with pytest.raises(CommandError, match="already holds a hospital") as caught:
        _setup(*options)
    assert caught.value.returncode == 1


def test_a_password_file_that_is_not_there_is_named() -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        _setup("--no-input", "--admin-password-file=/no/such/file")


def test_a_terminal_is_asked_again_until_the_answer_is_good(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = {
        "Name of the hospital": ["", "St Elsewhere"],
        "Time zone": ["Moon", "Europe/Paris"],
        "Currency": ["francs", ""],
        "Their family name": ["Craig"],
    }
    secrets = ["short", "short", "one-long-password", "other-password-x", PASSWORD, PASSWORD]

    def typed(prompt: str) -> str:
        queue = next((rest for start, rest in answers.items() if prompt.startswith(start)), [])
        return queue.pop(0) if queue else ""

    monkeypatch.setattr("builtins.input", typed)
    monkeypatch.setattr(setup.getpass, "getpass", lambda _prompt: secrets.pop(0))
    monkeypatch.setattr(setup.sys.stdin, "isatty", lambda: True, raising=False)
    said = _setup()
    assert "cannot be empty" in said
    assert "time zone is not known" in said
    assert "too short" in said
    assert "not the same" in said
    assert Site.objects.get().time_zone == "Europe/Paris"
    assert not any(answers.values())
    assert not secrets


def test_a_terminal_that_closes_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(_prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", closed)
    monkeypatch.setattr(setup.sys.stdin, "isatty", lambda: True, raising=False)
    with pytest.raises(CommandError, match="nothing was changed"):
        _setup()
    assert not User.objects.exists()


@pytest.mark.parametrize("content", [b"GIF89a", b"<svg" + b" " * 600_000])
def test_logos_are_small_and_known(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "logo"
    path.write_bytes(content)
    with pytest.raises(Invalid):
        setup_rules.logo(str(path))


@pytest.mark.parametrize("name", ["St\x00Elsewhere", "x" * 121, "  "])
def test_names_are_printable_lines(name: str) -> None:
    with pytest.raises(Invalid):
        setup_rules.text(120)(name)


@pytest.mark.parametrize("name", ["ad+min", "zoë", "two words", "", "x" * 65])
def test_a_user_name_that_signing_in_would_refuse_is_refused_at_once(name: str) -> None:
    with pytest.raises(Invalid):
        setup_rules.username(name)


def test_a_user_name_is_kept_as_signing_in_knows_it() -> None:
    assert setup_rules.username(" Ada.Okafor ") == "ada.okafor"
