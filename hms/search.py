"""What the search box finds: pages and commands first; later rooms add their own groups here."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from audit.services import look
from core import clock
from core.templatetags.formats import date_text, grouped_number, person_name_text
from hms import navigation
from org import gate, selectors
from org.permissions import Grants, Perm
from patients import selectors as patients
from patients.permissions import Perm as Patients

LIMIT = 6


@dataclass(frozen=True, slots=True)
class Hit:
    """One line of the search dialog."""

    label: str
    hint: str
    icon: str
    url: str


@dataclass(frozen=True, slots=True)
class Group:
    """Hits of one kind."""

    title: str
    hits: list[Hit]


def _patients(query: str, held: Grants) -> list[Hit]:
    now = clock.now()
    found = patients.search(query, grants=held, today=clock.today(), at=now)[:LIMIT]
    look(patients=[hit.patient.public_id for hit in found])
    return [
        Hit(
            person_name_text(hit.patient.family, hit.patient.given, hit.patient.title),
            f"{date_text(hit.patient.birth_on)}, {grouped_number(hit.patient.mrn)}",
            "user-circle",
            reverse("patients:patient", args=[hit.patient.public_id]),
        )
        for hit in found
    ]


def scanned(request: HttpRequest, query: str) -> str:
    """Return the address of the record whose whole number was scanned, "" for anything else."""
    held = gate.grants(request)
    if not held.has(Patients.VIEW):
        return ""
    found = patients.scanned(query, grants=held, at=clock.now())
    return reverse("patients:patient", args=[found.public_id]) if found else ""


def is_misread(query: str) -> bool:
    """Say whether this is as long as a record number, and its check digit is wrong."""
    return patients.is_misread(query)


def find(request: HttpRequest, query: str) -> list[Group]:
    """Return what matches and may be opened by the asker; every page for an empty query."""
    held = gate.grants(request)
    wanted = query.strip().casefold()
    links = navigation.links(held, unit_id=getattr(request, "unit_id", None), path="")
    links = [item for item in links if wanted in f"{item.label} {item.about}".casefold()]
    groups = [Group(_("Pages"), [Hit(i.label, i.about, i.icon, i.url) for i in links])]
    if len(wanted) >= 2 and held.has(Patients.VIEW):
        groups.insert(0, Group(_("Patients"), _patients(query, held)))
    if len(wanted) >= 2 and "\x00" not in wanted:
        units = selectors.unit_list(grants=held, search=query.strip()).order_by("name")[:LIMIT]
        groups.append(
            Group(
                _("Units"),
                [
                    Hit(
                        u.name,
                        u.site.name,
                        "building-hospital",
                        reverse("org:unit", args=[u.public_id]),
                    )
                    for u in units
                ],
            )
        )
        if held.has(Perm.VIEW_PEOPLE):
            people = selectors.people_list(grants=held, search=query.strip())
            groups.append(
                Group(
                    _("People"),
                    [
                        Hit(
                            p.full_name,
                            p.username,
                            "user",
                            reverse("org:person", args=[p.public_id]),
                        )
                        for p in people.order_by("family_name", "given_name", "id")[:LIMIT]
                    ],
                )
            )
    return [group for group in groups if group.hits]
