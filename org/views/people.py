"""Doors of people: who works here, their logins, professions and assignments."""

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from core import clock, commands, paging
from core.doors import requires
from core.errors import Denied, NotFound
from core.html import Crumb, render
from org import gate, selectors, services
from org.forms import PeopleFilterForm, PersonEditForm, PersonForm, PractitionerForm
from org.permissions import (
    Grants,
    Perm,
    may_assign,
    may_manage_login,
    sites_assigned_whole,
)
from org.states import ACCOUNT_STEPS
from org.views import looks

if TYPE_CHECKING:
    from org.models import Assignment, User

ORDER = ("family_name", "given_name", "id")


def load(request: HttpRequest, public_id: UUID, permission: str = Perm.VIEW_PEOPLE) -> "User":
    """Return the person in reach of the asker's permission. Raises NotFound."""
    found = selectors.person_get(
        grants=gate.grants(request), public_id=public_id, permission=permission
    )
    if found is None:
        raise NotFound()
    return found


def load_login(request: HttpRequest, public_id: UUID) -> "User":
    """Return a person who works nowhere out of the asker's reach. Raises NotFound, Denied."""
    found = load(request, public_id, Perm.MANAGE_PEOPLE)
    if not may_manage_login(gate.grants(request), found, at=clock.now()):
        raise Denied(_("This person also works where you do not manage people."))
    return found


def address(person: "User") -> str:
    """Return the address of a person's page."""
    return reverse("org:person", args=[person.public_id])


def crumbs(person: "User | None" = None) -> tuple[Crumb, ...]:
    """Return the way from the list of people to the person."""
    first = Crumb(_("People"), reverse("org:people"))
    if person is None:
        return (first,)
    return (first, Crumb(person.full_name, address(person)))


@requires(Perm.VIEW_PEOPLE, module=None)
def people(request: HttpRequest) -> HttpResponse:
    """The visible people by name, found by name, user name, staff number, unit and login."""
    held = gate.grants(request)
    places = selectors.units_of(set(held.unit_ids(Perm.VIEW_PEOPLE)))
    form = PeopleFilterForm(request.GET, units=places)
    wanted = form.cleaned_data if form.is_valid() else {}
    unit = wanted.get("unit")
    rows = selectors.people_list(
        grants=held,
        search=wanted.get("q", ""),
        state=wanted.get("state", ""),
        unit_id=unit.pk if unit else None,
    )
    rows = selectors.with_assignments(rows, at=clock.now())
    page = paging.page(rows, order=ORDER, cursor=request.GET.get("cursor", ""))
    reach = held.unit_ids(Perm.VIEW_PEOPLE)
    context = {
        "filter": form,
        "is_filtered": any(wanted.values()),
        "rows": [_row(person, reach) for person in page.items],
        "pages": page,
        "may_create": held.has(Perm.MANAGE_PEOPLE),
        "may_import": held.has(Perm.IMPORT_PEOPLE),
    }
    return render(request, "org/people.html", context)


def _row(person: "User", reach: frozenset[int]) -> dict[str, Any]:
    works = [
        {"role": _(item.role.name), "unit": item.unit}
        for item in person.current  # type: ignore[attr-defined]
        if item.unit_id in reach
    ]
    return {"person": person, "look": looks.account_look(person.state), "works": works}


@requires(Perm.VIEW_PEOPLE, module=None)
def person(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One person: names, login, profession, and where they work as what."""
    found, held, now = load(request, public_id), gate.grants(request), clock.now()
    rows = selectors.assignment_list(grants=held, user_id=found.pk).order_by("-period", "-id")
    writable = selectors.person_get(grants=held, public_id=public_id, permission=Perm.MANAGE_PEOPLE)
    may_login = writable is not None and may_manage_login(held, found, at=now)
    context = {
        "person": found,
        "look": looks.account_look(found.state),
        "crumbs": crumbs(),
        "practitioner": selectors.practitioner_of(found.pk),
        "assignments": _assignments(list(rows[: paging.MAX_SIZE]), held, now),
        "may_login": may_login,
        "locked_until": services.locked_until(found.username, at=now) if may_login else None,
        "steps": _steps(found) if may_login and found.pk != request.user.pk else [],
        "may_end_sessions": held.has(Perm.END_SESSIONS),
        "may_assign": held.has(Perm.MANAGE_ASSIGNMENTS),
    }
    return render(request, "org/person.html", context)


def _assignments(items: list["Assignment"], held: Grants, now: datetime) -> list[dict[str, Any]]:
    """Whoever may hand a role out may also end it: asked once for all rows."""
    permissions = selectors.permissions_of_roles({item.role_id for item in items})
    sites = sites_assigned_whole(held)
    return [
        _assignment(
            item,
            may_assign(held, permissions=permissions[item.role_id], unit=item.unit, sites=sites),
            now,
        )
        for item in items
    ]


def may_end_assignment(held: Grants, item: "Assignment") -> bool:
    """Say whether the asker may end the assignment: its role is theirs to hand out there."""
    permissions = selectors.role_permissions(item.role_id)
    return may_assign(held, permissions=permissions, unit=item.unit)


def _assignment(item: "Assignment", may_end: bool, now: datetime) -> dict[str, Any]:
    lower, upper = item.period.lower, item.period.upper
    is_over = item.cancelled_at is not None or (upper is not None and upper <= now)
    if item.cancelled_at is not None:
        look = looks.Look("mute", "circle-x", _("Cancelled"))
    elif is_over:
        look = looks.Look("mute", "history", _("Over"))
    elif lower > now:
        look = looks.Look("info", "clock", _("Begins later"))
    else:
        look = looks.Look("ok", "circle-check", _("In force"))
    role = _(item.role.name)
    return {"row": item, "role": role, "look": look, "may_end": may_end and not is_over}


def _steps(found: "User") -> list[tuple[str, str, str]]:
    words = {
        "active": (_("Open login"), "org:person-activate", "lock-open"),
        "suspended": (_("Suspend login"), "org:person-suspend", "lock"),
        "left": (_("Has left"), "org:person-leave", "logout"),
    }
    allowed = ACCOUNT_STEPS[found.state]
    lost = (_("Factor lost"), reverse("org:person-factors", args=[found.public_id]), "key")
    steps = [
        (word, reverse(name, args=[found.public_id]), icon)
        for state, (word, name, icon) in words.items()
        if state in allowed and (state, found.state) != ("active", "invited")
    ]
    return [*steps, lost] if found.is_active else steps


@requires(Perm.MANAGE_PEOPLE, module=None, methods=("GET", "POST"))
def person_new(request: HttpRequest) -> HttpResponse:
    """A person gets a login, which opens nothing yet."""
    form = PersonForm(commands.sent(request))
    page = commands.CommandPage(
        title=_("New person"),
        submit=_("Create person"),
        back=reverse("org:people"),
        crumbs=crumbs(),
        done=_("The person was created. Next: a password, and where they work."),
    )

    def create(data: dict[str, Any]) -> str:
        made = services.person_create(**data, by=gate.person(request).pk, at=clock.now())
        seen = selectors.person_get(grants=gate.grants(request), public_id=made.public_id)
        return address(made) if seen else reverse("org:people")

    return commands.answer(request, form, page, create)


@requires(Perm.MANAGE_PEOPLE, module=None, methods=("GET", "POST"), fresh=True)
def person_edit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A person's names and addresses change."""
    found = load_login(request, public_id)
    stored = {name: getattr(found, name) for name in PersonEditForm.base_fields}
    form = PersonEditForm(commands.sent(request), initial=stored)
    page = commands.CommandPage(
        title=_("Change %(person)s") % {"person": found.full_name},
        submit=_("Save"),
        back=address(found),
        crumbs=crumbs(found),
        done=_("The person was changed."),
    )

    def change(data: dict[str, Any]) -> str:
        values = dict(data)
        version = values.pop("version")
        services.person_update(
            found, values=values, version=version, by=gate.person(request).pk, at=clock.now()
        )
        return address(found)

    return commands.answer(request, form, page, change)


@requires(Perm.MANAGE_PEOPLE, module=None, methods=("GET", "POST"))
def practitioner_edit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A person's licensed profession is entered or changes."""
    found = load_login(request, public_id)
    row = selectors.practitioner_of(found.pk)
    names = PractitionerForm.base_fields
    initial = {name: getattr(row, name) for name in names} if row else {"version": 0}
    form = PractitionerForm(commands.sent(request), initial=initial)
    page = commands.CommandPage(
        title=_("Profession of %(person)s") % {"person": found.full_name},
        submit=_("Save"),
        back=address(found),
        crumbs=crumbs(found),
        done=_("The profession was saved."),
    )

    def save(data: dict[str, Any]) -> str:
        values = dict(data)
        version = values.pop("version")
        services.practitioner_save(
            found, values=values, version=version, by=gate.person(request).pk, at=clock.now()
        )
        return address(found)

    return commands.answer(request, form, page, save)
