"""The real web server (gunicorn with the product's own configuration) on loopback."""

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.place import Place
from scripts.devservers.ports import any_free

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60.0
STOP_SECONDS = 15.0
PROC = Path("/proc")


class Web:
    """One gunicorn: its port, and what Linux says about its workers."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, started_in: float) -> None:
        self.process = process
        self.port = port
        self.started_in = started_in

    def workers(self) -> list[int]:
        """Return the worker processes, none where the system does not say (not Linux)."""
        children = PROC / str(self.process.pid) / "task" / str(self.process.pid) / "children"
        return [int(each) for each in children.read_text().split()] if children.exists() else []

    def cpu_seconds(self) -> float:
        """Return the processor time of all workers so far."""
        ticks = 0
        for pid in self.workers():
            fields = (PROC / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory_mib(self) -> list[float]:
        """Return the resident memory of each worker."""
        lines = (
            line
            for pid in self.workers()
            for line in (PROC / str(pid) / "status").read_text().splitlines()
            if line.startswith("VmRSS:")
        )
        return [int(line.split()[1]) / 1024 for line in lines]


def environment(place: Place) -> dict[str, str]:
    """Return the settings of a production start on loopback, without TLS."""
    var = Path(os.environ["HMS_VAR"])
    own = {
        "HMS_ENV": "production",
        "HMS_TLS": "0",
        "ALLOWED_HOSTS": "127.0.0.1",
        "HMS_STATIC_ROOT": str(var / "static"),
        "HMS_LOG_LEVEL": "INFO",
        "LIVEZ_PORT": "0",
        "HMS_BIND": "127.0.0.1",
    }
    return dict(os.environ) | place.environment() | own


def collect(env: Mapping[str, str]) -> None:
    """The static files are hashed and compressed, as an installation does it once."""
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--no-input", "-v0"],
        cwd=ROOT,
        env=env,
        check=True,
    )


def _first_answer(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


@contextmanager
def serving(env: Mapping[str, str], *, path: str, settings: str = "hms.settings") -> Iterator[Web]:
    """gunicorn answers `path` until the block ends. Raises SystemExit when it does not start."""
    port = any_free()
    log = Path(env["HMS_VAR"]) / "bench-web.log"
    started = time.monotonic()
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "hms/gunicorn.py", "hms.wsgi:application"],
            cwd=ROOT,
            env=dict(env) | {"PORT": str(port), "DJANGO_SETTINGS_MODULE": settings},
            stdout=output,
            stderr=output,
        )
    try:
        while not _first_answer(port, path):
            if process.poll() is not None or time.monotonic() - started > START_SECONDS:
                raise SystemExit(f"The web server did not start; see {log}.")
            time.sleep(0.02)
        yield Web(process, port, time.monotonic() - started)
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
