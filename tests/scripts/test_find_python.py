"""scripts/find_python.sh: which interpreter is taken, and what is said when there is none."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "find_python.sh"
NEW_ENOUGH = '#!/bin/sh\necho "{path}"\n'
TOO_OLD = "#!/bin/sh\nexit 3\n"
INCOMPLETE = "#!/bin/sh\nexit 4\n"
REFUSING_SHIM = '#!/bin/sh\necho "pyenv: command not found" >&2\nexit 127\n'


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """An empty machine: only the shell's own tools are on its PATH."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("bash", "sh", "dirname", "sort", "awk"):
        found = next(Path(d) / name for d in ("/usr/bin", "/bin") if (Path(d) / name).exists())
        (tools / name).symlink_to(found)
    return tmp_path


def put(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content.format(path=path))
    path.chmod(0o755)
    return path


def find(machine: Path, *folders: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(str(each) for each in (*folders, machine / "tools"))
    # /usr/bin/python3 may be new enough on the machine of the tests; there it would be found.
    script = machine / "find_python.sh"
    script.write_text(SCRIPT.read_text().replace("/usr/bin/python3", "/nowhere/python3"))
    return subprocess.run(
        ["/bin/bash", script],
        env={"PATH": path, "HOME": str(machine / "home"), "HMS_VENV": "/nowhere"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_newest_named_interpreter_is_taken(machine: Path) -> None:
    put(machine / "bin" / "python3.12", NEW_ENOUGH)
    newest = put(machine / "bin" / "python3.13", NEW_ENOUGH)

    assert find(machine, machine / "bin").stdout.strip() == str(newest)


def test_a_shim_that_refuses_is_passed_over(machine: Path) -> None:
    put(machine / "bin" / "python3.13", REFUSING_SHIM)
    working = put(machine / "bin" / "python3.12", NEW_ENOUGH)

    assert find(machine, machine / "bin").stdout.strip() == str(working)


@pytest.mark.parametrize("where", ["home/.pyenv", "elsewhere"])
def test_pyenv_versions_are_tried_newest_first(machine: Path, where: str) -> None:
    root = machine / where
    put(root / "versions" / "3.9.18" / "bin" / "python3", TOO_OLD)
    put(root / "versions" / "3.12.1" / "bin" / "python3", NEW_ENOUGH)
    newest = put(root / "versions" / "3.13.0" / "bin" / "python3", NEW_ENOUGH)

    assert find(machine, PYENV_ROOT=str(root)).stdout.strip() == str(newest)


def test_shims_on_path_lead_to_pyenv_with_another_home(machine: Path) -> None:
    shims = machine / "somewhere" / "shims"
    put(shims / "python3.13", REFUSING_SHIM)
    kept = put(machine / "somewhere" / "versions" / "3.13.0" / "bin" / "python3", NEW_ENOUGH)

    assert find(machine, shims, HOME="").stdout.strip() == str(kept)


def test_the_interpreter_of_the_existing_environment_comes_first(machine: Path) -> None:
    put(machine / "bin" / "python3.13", NEW_ENOUGH)
    used = put(machine / "used" / "python3.12", NEW_ENOUGH)
    (machine / "venv").mkdir()
    (machine / "venv" / "pyvenv.cfg").write_text(f"home = /x\nexecutable = {used}\n")

    found = find(machine, machine / "bin", HMS_VENV=str(machine / "venv"))

    assert found.stdout.strip() == str(used)


def test_without_any_the_message_names_what_to_install(machine: Path) -> None:
    put(machine / "bin" / "python3", TOO_OLD)

    found = find(machine, machine / "bin")

    assert found.returncode == 1
    assert found.stdout == ""
    assert "No Python 3.12 or later" in found.stderr
    assert "apt-get install python3" in found.stderr


def test_a_python_that_cannot_make_environments_is_named(machine: Path) -> None:
    put(machine / "bin" / "python3.12", INCOMPLETE)

    found = find(machine, machine / "bin")

    assert found.returncode == 1
    assert "cannot make a virtual environment" in found.stderr
    assert "python3-venv" in found.stderr
