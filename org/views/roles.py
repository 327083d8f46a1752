"""Doors of roles: what each may do."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from core.doors import requires
from core.errors import NotFound
from core.html import Crumb, render
from org import selectors
from org.permissions import Perm


@requires(Perm.VIEW_ROLES, module=None)
def roles(request: HttpRequest) -> HttpResponse:
    """Every role and how much it may do."""
    rows: list[dict[str, Any]] = [
        {"role": role, "name": _(role.name), "acts": len(role.group.permissions.all())}
        for role in selectors.role_list().prefetch_related("group__permissions")
    ]
    rows.sort(key=lambda row: row["name"])
    return render(request, "org/roles.html", {"rows": rows})


@requires(Perm.VIEW_ROLES, module=None)
def role(request: HttpRequest, code: str) -> HttpResponse:
    """One role and each act that it permits."""
    found = selectors.role_list().filter(code=code).first()
    if found is None:
        raise NotFound()
    acts = found.group.permissions.select_related("content_type").order_by(
        "content_type__app_label", "codename"
    )
    context = {
        "role": found,
        "name": _(found.name),
        "acts": [(_(act.name), f"{act.content_type.app_label}.{act.codename}") for act in acts],
        "crumbs": (Crumb(_("Roles"), reverse("org:roles")),),
    }
    return render(request, "org/role.html", context)
