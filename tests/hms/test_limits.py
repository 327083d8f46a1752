"""What is refused before any door: too much, and what cannot be read."""

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

TOO_MUCH = settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1


@pytest.mark.parametrize("address", ["/units/new/", "/people/import/", "/api/v1/org/people/"])
def test_a_body_over_the_limit_is_refused_at_every_door(as_role, address: str) -> None:
    answer = as_role("system_administrator").post(
        address, b"x" * TOO_MUCH, content_type="application/octet-stream"
    )
    assert answer.status_code == 413


def test_a_staff_file_of_the_largest_size_reaches_the_import(as_role) -> None:
    file = SimpleUploadedFile("staff.csv", b"username\n" + b"x" * 1_048_000)
    answer = as_role("system_administrator").post(reverse("org:person-import"), {"file": file})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("language", "words"),
    [("fr-CA, en;q=0.5", "la taille acceptée"), ("en", "larger than the system takes")],
)
def test_the_refusal_speaks_the_browser_s_language(
    client: Client, db: None, language: str, words: str
) -> None:
    answer = client.post(
        "/sign-in/",
        b"x" * TOO_MUCH,
        content_type="application/octet-stream",
        headers={"accept-language": language},
    )
    assert answer.status_code == 413
    assert words in answer.content.decode()


def test_what_cannot_be_read_is_refused_in_the_same_language(client: Client, db: None) -> None:
    answer = client.get("/api/v1/org/units/?search=%00", headers={"accept-language": "fr"})
    assert answer.status_code == 400
    assert answer.json()["title"] != client.get("/api/v1/org/units/?search=%00").json()["title"]
