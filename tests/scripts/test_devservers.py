"""scripts/devservers: real servers are made, recovered after every kind of end, and stopped."""

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts import devservers
from scripts.clean import remove
from scripts.devservers import Stack, processes
from scripts.devservers.place import with_bytecode
from scripts.devservers.postgres import Postgres

pytestmark = [
    pytest.mark.enable_socket,
    pytest.mark.skipif("HMS_PG_BIN" in os.environ, reason="the embedded servers are under test"),
]
NOTHING_GIVEN: dict[str, str] = {}
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A state directory; its servers and their files are gone after the module."""
    directory = tmp_path_factory.mktemp("state") / "var"
    yield directory
    remove(directory)


@pytest.fixture
def stack(var: Path) -> Iterator[Stack]:
    """Running servers."""
    made = Stack(var, environ=NOTHING_GIVEN)
    started = made.start()
    yield made
    made.stop()
    for process in started.values():
        process.wait(30)


def postgres(stack: Stack) -> Postgres:
    assert stack.postgres is not None
    return stack.postgres


def ask(url: str, statement: str, stack: Stack) -> str:
    done = subprocess.run(
        [postgres(stack).programs.client / "psql", "-XAtq", url, "-c", statement],
        capture_output=True,
        text=True,
        check=False,
    )
    return (done.stdout + done.stderr).strip()


def postmaster(stack: Stack) -> int:
    [head] = [pid for pid in postgres(stack)._heads() if postgres(stack)._is_postmaster(pid)]
    return head


def restart(stack: Stack, var: Path) -> Stack:
    again = Stack(var, environ=NOTHING_GIVEN)
    again.start()
    return again


def kill_postmaster(stack: Stack) -> None:
    os.kill(postmaster(stack), signal.SIGKILL)
    assert processes.wait_gone(postgres(stack).running, 10)


def test_the_app_works_as_a_role_that_owns_nothing(stack: Stack) -> None:
    addresses = stack.addresses()

    assert ask(addresses.database_url, "SELECT current_user", stack) == "hms_app"
    assert "permission denied" in ask(addresses.database_url, "CREATE TABLE x ()", stack)
    owner = "SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user"
    assert ask(addresses.owner_url, owner, stack) == "f|t"


def test_reports_only_read_and_take_two_minutes_at_most(stack: Stack) -> None:
    url = stack.addresses().reporting_url

    assert ask(url, "SHOW statement_timeout", stack) == "2min"
    assert ask(url, "SHOW default_transaction_read_only", stack) == "on"


def test_extensions_are_there(stack: Stack) -> None:
    names = "SELECT string_agg(extname, ' ' ORDER BY extname) FROM pg_extension"

    assert ask(stack.addresses().owner_url, names, stack) == "btree_gist pg_trgm plpgsql unaccent"


def test_nobody_comes_in_without_a_password(stack: Stack) -> None:
    url = f"postgres://hms_app@127.0.0.1:{postgres(stack).port}/hms"

    assert "no password supplied" in ask(url + "?connect_timeout=2", "SELECT 1", stack)
    valkey = stack.valkey
    assert valkey is not None
    with socket.create_connection(("127.0.0.1", valkey.port), timeout=5) as connection:
        connection.sendall(b"PING\r\n")
        assert connection.recv(100).startswith(b"-NOAUTH")


def test_passwords_are_readable_by_their_owner_only(stack: Stack, var: Path) -> None:
    assert stat.S_IMODE((var / "credentials.json").stat().st_mode) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to give its rights away")
def test_root_starts_the_servers_as_somebody_else(stack: Stack) -> None:
    for server in stack.all:
        assert {os.stat(f"/proc/{pid}").st_uid for pid in server.running()} != {0}
        assert server.data.stat().st_uid != 0


def test_data_survive_a_killed_server(stack: Stack, var: Path) -> None:
    ask(stack.addresses().owner_url, "CREATE TABLE IF NOT EXISTS kept (n int)", stack)
    kill_postmaster(stack)
    assert (postgres(stack).data / "postmaster.pid").exists()

    again = restart(stack, var)

    assert ask(again.addresses().owner_url, "SELECT count(*) FROM kept", again) == "0"


@pytest.mark.parametrize("content", ["", "12", "{other}", "{other}\n/elsewhere\n123\n5432\n\n"])
def test_a_stale_pid_file_is_no_obstacle_and_no_weapon(
    stack: Stack,
    var: Path,
    sleeper: Callable[..., "subprocess.Popen[bytes]"],
    content: str,
) -> None:
    other = sleeper()
    kill_postmaster(stack)
    pid_file = postgres(stack).data / "postmaster.pid"
    pid_file.write_text(content.format(other=other.pid))

    again = restart(stack, var)
    again.stop()

    assert other.poll() is None


def test_a_running_server_is_taken_over_not_doubled(stack: Stack, var: Path) -> None:
    first = postmaster(stack)

    again = restart(stack, var)

    assert postmaster(again) != first
    assert processes.identify(first) is None


def test_a_taken_port_is_replaced(stack: Stack, var: Path) -> None:
    port = postgres(stack).port
    stack.stop()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()

        again = restart(stack, var)

    assert postgres(again).port != port
    assert ask(again.addresses().database_url, "SELECT 1", again) == "1"


def test_lost_passwords_are_replaced(stack: Stack, var: Path) -> None:
    old = stack.addresses().database_url
    stack.stop()
    (var / "credentials.json").write_text('{"hms_app": "')

    again = restart(stack, var)

    assert again.addresses().database_url != old
    assert ask(again.addresses().database_url, "SELECT 1", again) == "1"


def test_a_half_made_cluster_is_put_aside(stack: Stack, var: Path) -> None:
    stack.stop()
    (postgres(stack).data / "PG_VERSION").unlink()

    again = restart(stack, var)

    assert ask(again.addresses().database_url, "SELECT 1", again) == "1"
    [aside] = postgres(again).data.parent.glob("pg.damaged-*")
    assert (aside / "global").is_dir()


def test_given_addresses_are_used_and_nothing_is_started(tmp_path: Path) -> None:
    given = {"DATABASE_URL": "postgres://a@db/x", "REDIS_URL": "redis://cache/0"}

    with devservers.running(tmp_path / "var", environ=given) as servers:
        assert servers.environment() == given
    assert not (tmp_path / "var" / "pg").exists()


def test_a_command_runs_beside_its_servers_and_its_exit_code_comes_back(tmp_path: Path) -> None:
    script = "import os; print(os.environ['DATABASE_OWNER_URL'], os.environ['REDIS_URL']); exit(7)"
    clean = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    done = subprocess.run(
        [*(sys.executable, "-m", "scripts.devservers", "run", "--"), sys.executable, "-c", script],
        cwd=ROOT,
        env=clean | {"HMS_VAR": str(tmp_path / "var")},
        capture_output=True,
        text=True,
        check=False,
    )

    stack = Stack(tmp_path / "var", environ=NOTHING_GIVEN)
    left = [pid for server in stack.all for pid in server.running()]
    remove(tmp_path / "var")
    assert done.returncode == 7
    assert "postgres://hms_owner:" in done.stdout
    assert left == []


def test_modules_are_compiled_once_also_where_the_machine_wants_no_bytecode(tmp_path: Path) -> None:
    (tmp_path / "some_module.py").write_text("VALUE = 1\n", encoding="utf-8")
    environment = with_bytecode({"PYTHONDONTWRITEBYTECODE": "1"}, tmp_path / "var")
    subprocess.run(
        [sys.executable, "-c", "import some_module"], cwd=tmp_path, env=environment, check=True
    )
    assert list((tmp_path / "var" / "bytecode").rglob("some_module.*.pyc"))
    assert not list(tmp_path.glob("__pycache__"))


def test_a_place_for_bytecode_that_somebody_chose_stays(tmp_path: Path) -> None:
    chosen = {"PYTHONPYCACHEPREFIX": "/elsewhere"}
    assert with_bytecode(chosen, tmp_path) == chosen
