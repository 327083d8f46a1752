"""guardian's group grants: each role's group in a place reaches its unit and all units below."""

from collections import defaultdict
from collections.abc import Collection, Iterable

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
    After it a transaction waits only for the locks of the facts it publishes; the foreign keys
    checked at commit wait for nobody, because no act locks a key (docs/adr/0011).
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 42))", [f"grants:{site_id}"]
        )


_NEW_UNIT = """
    INSERT INTO org_unitgroupgrant (group_id, content_object_id, permission_id)
    WITH RECURSIVE above AS (
      SELECT id, parent_id FROM org_unit WHERE id = %(unit)s
      UNION ALL
      SELECT u.id, u.parent_id FROM org_unit u JOIN above a ON u.id = a.parent_id
    )
    SELECT rp.group_id, %(unit)s, %(permission)s
    FROM org_roleplace rp JOIN above ON above.id = rp.unit_id
    ON CONFLICT DO NOTHING
"""
_NEW_PLACES = """
    INSERT INTO org_unitgroupgrant (group_id, content_object_id, permission_id)
    WITH RECURSIVE below AS (
      SELECT group_id, unit_id FROM org_roleplace WHERE id = ANY(%(places)s)
      UNION ALL
      SELECT b.group_id, u.id FROM org_unit u JOIN below b ON u.parent_id = b.unit_id
    )
    SELECT group_id, unit_id, %(permission)s FROM below
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


Wanted = tuple[Role, Unit]
Places = dict[tuple[int, int], RolePlace]


def role_place_open(*, role: Role, unit: Unit) -> RolePlace:
    """The role has its group in this unit, with grants on the unit and all below it."""
    return role_places_open([(role, unit)])[role.pk, unit.pk]


def role_places_open(wanted: Collection[Wanted]) -> Places:
    """Each of the roles has its group in its unit; the places are returned by role and unit."""
    found = _places(wanted)
    missing = [pair for pair in wanted if _key(pair) not in found]
    if not missing:
        return found
    for site_id in sorted({unit.site_id for _role, unit in missing}):
        _one_at_a_time(site_id)
    found |= _places(missing)
    missing = [pair for pair in missing if _key(pair) not in found]
    return found | _places_made(missing) if missing else found


def _key(pair: Wanted) -> tuple[int, int]:
    return pair[0].pk, pair[1].pk


def _places(wanted: Iterable[Wanted]) -> Places:
    keys = {_key(pair) for pair in wanted}
    rows = RolePlace.objects.filter(
        role__in={role for role, _unit in keys}, unit__in={unit for _role, unit in keys}
    )
    return {(row.role_id, row.unit_id): row for row in rows}


def _places_made(missing: Collection[Wanted]) -> Places:
    pairs = {_key(pair): pair for pair in missing}
    groups = Group.objects.bulk_create(
        Group(name=f"{role.code}@{unit.public_id}") for role, unit in pairs.values()
    )
    places = RolePlace.objects.bulk_create(
        RolePlace(role=role, unit=unit, group=group)
        for (role, unit), group in zip(pairs.values(), groups, strict=True)
    )
    opened, permission = [place.pk for place in places], _act_in_unit().pk
    with connection.cursor() as cursor:
        cursor.execute(_NEW_PLACES, {"places": opened, "permission": permission})
    return dict(zip(pairs, places, strict=True))
