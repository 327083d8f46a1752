"""The first start of a hospital."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from audit.services import Action, record
from core.errors import Invalid, ServiceError
from core.events import together
from org.models import Installation, Role, User
from org.services.assignments import assignment_start
from org.services.people import password_set, person_create
from org.services.units import site_create

LOGO_LIMIT = 512_000
LOGO_TYPES = {b"\x89PNG": "image/png", b"<svg": "image/svg+xml", b"<?xm": "image/svg+xml"}


class AlreadySetUp(ServiceError):
    """This database already holds a hospital."""

    code = "already_set_up"
    message = _("This database already holds a hospital. Nothing was changed.")


@dataclass(frozen=True, slots=True)
class Hospital:
    """What setup asks for."""

    name: str
    site_code: str
    site_name: str
    time_zone: str
    currency: str
    language: str
    admin_username: str
    admin_family_name: str
    admin_given_name: str
    admin_password: str
    logo: bytes = b""
    is_demo: bool = False


def logo_type(logo: bytes) -> str:
    """Return the content type of a logo, "" for none. Raises Invalid."""
    if not logo:
        return ""
    found = LOGO_TYPES.get(logo.lstrip()[:4])
    if found is None or len(logo) > LOGO_LIMIT:
        raise Invalid(_("The logo must be a PNG or SVG file of at most 500 kB."), field="logo")
    return found


@transaction.atomic
@together()
def hospital_set_up(hospital: Hospital, *, at: datetime) -> User:
    """The hospital, its first site and its first administrator, who is returned, exist.

    Raises AlreadySetUp the second time, Invalid for a bad time zone, currency, logo or password.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('hms-setup', 42))")
    if Installation.objects.exists():
        raise AlreadySetUp()
    if len(hospital.currency) != 3 or not (
        hospital.currency.isascii() and hospital.currency.isupper()
    ):
        raise Invalid(_("The currency is a code of three capital letters."), field="currency")
    row = Installation.objects.create(
        name=hospital.name,
        currency=hospital.currency,
        language=hospital.language,
        logo=hospital.logo or None,
        logo_type=logo_type(hospital.logo),
        is_demo=hospital.is_demo,
        set_up_at=at,
    )
    root = site_create(
        code=hospital.site_code,
        name=hospital.site_name,
        time_zone=hospital.time_zone,
        by=None,
        at=at,
    )
    admin = person_create(
        username=hospital.admin_username,
        family_name=hospital.admin_family_name,
        given_name=hospital.admin_given_name,
        is_demo=hospital.is_demo,
        by=None,
        at=at,
    )
    admin = password_set(admin, password=hospital.admin_password, by=None, at=at)
    assignment_start(
        user=admin,
        role=Role.objects.get(code="system_administrator"),
        unit=root,
        starts_at=at,
        by=None,
        at=at,
        reason="setup",
    )
    record("hospital_set_up", action=Action.CREATE, at=at, by=admin.pk, subject=row)
    return admin
