"""Passwords that somebody would guess: those of this house, common ones, breached ones (SEC-A2)."""

import functools
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from org.models import Installation, Site, Unit, User

log = structlog.get_logger("org.passwords")
_WORDS = (
    *("hospital", "password", "welcome", "nurse", "doctor", "ward", "clinic", "patient", "medical"),
    *("health", "medicine", "surgeon", "surgery", "pharmacy", "laboratory", "emergency", "admin"),
    *("hôpital", "hopital", "motdepasse", "bienvenue", "infirmier", "infirmière", "infirmiere"),
    *("médecin", "medecin", "clinique", "santé", "sante", "pharmacie", "laboratoire", "urgence"),
    *("summer", "winter", "spring", "autumn", "january", "qwerty", "azerty", "letmein", "secret"),
)
LEAST_LETTERS = 4
_PARTS = re.compile(r"[^\W\d_]+")


class HospitalWordsValidator:
    """Refuses a password made of the hospital's name, everyday words, own names and digits."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Raise ValidationError when little is left once the words of the house are taken out."""
        rest = password.casefold()
        parts = {part for text in _texts(user) for part in _PARTS.findall(text.casefold())}
        words = {*_WORDS, *(part for part in parts if len(part) >= LEAST_LETTERS)}
        for word in sorted(words, key=len, reverse=True):
            rest = rest.replace(word, "")
        if sum(character.isalpha() for character in rest) < LEAST_LETTERS:
            raise ValidationError(self.get_help_text(), code="hospital_words")

    def get_help_text(self) -> str:
        """Return the rule in one sentence."""
        return _(
            "The password must not be made of the hospital's name, everyday words and your own "
            "names."
        )


def _texts(user: User | None) -> list[str]:
    name = Installation.objects.values_list("name", flat=True).filter(pk=1).first() or ""
    texts = [*Site.objects.values_list("name", flat=True), name]
    texts += Unit.objects.values_list("name", flat=True).distinct()
    if user:
        texts += [user.username, user.family_name, user.given_name, user.email]
    return texts


class CommonWordValidator(CommonPasswordValidator):
    """Refuses Django's 20,000 common passwords, also with digits and signs before or behind."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Raise ValidationError for a common password or a dressed-up one."""
        super().validate(password, user)
        bare = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", password.casefold())
        if bare in self.passwords:
            raise ValidationError(self.get_error_message(), code="password_too_common")


class BreachedPasswordValidator:
    """Refuses passwords that were found in breaches: the shipped list, and the hospital's own."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Raise ValidationError for a password of a list."""
        if is_shipped(password) or is_listed(password):
            raise ValidationError(
                _("This password was found in a breach of another system. Choose another one."),
                code="password_breached",
            )

    def get_help_text(self) -> str:
        """Return the rule in one sentence."""
        return _("The password must not be one that was found in a breach.")


# --- The shipped list: 65,537 numbers of four bytes say where the digests with each first two bytes
# begin; behind them stand three more bytes of each digest (scripts/breached_list.py).
SHIPPED = Path(settings.BASE_DIR) / "config" / "passwords" / "breached.bin"
_INDEX = 65_537 * 4
_TAIL = 3


def is_shipped(password: str) -> bool:
    """Say whether the password, in small letters, is in the list that comes with the product."""
    plain = password.casefold().encode("utf-8", "replace")
    digest = hashlib.sha1(plain, usedforsecurity=False).digest()
    with _opened(SHIPPED) as file:
        pair = os.pread(file, 8, int.from_bytes(digest[:2]) * 4)
        begin, end = int.from_bytes(pair[:4]), int.from_bytes(pair[4:])
        found = os.pread(file, (end - begin) * _TAIL, _INDEX + begin * _TAIL)
    wanted = digest[2:5]
    return any(found[at : at + _TAIL] == wanted for at in range(0, len(found), _TAIL))


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    file = os.open(path, os.O_RDONLY)
    try:
        yield file
    finally:
        os.close(file)


# --- The hospital's own list (HMS_PASSWORD_LIST): lines of hexadecimal SHA-1, sorted.
_LONGEST_LINE = 128
_LINE = re.compile(rb"([0-9A-F]{10,40})(?::\d+)?\s*")


def is_listed(password: str) -> bool:
    """Say whether the password as typed is in HMS_PASSWORD_LIST.

    A list that cannot be read refuses nobody: that is said in the log, and by `manage.py check`.
    """
    if not settings.PASSWORD_LIST:
        return False
    plain = password.encode("utf-8", "replace")
    wanted = hashlib.sha1(plain, usedforsecurity=False).hexdigest().upper().encode()
    try:
        with _opened(Path(settings.PASSWORD_LIST)) as file:
            return _halved(file, wanted)
    except (OSError, ValueError):
        _complain(settings.PASSWORD_LIST)
        return False


@functools.lru_cache(maxsize=1)
def _complain(path: str) -> None:
    """Once a process: an unreadable list is no news at every password."""
    log.error("password_list_unreadable", path=path)


def _halved(file: int, wanted: bytes) -> bool:
    """Look where the wanted hash would stand, halving what is left. Raises ValueError."""
    low, high = 0, os.fstat(file).st_size
    while low < high:
        middle = (low + high) // 2
        begin, line = _line_at(file, middle)
        if not line or begin >= high:
            high = middle
            continue
        found = _hash_of(line)
        if wanted.startswith(found):
            return True
        if found < wanted:
            low = begin + len(line)
        else:
            high = middle
    return False


def _line_at(file: int, place: int) -> tuple[int, bytes]:
    """The first line that begins at `place` or behind it, and where it begins."""
    start = max(0, place - 1)
    piece = os.pread(file, 2 * _LONGEST_LINE, start)
    skipped = 0 if place == 0 else piece.find(b"\n") + 1
    if place and not skipped:
        return place, b""
    end = piece.find(b"\n", skipped)
    return start + skipped, piece[skipped : end + 1] if end >= 0 else piece[skipped:]


def _hash_of(line: bytes) -> bytes:
    match = _LINE.fullmatch(line.upper())
    if match is None:
        raise ValueError("Not a line of hashes.")
    return match[1]


def list_fault(path: str) -> str:
    """Return what is wrong with a list of hashes, "" when its beginning can be read."""
    try:
        with _opened(Path(path)) as file:
            piece = os.pread(file, 20 * _LONGEST_LINE, 0)
        found = [_hash_of(line) for line in piece.split(b"\n")[:10] if line.strip()]
    except (OSError, ValueError) as error:
        return f"{type(error).__name__}: {error}"[:200]
    if not found:
        return "it is empty"
    return "" if found == sorted(found) else "it is not sorted by hash"
