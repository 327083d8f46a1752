"""scripts/devservers/ports.py: a taken port is given up, and said so."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.devservers import ports
from scripts.devservers.ports import Ports

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def taken() -> Iterator[int]:
    """A loopback port that another program listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_chosen_port_is_remembered(tmp_path: Path) -> None:
    chosen = Ports(tmp_path / "ports.json").choose("postgres")

    assert Ports(tmp_path / "ports.json").choose("postgres") == chosen


def test_a_taken_port_is_replaced_and_named(
    tmp_path: Path, taken: int, capsys: pytest.CaptureFixture[str]
) -> None:
    remembered = Ports(tmp_path / "ports.json")
    remembered.remember("postgres", taken)

    chosen = remembered.choose("postgres")

    assert chosen != taken
    assert remembered.read() == {"postgres": chosen}
    assert f"Port {taken} of postgres is taken" in capsys.readouterr().out


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"postgres": "x"}', "null"])
def test_a_damaged_memory_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "ports.json").write_text(content)

    assert Ports(tmp_path / "ports.json").read() == {}


def test_the_next_free_port_is_found(taken: int) -> None:
    assert not ports.is_free(taken)
    assert ports.next_free(taken) > taken
