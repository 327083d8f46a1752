"""What a browser loads: the first visit with all its files, and the page after it (gzip)."""

import http.client
import re
from urllib.parse import urljoin, urlsplit

from bench import web
from bench.load import cookie_of
from bench.place import Place

FILE = re.compile(r"""(?:href|src)=["']([^"'#]*/static/[^"'#]+)""")
IN_CSS = re.compile(r"url\(\s*[\"']?([^\"')#]+)")


def _get(port: int, path: str, cookie: str = "") -> tuple[int, bytes]:
    """Return the bytes on the wire."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers={"Accept-Encoding": "gzip", "Cookie": cookie})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, body


def _plain(port: int, path: str, cookie: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers={"Cookie": cookie})
    text = connection.getresponse().read().decode()
    connection.close()
    return text


def measure(place: Place) -> None:
    """Print bytes and requests of the first page with its files, and bytes of the next pages."""
    cookie = cookie_of(place)
    with web.serving(web.environment(place), path="/sign-in/") as server:
        page = _plain(server.port, "/", cookie)
        files = {urlsplit(urljoin("/", each)).path for each in FILE.findall(page)}
        sizes = {each: len(_get(server.port, each)[1]) for each in sorted(files)}
        first = len(_get(server.port, "/", cookie)[1])
        pages = ("/", "/units/?kind=ward", "/people/", "/modules/")
        next_pages = {path: len(_get(server.port, path, cookie)[1]) for path in pages}
    total = first + sum(sizes.values())
    print(f"\nFirst visit: {total / 1000:.0f} KB in {1 + len(sizes)} requests, of which:")
    for name, size in sizes.items():
        print(f"  {name.rsplit('/', 1)[1]:50} {size / 1000:6.1f} KB")
    for name, size in next_pages.items():
        print(f"next page {name:20} {size / 1000:6.1f} KB")
