"""What an answer to `manage.py setup` must be; each rule returns it clean or says why not."""

import zoneinfo
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from core.errors import Invalid
from org.rules import is_username, username_plain
from org.services.installation import logo_type

_CODE = RegexValidator(
    r"\A[A-Za-z0-9][A-Za-z0-9-]{0,19}\Z",
    _("A code has at most 20 letters, digits and hyphens."),
)
_CURRENCY = RegexValidator(
    r"\A[A-Z]{3}\Z", _("The currency is a code of three capital letters, for example EUR.")
)


def text(limit: int, *, may_be_empty: bool = False) -> Callable[[str], str]:
    """Return the rule for a line of text of at most `limit` characters."""

    def rule(raw: str) -> str:
        clean = " ".join(raw.split())
        if not clean and not may_be_empty:
            raise Invalid(_("This cannot be empty."))
        if len(clean) > limit or not clean.isprintable():
            raise Invalid(_("At most %(limit)s printable characters.") % {"limit": limit})
        return clean

    return rule


def code(raw: str) -> str:
    """Return a site code. Raises ValidationError."""
    _CODE(raw.strip())
    return raw.strip()


def username(raw: str) -> str:
    """Return the plain form of a user name, as signing in knows it. Raises Invalid."""
    plain = username_plain(raw)
    if not is_username(plain):
        raise Invalid(
            _("A user name has 1 to 64 letters a to z, digits, dots, hyphens, underscores or @.")
        )
    return plain


def currency(raw: str) -> str:
    """Return a currency code. Raises ValidationError."""
    clean = raw.strip().upper()
    _CURRENCY(clean)
    return clean


def time_zone(raw: str) -> str:
    """Return the name of a time zone. Raises Invalid."""
    clean = raw.strip()
    if clean not in zoneinfo.available_timezones():
        raise Invalid(_("This time zone is not known; an example is Africa/Nairobi."))
    return clean


def language(raw: str) -> str:
    """Return a language code the product speaks. Raises Invalid."""
    known = [name for name, _label in settings.LANGUAGES]
    if raw.strip() not in known:
        raise Invalid(_("Choose one of: %(known)s.") % {"known": ", ".join(known)})
    return raw.strip()


def logo(raw: str) -> bytes:
    """Return the content of the logo file, nothing for an empty path. Raises Invalid."""
    if not raw.strip():
        return b""
    try:
        content = Path(raw.strip()).expanduser().read_bytes()
    except OSError as error:
        raise Invalid(_("This file cannot be read.")) from error
    logo_type(content)
    return content


def password(raw: str) -> str:
    """Return the password when it keeps the house's rules. Raises ValidationError."""
    validate_password(raw)
    return raw
