"""Secrets at rest: sealed with, or marked by, keys derived from the installation's (SEC-O6)."""

import hashlib
import hmac
from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


def _keys(purpose: str) -> list[bytes]:
    """The key of this purpose, then those of the keys that are being replaced."""
    return [
        HKDF(SHA256(), length=32, salt=None, info=f"hms:{purpose}".encode()).derive(key.encode())
        for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    ]


def _box(purpose: str) -> MultiFernet:
    return MultiFernet([Fernet(urlsafe_b64encode(key)) for key in _keys(purpose)])


def sealed(text: str, *, purpose: str) -> str:
    """Return the text encrypted with the newest key."""
    return _box(purpose).encrypt(text.encode()).decode()


def opened(text: str, *, purpose: str) -> str:
    """Return what was sealed with the newest key or one that is being replaced.

    Raises cryptography's InvalidToken for anything else.
    """
    return _box(purpose).decrypt(text.encode()).decode()


def resealed(text: str, *, purpose: str) -> str | None:
    """Return the same secret sealed with the newest key; None when that key sealed it already.

    Raises cryptography's InvalidToken for what none of our keys sealed.
    """
    plain = opened(text, purpose=purpose)
    try:
        Fernet(urlsafe_b64encode(_keys(purpose)[0])).decrypt(text.encode())
    except InvalidToken:
        return sealed(plain, purpose=purpose)
    return None


def key_names(*, purpose: str) -> list[str]:
    """Return the names by which rows remember our keys, the newest key's first.

    Nobody finds the key by its name.
    """
    return [hmac.new(key, b"name", hashlib.sha256).hexdigest()[:16] for key in _keys(purpose)]


def marks(text: str, *, purpose: str) -> list[str]:
    """Return the keyed digests under which `text` may be stored, the newest key's first."""
    return [hmac.new(key, text.encode(), hashlib.sha256).hexdigest() for key in _keys(purpose)]
