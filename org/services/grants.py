"""guardian's group grants: each role's group in a place reaches its unit and all units below."""

from collections import defaultdict

from django.contrib.auth.models import Group, Permission
from django.db import connection

from org.models import Role, RolePlace, Unit, UnitGroupGrant


def _act_in_unit() -> Permission:
    return Permission.objects.get(content_type__app_label="org", codename="act_in_unit")


def _below(site_id: int) -> dict[int, set[int]]:
    parents = dict(Unit.objects.filter(site_id=site_id).values_list("pk", "parent_id"))
    reach: dict[int, set[int]] = defaultdict(set)
    for pk in parents:
        walk: int | None = pk
        while walk is not None:
            reach[walk].add(pk)
            walk = parents.get(walk)
    return reach


def _one_at_a_time(site_id: int) -> None:
    """Whoever changes the tree or the places of a site waits for the one before to commit.

    Otherwise a tree read before a new unit was committed would take its grants for superfluous.
    Always the last lock of its transaction, so that it closes no circle.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 42))", [f"grants:{site_id}"]
        )


_NEW_UNIT = """
    WITH RECURSIVE above AS (
      SELECT id, parent_id FROM org_unit WHERE id = %(unit)s
      UNION ALL
      SELECT u.id, u.parent_id FROM org_unit u JOIN above a ON u.id = a.parent_id
    )
    INSERT INTO org_unitgroupgrant (group_id, content_object_id, permission_id)
    SELECT rp.group_id, %(unit)s, %(permission)s
    FROM org_roleplace rp JOIN above ON above.id = rp.unit_id
    ON CONFLICT DO NOTHING
"""


def unit_grants_add(unit: Unit) -> None:
    """The new unit is within reach of every role place of the units above it."""
    _one_at_a_time(unit.site_id)
    with connection.cursor() as cursor:
        cursor.execute(_NEW_UNIT, {"unit": unit.pk, "permission": _act_in_unit().pk})


def unit_grants_rebuild(*, site_id: int) -> None:
    """The grants of every role place of the site match its tree of units."""
    _one_at_a_time(site_id)
    places = list(RolePlace.objects.filter(unit__site_id=site_id))
    if not places:
        return
    reach = _below(site_id)
    wanted = {(place.group_id, unit) for place in places for unit in reach[place.unit_id]}
    rows = UnitGroupGrant.objects.filter(group_id__in=[place.group_id for place in places])
    present = {(row.group_id, row.content_object_id): row.pk for row in rows}
    UnitGroupGrant.objects.filter(
        pk__in=[pk for key, pk in present.items() if key not in wanted]
    ).delete()
    permission = _act_in_unit()
    UnitGroupGrant.objects.bulk_create(
        UnitGroupGrant(group_id=group, content_object_id=unit, permission=permission)
        for group, unit in sorted(wanted - set(present))
    )


def role_place_open(*, role: Role, unit: Unit) -> RolePlace:
    """The role has its group in this unit, with grants on the unit and all below it."""
    found = RolePlace.objects.filter(role=role, unit=unit).first()
    if found:
        return found
    _one_at_a_time(unit.site_id)
    group, _created = Group.objects.get_or_create(name=f"{role.code}@{unit.public_id}")
    place, created = RolePlace.objects.get_or_create(
        role=role, unit=unit, defaults={"group": group}
    )
    if created:
        permission = _act_in_unit()
        UnitGroupGrant.objects.bulk_create(
            [
                UnitGroupGrant(group=group, content_object_id=pk, permission=permission)
                for pk in sorted(_below(unit.site_id)[unit.pk])
            ],
            ignore_conflicts=True,
        )
    return place
