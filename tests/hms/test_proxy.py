"""The supplied proxy file, run by a real nginx on loopback: TLS, what it adds, what it throws away.

Before it stands a server that only says what reached it (SEC-O8).
"""

import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.conf import settings

from scripts.devservers.ports import any_free

ROOT = Path(settings.BASE_DIR)
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
pytestmark = [
    pytest.mark.skipif(NGINX is None, reason="nginx is not installed"),
    pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed"),
]
MEGABYTE = 1 << 20
HSTS = "max-age=31536000; includeSubDomains; preload"
# For a certificate with an elliptic curve, such as deploy/secrets.sh makes.
GOOD = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
)
POOR = (
    "ECDHE-ECDSA-AES128-SHA",
    "ECDHE-ECDSA-AES256-SHA384",
    "ECDHE-ECDSA-AES256-CCM8",
    "ECDHE-ECDSA-CAMELLIA128-SHA256",
)


class Echo(BaseHTTPRequestHandler):
    """Says which headers came, and how much."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        length = len(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        body = json.dumps({"headers": dict(self.headers.items()), "length": length}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Strict-Transport-Security", "max-age=1")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Proxy:
    """A running nginx."""

    plain: int
    secure: int
    place: Path

    def log(self) -> str:
        return (self.place / "out").read_text(encoding="utf-8")

    def context(self) -> ssl.SSLContext:
        """Return what a browser would trust: the certificate that the script made, by its name."""
        return ssl.create_default_context(cafile=str(self.place / "secrets/tls_certificate"))

    def ask(
        self, path: str, *, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> tuple[http.client.HTTPResponse, str]:
        line = http.client.HTTPSConnection(
            "localhost", self.secure, timeout=20, context=self.context()
        )
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        line.request(method, path, body, named)
        answer = line.getresponse()
        said = answer.read().decode()
        line.close()
        return answer, said

    def seen(self, path: str = "/", **headers: str) -> dict[str, str]:
        """Return the headers that reached the application, by their names in small letters."""
        answer, said = self.ask(path, body=None, **headers)
        assert answer.status == 200, said
        return {name.lower(): value for name, value in json.loads(said)["headers"].items()}


def _configuration(place: Path, *, plain: int, secure: int, application: int) -> str:
    """Return the supplied file with ports and places of the test; nothing else is changed."""
    text = (ROOT / "deploy/nginx.conf").read_text(encoding="utf-8")
    for old, new in {
        "/tmp/": f"{place}/tmp/",
        "/dev/stdout": f"{place}/out",
        "/run/secrets/": f"{place}/secrets/",
        "/usr/share/nginx/html": f"{ROOT}/deploy",
        "listen 8080 ": f"listen 127.0.0.1:{plain} ",
        "listen 8443 ": f"listen 127.0.0.1:{secure} ",
        "http://web:8000": f"http://127.0.0.1:{application}",
    }.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def _until_it_listens(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(log.read_text(encoding="utf-8"))


@contextmanager
def running(application: int) -> Iterator[Proxy]:
    plain, secure = any_free(), any_free()
    with tempfile.TemporaryDirectory(prefix="hms-test-") as name:
        place = Path(name)
        # Started by root, nginx works as somebody else.
        place.chmod(0o755)
        (place / "tmp").mkdir()
        (place / "out").touch()
        script = ["/bin/bash", str(ROOT / "deploy/secrets.sh"), str(place / "secrets")]
        subprocess.run(script, check=True, cwd=place)
        text = _configuration(place, plain=plain, secure=secure, application=application)
        (place / "nginx.conf").write_text(text, encoding="utf-8")
        log = place / "errors"
        with log.open("wb") as errors:
            process = subprocess.Popen(
                [str(NGINX), "-p", name, "-c", place / "nginx.conf", "-g", "daemon off;"],
                stderr=errors,
            )
        try:
            _until_it_listens(process, secure, log)
            yield Proxy(plain, secure, place)
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture(scope="module")
def proxy() -> Iterator[Proxy]:
    application = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=application.serve_forever, daemon=True).start()
    with running(application.server_address[1]) as found:
        yield found
    application.shutdown()
    application.server_close()


# TLS --------------------------------------------------------------------------------------


def _shake(
    proxy: Proxy, version: ssl.TLSVersion, ciphers: str = "ALL", http_2: bool = False
) -> ssl.SSLSocket:
    """Return a connection with exactly this version, as lax as a client can be."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
    if http_2:
        context.set_alpn_protocols(["h2", "http/1.1"])
    line = socket.create_connection(("127.0.0.1", proxy.secure), timeout=10)
    return context.wrap_socket(line, server_hostname="localhost")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_tls_is_refused(proxy: Proxy, version: ssl.TLSVersion) -> None:
    with pytest.raises(ssl.SSLError) as refusal:
        _shake(proxy, version)
    # The server's word: this client would have gone on.
    assert refusal.value.reason == "TLSV1_ALERT_PROTOCOL_VERSION"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_new_tls_is_spoken(proxy: Proxy, version: ssl.TLSVersion) -> None:
    with _shake(proxy, version) as line:
        assert line.version() == {"TLSv1_2": "TLSv1.2", "TLSv1_3": "TLSv1.3"}[version.name]


@pytest.mark.parametrize("cipher", GOOD)
def test_good_ciphers_are_spoken(proxy: Proxy, cipher: str) -> None:
    with _shake(proxy, ssl.TLSVersion.TLSv1_2, cipher) as line:
        assert line.cipher() == (cipher, "TLSv1.2", line.cipher()[2])  # type: ignore[index]


@pytest.mark.parametrize("cipher", POOR)
def test_poor_ciphers_are_refused(proxy: Proxy, cipher: str) -> None:
    with pytest.raises(ssl.SSLError) as refusal:
        _shake(proxy, ssl.TLSVersion.TLSv1_2, cipher)
    assert refusal.value.reason == "SSLV3_ALERT_HANDSHAKE_FAILURE"


def test_http_2_is_offered(proxy: Proxy) -> None:
    with _shake(proxy, ssl.TLSVersion.TLSv1_3, http_2=True) as line:
        assert line.selected_alpn_protocol() == "h2"


# Ways in ----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_whoever_comes_without_tls_is_sent_to_it(proxy: Proxy, method: str) -> None:
    line = http.client.HTTPConnection("127.0.0.1", proxy.plain, timeout=10)
    line.request(method, "/people/?q=a", headers={"Host": "hospital.example.org"})
    answer = line.getresponse()
    line.close()
    assert answer.status == 301
    assert answer.headers["Location"] == "https://hospital.example.org/people/?q=a"


@pytest.mark.parametrize("name", ["livez", "readyz", "startupz", "metrics"])
@pytest.mark.parametrize("form", ["/{0}", "/{0}/", "//{0}", "/./{0}", "/{1}", "/{0}?x=1"])
def test_how_things_stand_inside_is_not_said_outside(proxy: Proxy, name: str, form: str) -> None:
    answer, said = proxy.ask(form.format(name, f"%{ord(name[0]):x}{name[1:]}"))
    assert (answer.status, "headers" in said) == (404, False)


def test_whoever_is_not_one_of_those_gets_in(proxy: Proxy) -> None:
    assert proxy.seen("/metrics-of-care")["host"] == f"localhost:{proxy.secure}"


def test_a_body_may_be_so_large_and_no_larger(proxy: Proxy) -> None:
    answer, said = proxy.ask("/", method="POST", body=b"x" * (20 * MEGABYTE))
    assert (answer.status, json.loads(said)["length"]) == (200, 20 * MEGABYTE)
    line = http.client.HTTPSConnection(
        "localhost", proxy.secure, timeout=20, context=proxy.context()
    )
    # Refused for what it says of itself, before any of it is sent.
    line.putrequest("POST", "/")
    line.putheader("Content-Length", str(20 * MEGABYTE + 1))
    line.endheaders()
    assert line.getresponse().status == 413
    line.close()


# Headers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status"), [("/", 200), ("/metrics", 404)], ids=["the application's", "the proxy's"]
)
def test_every_answer_asks_for_tls_for_a_year_once(proxy: Proxy, path: str, status: int) -> None:
    answer, _said = proxy.ask(path)
    assert answer.status == status
    assert answer.headers.get_all("Strict-Transport-Security") == [HSTS]
    assert answer.headers["Server"] == "nginx"


def test_both_ask_for_tls_in_the_same_words() -> None:
    text = (ROOT / "deploy/nginx.conf").read_text(encoding="utf-8")
    assert text.count(f'add_header Strict-Transport-Security "{HSTS}" always;') == 2
    assert "max-age=31536000" in HSTS
    assert "SECURE_HSTS_SECONDS = 31_536_000" in (ROOT / "hms/settings.py").read_text("utf-8")


def test_what_the_application_says_of_itself_stays(proxy: Proxy) -> None:
    answer, _said = proxy.ask("/")
    assert answer.headers.get_all("X-Content-Type-Options") == ["nosniff"]


@pytest.mark.parametrize(
    "name",
    [
        *("X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Protocol", "X-Forwarded-Ssl"),
        *("X-Real-Ip", "Forwarded", "Proxy", "HMS-Metrics-Key", "X_Forwarded_For"),
    ],
)
def test_what_a_browser_claims_about_its_way_is_thrown_away(proxy: Proxy, name: str) -> None:
    context = proxy.context()
    line = http.client.HTTPSConnection("localhost", proxy.secure, timeout=10, context=context)
    line.request("GET", "/", headers={name: "claimed"})
    said = line.getresponse().read().decode()
    line.close()
    assert "claimed" not in said


def test_the_way_is_said_by_the_proxy_alone(proxy: Proxy) -> None:
    seen = proxy.seen(
        X_Forwarded_For="6.6.6.6", X_Forwarded_Proto="http", X_Request_Id="claimed-by-me"
    )
    assert seen["x-forwarded-for"] == "127.0.0.1"
    assert seen["x-forwarded-proto"] == "https"
    assert len(seen["x-request-id"]) == 32
    assert seen["x-request-id"] in proxy.log()


def test_no_search_term_reaches_the_log(proxy: Proxy) -> None:
    assert proxy.ask("/people/?q=Okafor")[0].status == 200
    assert "/people/ 200" in proxy.log()
    assert "Okafor" not in proxy.log()


def test_while_nobody_answers_the_downtime_page_does() -> None:
    with running(any_free()) as alone:
        answer, said = alone.ask("/units/")
    assert answer.status == 503
    assert "paper forms" in said
    assert answer.headers["Strict-Transport-Security"] == HSTS
    assert answer.headers["Retry-After"] == "30"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
