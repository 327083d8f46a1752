"""docker-compose.yml, Dockerfile and .env.example promise only what is there."""

import importlib.metadata
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands

ROOT = Path(settings.BASE_DIR)
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name for name, service in SERVICES.items() if "build" in service}
ONE_SHOT = {"migrate", "setup"}
SECRET_WORDS = re.compile(r"password|secret|key|_url", re.IGNORECASE)


def test_every_part_of_the_product_is_there() -> None:
    assert set(SERVICES) == {
        *("proxy", "web", "worker", "beat", "relay", "keeper"),
        *("migrate", "setup", "postgres", "valkey"),
    }
    assert {"web", "worker", "beat", "relay", "keeper"} == OURS - ONE_SHOT


def _console_scripts() -> set[str]:
    return {each.name for each in importlib.metadata.entry_points(group="console_scripts")}


def _locked() -> set[str]:
    lock = (ROOT / "requirements/production.txt").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==", lock, re.MULTILINE))


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_command_exists(name: str) -> None:
    command = SERVICES[name]["command"]
    assert isinstance(command, list), "no shell between the engine and the process"
    if command[0] == "python":
        assert (ROOT / command[1]).is_file()
        assert command[2] in get_commands()
    else:
        assert command[0] in _console_scripts()
        assert command[0] in _locked()


def test_commands_name_files_and_modules_that_exist() -> None:
    web = SERVICES["web"]["command"]
    assert (ROOT / web[web.index("-c") + 1]).is_file()
    assert web[-1] == "hms.wsgi:application"
    for name in ("worker", "beat"):
        assert SERVICES[name]["command"][1:3] == ["-A", "hms.celery:app"]
    for name in OURS - ONE_SHOT:
        test = SERVICES[name]["healthcheck"]["test"]
        assert (ROOT / test[2]).is_file()


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_nobody_is_root_and_nothing_is_writable_by_chance(name: str) -> None:
    service = SERVICES[name]
    user, group = service["user"].split(":")
    assert int(user) > 0
    assert int(group) > 0
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.get("privileged")
    assert "latest" not in service["image"].replace("${HMS_VERSION:-latest}", "")


@pytest.mark.parametrize("name", sorted(set(SERVICES) - ONE_SHOT))
def test_every_lasting_service_has_a_health_check_and_comes_back(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_one_way_in() -> None:
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"proxy"}
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert COMPOSE["networks"]["front"]["internal"] is True


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_secrets_come_from_files_only(name: str) -> None:
    service = SERVICES[name]
    for variable, value in service.get("environment", {}).items():
        if SECRET_WORDS.search(variable):
            assert variable.endswith("_FILE"), variable
            assert value.removeprefix("/run/secrets/") in service["secrets"]
    assert not re.search(r"://[^ ]*:[^ ]*@", str(service))
    for secret in service.get("secrets", []):
        assert COMPOSE["secrets"][secret] == {"file": f"./secrets/{secret}"}


def test_only_migrations_hold_the_owners_password() -> None:
    holders = {
        name
        for name, service in SERVICES.items()
        if "database_owner_url" in service.get("secrets", [])
    }
    assert holders == {"migrate"}
    for name in ("web", "worker", "beat", "relay"):
        needs = SERVICES[name]["depends_on"]["migrate"]
        assert needs == {"condition": "service_completed_successfully"}


def test_the_database_writes_no_statement_to_its_log() -> None:
    command = SERVICES["postgres"]["command"]
    given = dict(each.split("=") for each in command if "=" in each)
    wanted = {
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "log_statement": "none",
        "log_min_duration_statement": "-1",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
    }
    assert {name: given.get(name) for name in wanted} == wanted


def test_volumes_are_named() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] or (ROOT / source).exists(), volume
    assert SERVICES["postgres"]["volumes"][0].startswith("postgres_data:")


def test_the_cluster_has_a_locale_that_the_keepers_image_has_too() -> None:
    """Otherwise no drill and no restore could start a copy there."""
    words = SERVICES["postgres"]["environment"]["POSTGRES_INITDB_ARGS"].split()
    assert {"--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"} <= set(words)


def _mounts(name: str) -> dict[str, tuple[str, bool]]:
    """Return volume -> (where it is mounted, whether it can be written to)."""
    found = [each.split(":") for each in SERVICES[name].get("volumes", [])]
    return {source: (target, "ro" not in how) for source, target, *how in found}


@pytest.mark.parametrize(
    ("volume", "variable", "writers", "readers"),
    [
        ("anchors", "HMS_AUDIT_ANCHOR_DIR", {"worker"}, {"web", "keeper"}),
        ("looks", "HMS_AUDIT_SPOOL_DIR", {"web", "worker"}, set()),
    ],
)
def test_anchors_and_looks_lie_apart_from_the_database(
    volume: str, variable: str, writers: set[str], readers: set[str]
) -> None:
    mounted = {name: _mounts(name)[volume] for name in SERVICES if volume in _mounts(name)}
    assert {name for name, (_target, is_writable) in mounted.items() if is_writable} == writers
    assert set(mounted) - writers == readers
    told = {SERVICES[name]["environment"][variable] for name in mounted}
    assert {target for target, _is_writable in mounted.values()} == told
    [target] = told
    places = [each for name in OURS for each in _mounts(name).values()]
    assert not [other for other, _way in places if target.startswith(f"{other}/")]


def test_the_image_has_every_place_that_a_volume_of_ours_takes() -> None:
    recipe = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    made = re.search(r"install -d -o hms .*?(?=\n[A-Z#])", recipe, re.DOTALL)
    assert made
    targets = {target for name in OURS for target, _way in _mounts(name).values()}
    assert targets == set(re.findall(r"/var/lib/\S+", made.group()))


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl")
def test_the_secrets_script_makes_every_file_once(tmp_path: Path) -> None:
    here = tmp_path / "secrets"
    script = [str(ROOT / "deploy/secrets.sh"), str(here)]
    subprocess.run(script, check=True, capture_output=True, timeout=30)
    made = {path.name: path.read_bytes() for path in here.iterdir()}
    assert set(made) == set(COMPOSE["secrets"])
    assert len(made["secret_key"]) >= 50
    assert made["database_app_password"] in made["database_url"]
    assert made["database_owner_password"] in made["database_owner_url"]
    assert here.stat().st_mode & 0o777 == 0o700
    subprocess.run(script, check=True, capture_output=True, timeout=30)
    assert made == {path.name: path.read_bytes() for path in here.iterdir()}


def _walked(title: str, here: Path) -> dict[str, str]:
    """Do what the page of keys says under `title`, up to where containers are needed."""
    page = (ROOT / "docs/keys.md").read_text(encoding="utf-8")
    put = re.search(r"^    (put\(\) .*)$", page, re.MULTILINE)
    part = re.search(rf"^## {title}.*?(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert put
    assert part
    lines = [line.strip() for line in part.group().splitlines() if line.startswith("    ")]
    ready = [line for line in lines if "docker" not in line and not line.endswith("|")]
    script = "\n".join(["set -euo pipefail", put.group(1), *ready])
    subprocess.run(["bash", "-c", script], cwd=here, check=True, capture_output=True, timeout=30)
    return {path.name: path.read_text() for path in (here / "secrets").iterdir()}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    subprocess.run(["deploy/secrets.sh"], cwd=tmp_path, check=True, capture_output=True, timeout=30)
    return tmp_path


def _secrets(site: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (site / "secrets").iterdir()}


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl")
def test_the_steps_for_a_new_key_keep_the_old_one_where_it_is_needed(site: Path) -> None:
    first = _secrets(site)["secret_key"]
    made = _walked("SECRET_KEY, step by step", site)
    second = made["secret_key"]
    assert second != first
    assert made["secret_key_fallbacks"] == first
    assert made["audit_keys"] == f"{second},{first}"
    made = _walked("SECRET_KEY, step by step", site)
    assert made["secret_key_fallbacks"] == second
    assert made["audit_keys"] == f"{made['secret_key']},{second},{first}"
    assert len(_walked("Seals of the trail", site)["audit_keys"].split(",")) == 4
    assert (site / "secrets" / "audit_keys").stat().st_mode & 0o777 == 0o444


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl")
def test_the_steps_for_a_database_password_change_file_and_address_together(site: Path) -> None:
    before = _secrets(site)
    after = _walked("Passwords of the database's roles", site)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"database_app_password", "database_url"}
    assert after["database_app_password"] in after["database_url"]


@pytest.mark.parametrize("name", ["postgres-init.sh", "secrets.sh"])
def test_scripts_are_whole_and_executable(name: str) -> None:
    path = ROOT / "deploy" / name
    assert os.access(path, os.X_OK)
    subprocess.run(["bash", "-n", str(path)], check=True, timeout=10)


def test_the_first_start_of_postgres_makes_the_four_roles() -> None:
    script = (ROOT / "deploy/postgres-init.sh").read_text(encoding="utf-8")
    assert set(re.findall(r"^CREATE ROLE (\w+)", script, re.MULTILINE)) == {
        *("hms_owner", "hms_app", "hms_reporting", "hms_backup"),
    }
    assert "PASSWORD '" not in script


def test_the_image_is_small_pinned_and_not_root() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    stages = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert stages == ["python:3.13-slim", "python:3.13-slim"]
    assert "--require-hashes" in text
    assert "requirements/production.txt" in text
    assert re.findall(r"^USER (\d+):(\d+)$", text, re.MULTILINE) == [("10001", "10001")]
    assert {service["user"] for name, service in SERVICES.items() if name in OURS} == {
        "10001:10001"
    }
    final = text.rsplit("FROM", 1)[1]
    assert "SECRET" not in final


def _variables_read() -> set[str]:
    text = "".join(
        (ROOT / name).read_text(encoding="utf-8")
        for name in ("hms/settings.py", "hms/gunicorn.py", "deploy/healthcheck.py")
    )
    read = re.findall(r"""\benv\.\w+\(\s*["']([A-Z][A-Z0-9_]+)["']""", text)
    read += re.findall(r"""\benviron(?:\.get\(|\[)["']([A-Z][A-Z0-9_]+)["']""", text)
    return set(read)


def test_the_example_names_every_variable_and_no_other() -> None:
    from hms.management.commands import setup

    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    named = set(re.findall(r"^(?:# )?([A-Z][A-Z0-9_]+)=", text, re.MULTILINE))
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    asked = set(re.findall(r"\$\{([A-Z_]+)", compose))
    read = _variables_read() | {question.variable for question in setup.QUESTIONS} | {"HMS_HOST"}
    assert len(_variables_read()) > 20
    assert read | asked == named
    for name in ("SECRET_KEY", "DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
        assert re.search(rf"^{name}=$", text, re.MULTILINE), f"{name} must be empty in the example"


def test_the_proxy_passes_the_host_with_its_port() -> None:
    proxy = (ROOT / "deploy/nginx.conf").read_text(encoding="utf-8")
    assert "proxy_set_header Host $http_host;" in proxy


def test_the_image_holds_compiled_translations() -> None:
    recipe = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert recipe.index("scripts.messages compile") < recipe.index("rm -rf bench scripts tests")
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert not {"locale", "locale/", "scripts", "scripts/"} & set(ignored)


def test_the_downtime_page_speaks_every_language() -> None:
    page = (ROOT / "deploy/downtime.html").read_text(encoding="utf-8")
    assert all(f'lang="{code}"' in page for code, _name in settings.LANGUAGES)
