"""config/roles.yaml becomes roles, groups and permissions, on every migrate and never by hand."""

from typing import Any

import yaml
from django.apps import apps
from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db import transaction

from org.permissions import IDLE_MINUTES

PATH = settings.BASE_DIR / "config" / "roles.yaml"


def declared() -> dict[str, dict[str, Any]]:
    """Return the roles of the file: code -> name, permissions, idle limit, factor."""
    roles: dict[str, dict[str, Any]] = yaml.safe_load(PATH.read_text(encoding="utf-8"))["roles"]
    return roles


def sync(using: str) -> None:
    """Roles, their groups and their groups' permissions are exactly those of the file.

    Raises LookupError for a permission that no room defines.
    """
    role_model = apps.get_model("org", "Role")
    known = {
        f"{app}.{codename}": pk
        for pk, app, codename in Permission.objects.using(using).values_list(
            "pk", "content_type__app_label", "codename"
        )
    }
    with transaction.atomic(using=using):
        for code, spec in declared().items():
            missing = [name for name in spec["permissions"] if name not in known]
            if missing:
                raise LookupError(f"roles.yaml: role {code} names unknown permissions {missing}")
            group, _ = Group.objects.using(using).get_or_create(name=f"role:{code}")
            wanted = {known[name] for name in spec["permissions"]}
            if set(group.permissions.values_list("pk", flat=True)) != wanted:
                group.permissions.set(wanted)
            role_model.objects.using(using).update_or_create(
                code=code,
                defaults={
                    "name": spec["name"],
                    "group": group,
                    "idle_minutes": spec.get("idle_minutes", IDLE_MINUTES),
                    "needs_second_factor": spec.get("second_factor", True),
                },
            )


def sync_after_migrate(sender: Any, using: str, **_kwargs: Any) -> None:
    """After a migrate of org every room's permissions exist, then the roles do.

    Django sends the signal per app that has models; the roof has none.
    """
    if sender.label != "org" or "org_role" not in _tables(using):
        return
    for config in apps.get_app_configs():
        create_permissions(config, using=using, verbosity=0)
    sync(using)


def _tables(using: str) -> list[str]:
    from django.db import connections

    return connections[using].introspection.table_names()
