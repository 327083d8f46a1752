"""Whatever arrives is answered with 2xx or 4xx, by name, and never with a stack trace (SEC-I1)."""

import functools
import inspect
import json
import uuid
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from org.models import User
from tests.factories.org import Hospital, person, unit
from tests.factories.sessions import sign_in

API = "/api/v1/org"
JSON = "application/json"
LISTS = ["/sites/", "/units/", "/people/", "/roles/", "/assignments/", "/activation/",
         "/activation/history/"]  # fmt: skip
DEEP = 20_000


def each(names: str | tuple[str, ...], cases: Iterable[Any]) -> Callable[[Any], Any]:
    """Run the test for every case in one hospital: making one takes longer than the cases."""
    wanted = (names,) if isinstance(names, str) else names

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(test)
        def run(**fixtures: Any) -> None:
            for case in cases:
                values = dict(zip(wanted, (case,) if isinstance(names, str) else case, strict=True))
                try:
                    test(**fixtures, **values)
                except Exception as error:
                    error.add_note(f"case: {values!r}"[:300])
                    raise

        takes = inspect.signature(test).parameters.values()
        run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [taken for taken in takes if taken.name not in wanted]
        )
        return run

    return decorate


@pytest.fixture
def admin(hospital: Hospital) -> Client:
    client = Client(raise_request_exception=False)
    sign_in(client, hospital.admin)
    return client


def assert_refused(response: Any, *statuses: int, code: str = "") -> dict[str, Any]:
    assert response.status_code in statuses, (response.status_code, response.content[:400])
    assert response["Content-Type"] == "application/problem+json"
    assert response["Cache-Control"] == "no-store"
    body: dict[str, Any] = response.json()
    assert body["code"]
    assert body["status"] == response.status_code
    assert "Traceback" not in response.content.decode()
    assert not code or body["code"] == code
    return body


BODIES = {
    "empty": b"",
    "cut": b'{"username": "x"',
    "words": b"username=x",
    "nothing": b"null",
    "number": b"7",
    "nan": b'{"username": NaN}',
    "not utf-8": b'{"username": "\xff\xfe"}',
    "lone surrogate": b'{"username": "\\ud800", "family_name": "x"}',
    "nul": b'{"username": "a\\u0000b", "family_name": "x"}',
    "bidi": '{"username": "a\u202eb", "family_name": "x"}'.encode(),
    "list": b"[]",
    "list of lists": b"[[[1]]]",
    "huge number": b'{"username": 1e400}',
    "long number": b'{"username": ' + b"9" * 5_000 + b"}",
    "object": b'{"username": {"a": 1}, "family_name": ["x"]}',
    "too long": json.dumps({"username": "x" * 65, "family_name": "y"}).encode(),
    "grows when folded": json.dumps({"username": "\ufb03" * 60, "family_name": "y"}).encode(),
    "blank": b'{"username": "  ", "family_name": "x"}',
    "hidden e-mail": '{"username":"a","family_name":"x","email":"a@b\u202e.example"}'.encode(),
    "deep list": b'{"username": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep object": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "deep and open": b"[" * DEEP,
    "open string": b'{"username": "' + b'\\"' * DEEP,
}


@each("name", BODIES)
@each("path", ["/people/", "/units/", "/assignments/"])
def test_a_strange_body_is_refused(admin: Client, name: str, path: str) -> None:
    before = User.objects.count()
    answer = admin.generic("POST", API + path, BODIES[name], content_type=JSON)
    assert_refused(answer, 400, 422)
    keyed = admin.generic(
        "POST", API + path, BODIES[name], content_type=JSON, headers={"Idempotency-Key": "k"}
    )
    assert keyed.status_code == answer.status_code
    assert User.objects.count() == before


@each("name", BODIES)
@each(
    ("method", "path"),
    [("PATCH", "/units/{unit}/"), ("PATCH", "/people/{person}/"),
     ("PUT", "/activation/{unit}/lab/"),

     ("POST", "/units/{unit}/close"), ("POST", "/people/{person}/suspend")],
)  # fmt: skip
def test_a_strange_change_is_refused_or_changes_nothing(
    hospital: Hospital, admin: Client, name: str, method: str, path: str
) -> None:
    nurse = hospital.person("nurse")
    address = API + path.format(unit=hospital.ward.public_id, person=nurse.public_id)
    version = "0" if method == "PUT" else str(nurse.version if "people" in path else 1)
    answer = admin.generic(
        method, address, BODIES[name], content_type=JSON, headers={"If-Match": f'"{version}"'}
    )
    if (method, name) == ("PATCH", "empty"):
        assert answer.status_code == 200
    else:
        assert_refused(answer, 400, 422)


def test_brackets_inside_a_text_are_not_depth(admin: Client) -> None:
    body = {"username": "brackets", "family_name": '"[{' * 26}
    assert admin.post(f"{API}/people/", body, content_type=JSON).status_code == 201


def test_depth_64_is_read_and_65_is_not(admin: Client) -> None:
    for depth, status in [(64, 422), (65, 400)]:
        body = b'{"username": ' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"
        answer = admin.generic("POST", f"{API}/people/", body, content_type=JSON)
        assert_refused(answer, status)


def test_a_body_over_the_limit_is_413(admin: Client) -> None:
    body = b'{"family_name": "' + b"x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE + b'"}'
    answer = admin.generic("POST", f"{API}/people/", body, content_type=JSON)
    assert_refused(answer, 413, code="too_large")


@each(
    "kind",
    ["text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data",
     "multipart/form-data; boundary=x", "application/json/x", "", "\u00e9", "application"],
)  # fmt: skip
def test_another_content_type_is_415(admin: Client, kind: str) -> None:
    answer = admin.generic("POST", f"{API}/people/", b"--x\r\nusername=x", content_type=kind)
    assert_refused(answer, 415, code="unsupported_media_type")


@each(
    ("method", "path"),
    [("POST", "/people/"), ("PATCH", "/units/{unit}/"), ("PUT", "/activation/{unit}/lab/")],
)
@each("token", ["", "x" * 32, "x" * 64, "\u00e9"])
def test_a_missing_or_wrong_csrf_token_is_403(
    hospital: Hospital, method: str, path: str, token: str
) -> None:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    sign_in(client, hospital.admin)
    headers = {"X-CSRFToken": token} if token else {}
    address = API + path.format(unit=hospital.ward.public_id)
    for kind in (JSON, "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"):
        answer = client.generic(method, address, b"{}", content_type=kind, headers=headers)
        assert_refused(answer, 403, code="permission_denied")


@each("path", LISTS)
@each(
    "query",
    ["cursor=x", "cursor=W10", "cursor=%C3%A9", "cursor=" + "A" * 9_000, "cursor=bnVsbA",
     "cursor=W2ZhbHNlLFsiXHUwMDAwIiwiXHUwMDAwIl1d", "cursor=W2ZhbHNlLFsiYSIsImIiXV0",
     "cursor=NQ", "size=0", "size=201", "size=-1", "size=1e9", "size=" + "9" * 5_000,
     "size=%D9%A3", "size=x"],
)  # fmt: skip
def test_a_damaged_cursor_or_size_is_422(admin: Client, path: str, query: str) -> None:
    assert_refused(admin.get(f"{API}{path}?{query}"), 422, code="invalid")


@each(
    "query",
    ["search=" + "x" * 81, "kind=ward%27--", "state=%ed%a0%80", "unit=1", "unit=x%27",
     "person=" + "9" * 400, "module=%F0%9F%92%A5"],
)  # fmt: skip
def test_a_strange_filter_is_refused_or_ignored(admin: Client, query: str) -> None:
    for path in LISTS:
        answer = admin.get(f"{API}{path}?{query}")
        if answer.status_code != 200:
            assert_refused(answer, 422)


@each("search", ["%25", "_", "\\", "'", "%F0%9F%92%A5", "%ed%a0%80", "%E2%80%AE"])
def test_any_search_text_is_answered(admin: Client, search: str) -> None:
    for path in ["/units/", "/people/", "/activation/"]:
        assert admin.get(f"{API}{path}?search={search}").status_code == 200


@each("query", ["search=%00", "x=a%00"])
def test_nul_in_the_address_is_400(admin: Client, query: str) -> None:
    assert_refused(admin.get(f"{API}/units/?{query}"), 400)
    assert_refused(admin.get(f"{API}/units/%00/"), 400)


@each("ident", ["1", "x", "../../etc", "%2e%2e", "0" * 32, "F" * 36, "%27", "g" * 36, "a" * 5_000])
def test_a_malformed_id_is_404(admin: Client, ident: str) -> None:
    for noun in ("units", "people", "assignments"):
        assert_refused(admin.get(f"{API}/{noun}/{ident}/"), 404, code="not_found")
    assert_refused(admin.get(f"{API}/activation/{ident}/lab/"), 404, code="not_found")


@each("value", ["x", '"-1"', "*", '"' + "9" * 40 + '"', '"\u0663"', '""', "W/"])
def test_a_strange_if_match_is_422(hospital: Hospital, admin: Client, value: str) -> None:
    address = f"{API}/units/{hospital.ward.public_id}/"
    answer = admin.patch(address, {"name": "x"}, content_type=JSON, headers={"If-Match": value})
    assert_refused(answer, 422, code="invalid")


MASS = {
    "public_id": "6f9619ff-8b86-d011-b42d-00c04fc964ff", "version": 99, "state": "active",
    "is_active": True, "is_superuser": True, "password": "x", "groups": [1], "id": 1,
    "site": "6f9619ff-8b86-d011-b42d-00c04fc964ff", "created_at": "2001-01-01T00:00:00Z",
    "__proto__": {}, "by": 1, "at": "2001-01-01T00:00:00Z",
}  # fmt: skip


@each("field", MASS)
def test_fields_that_are_not_the_callers_are_refused_by_name(
    hospital: Hospital, admin: Client, field: str
) -> None:
    """Mass assignment (SEC-Z10)."""
    nurse = hospital.person("nurse")
    root, extra = str(hospital.root.public_id), {field: MASS[field]}
    for method, path, body, version in [
        ("POST", "/people/", {"username": "u", "family_name": "f"}, ""),
        ("PATCH", f"/people/{nurse.public_id}/", {"title": "Dr"}, f'"{nurse.version}"'),
        ("POST", "/units/", {"parent": root, "code": "Z", "name": "Z", "kind": "ward"}, ""),
        ("PATCH", f"/units/{hospital.ward.public_id}/", {"name": "Z"}, '"1"'),
        ("PUT", f"/activation/{hospital.ward.public_id}/lab/", {"level": "live", "reason": "r"},
         '"0"'),
        ("POST", f"/people/{nurse.public_id}/suspend", {"reason": "r"}, ""),
    ]:  # fmt: skip
        headers = {"If-Match": version} if version else {}
        answer = admin.generic(
            method, API + path, json.dumps(body | extra), content_type=JSON, headers=headers
        )
        assert list(assert_refused(answer, 422, code="invalid")["errors"]) == [field]


@each("path", ["/me/", "/units/", "/people/", "/assignments/"])
@each("method", ["OPTIONS", "DELETE", "TRACE", "PROPFIND", "PUT"])
def test_other_methods_tell_nothing(admin: Client, path: str, method: str) -> None:
    for client in (admin, Client(raise_request_exception=False)):
        body = assert_refused(client.generic(method, API + path), 405, code="method_not_allowed")
        assert "actions" not in body


def test_an_accept_header_nobody_can_serve_is_406(admin: Client) -> None:
    answer = admin.get(f"{API}/units/", headers={"Accept": "image/png"})
    assert_refused(answer, 406, code="not_acceptable")


@each("format_name", ["xml", "api", "%00", "\u00e9"])
def test_another_format_is_not_found(admin: Client, format_name: str) -> None:
    assert_refused(admin.get(f"{API}/units/?format={format_name}"), 400, 404)


def test_too_many_requests_are_429_with_a_time(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hms.rest import ClientThrottle

    # A counter of its own: people keep their numbers from test to test, and so do their counters.
    who = str(uuid.uuid4())
    monkeypatch.setattr(ClientThrottle, "get_cache_key", lambda *_: who)
    # An hour: the minute could turn while four requests are answered.
    monkeypatch.setattr(ClientThrottle, "rate", "3/hour", raising=False)
    answers = [admin.get(f"{API}/me/") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert_refused(answers[-1], 429, code="throttled")
    assert 1 <= int(answers[-1]["Retry-After"]) <= 3601


def test_stored_markup_comes_back_as_it_was_and_as_json(hospital: Hospital, admin: Client) -> None:
    unit(hospital.root, "X1", name="<script>alert(1)</script>")
    answer = admin.get(f"{API}/units/?search=script")
    assert answer["Content-Type"] == "application/json"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer.json()["items"][0]["name"] == "<script>alert(1)</script>"


def test_a_login_that_is_not_open_is_nobody(hospital: Hospital) -> None:
    client = Client()
    sign_in(client, person("ghost", active=False))
    assert_refused(client.get(f"{API}/me/"), 401, code="not_authenticated")
