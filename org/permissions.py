"""Who may do what where: one query per request, then plain set arithmetic.

Role says what (Django permissions of the role's group), unit says where (guardian's group grants on
`org.Unit`), Assignment says from when until when. See docs/adr/0004.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from django.db import connection
from django.db.models import Q, QuerySet

from org.models import Assignment, Site, Unit, User


class Perm(StrEnum):
    """Permissions of this room, and of the floor below it, which has no roles."""

    VIEW_UNITS = "org.view_unit"
    MANAGE_UNITS = "org.manage_units"
    MANAGE_SITES = "org.manage_sites"
    VIEW_PEOPLE = "org.view_people"
    MANAGE_PEOPLE = "org.manage_people"
    MANAGE_ASSIGNMENTS = "org.manage_assignments"
    VIEW_ROLES = "org.view_role"
    VIEW_ACTIVATION = "org.view_activation"
    SET_ACTIVATION = "org.set_activation"
    IMPORT_PEOPLE = "org.import_people"
    VIEW_CLIENTS = "org.view_clients"
    MANAGE_CLIENTS = "org.manage_clients"
    VIEW_OPERATIONS = "core.view_operations"
    SET_MODE = "core.set_mode"
    RUN_DRILL = "core.run_drill"
    END_SESSIONS = "org.end_sessions"
    VIEW_ROSTER = "org.view_roster"
    MANAGE_ROSTER = "org.manage_roster"


# Of a login without any role (SEC-A7).
IDLE_MINUTES = 15


@dataclass(frozen=True, slots=True)
class Held:
    """One assignment in force: a role, its home unit, which units it reaches, what it permits.

    `time_zone` is that of the site; `idle_minutes` is after how long a screen of the role is left;
    `unit_name` is that of the home unit.
    """

    role: str
    role_name: str
    unit_id: int
    unit_ids: frozenset[int]
    permissions: frozenset[str]
    time_zone: str
    idle_minutes: int = IDLE_MINUTES
    needs_second_factor: bool = False
    unit_name: str = ""


@dataclass(frozen=True, slots=True)
class Grants:
    """Everything a person may do at one instant."""

    user_id: int | None
    held: tuple[Held, ...]
    has_second_factor: bool = False
    # The unit that was asked about beside the rights, and its name: known without another question.
    stand: tuple[int | None, str] = (None, "")

    @property
    def needs_second_factor(self) -> bool:
        return any(item.needs_second_factor for item in self.held)

    @property
    def idle_minutes(self) -> int:
        return min((item.idle_minutes for item in self.held), default=IDLE_MINUTES)

    def has(self, permission: str, unit_id: int | None = None) -> bool:
        """Say whether the act is permitted in the unit, or anywhere when no unit is named."""
        return any(
            permission in item.permissions and (unit_id is None or unit_id in item.unit_ids)
            for item in self.held
        )

    def unit_ids(self, permission: str) -> frozenset[int]:
        """Return the units in which the act is permitted."""
        return frozenset[int]().union(
            *(item.unit_ids for item in self.held if permission in item.permissions)
        )

    def all_unit_ids(self) -> frozenset[int]:
        """Return every unit in which the person has any role."""
        return frozenset[int]().union(*(item.unit_ids for item in self.held))

    def zone_of(self, unit_id: int | None) -> str:
        """Return the time zone of the unit, "" for one in which the person has no role.

        Whatever an assignment reaches lies on the site of its home unit.
        """
        return next((item.time_zone for item in self.held if unit_id in item.unit_ids), "")

    def name_of(self, unit_id: int | None) -> str:
        """Return the name of a home unit, or of the unit asked about; "" for any other."""
        if unit_id is not None and unit_id == self.stand[0]:
            return self.stand[1]
        return next((item.unit_name for item in self.held if item.unit_id == unit_id), "")

    def roles_in(self, unit_id: int | None) -> tuple[Held, ...]:
        """Return the assignments that reach the unit."""
        return tuple(item for item in self.held if unit_id is None or unit_id in item.unit_ids)

    def within(self, permissions: frozenset[str]) -> "Grants":
        """Return the same with none but these permissions: what a token lets through."""
        held = (replace(item, permissions=item.permissions & permissions) for item in self.held)
        return replace(self, held=tuple(held))

    def covers_role(self, permissions: Iterable[str], unit_id: int) -> bool:
        """Say whether the person holds each of `permissions` in the unit themselves."""
        return all(self.has(name, unit_id) for name in permissions)


NOBODY = Grants(None, ())

# One row at least: also a login without any role may have a second factor.
_HELD = """
    SELECT f.has_factor, f.stand_name, h.* FROM (
      SELECT EXISTS(SELECT 1 FROM mfa_authenticator m
                    WHERE m.user_id = %(user)s AND m.type IN ('totp', 'webauthn')) AS has_factor,
        (SELECT stand.name FROM org_unit stand WHERE stand.id = %(stand)s) AS stand_name
    ) f LEFT JOIN (
      SELECT r.code, r.name, a.unit_id,
        ARRAY(SELECT g.content_object_id FROM org_unitgroupgrant g
              JOIN auth_permission p ON p.id = g.permission_id AND p.codename = 'act_in_unit'
              WHERE g.group_id = rp.group_id),
        ARRAY(SELECT ct.app_label || '.' || p.codename FROM auth_group_permissions gp
              JOIN auth_permission p ON p.id = gp.permission_id
              JOIN django_content_type ct ON ct.id = p.content_type_id
              WHERE gp.group_id = r.group_id),
        s.time_zone, r.idle_minutes, r.needs_second_factor, u.name AS unit_name,
        lower(a.period) AS since, a.id
      FROM org_assignment a
      JOIN org_role r ON r.id = a.role_id
      JOIN org_roleplace rp ON rp.id = a.place_id
      JOIN org_unit u ON u.id = a.unit_id
      JOIN org_site s ON s.id = u.site_id
      WHERE a.user_id = %(user)s AND a.period @> %(at)s::timestamptz AND a.cancelled_at IS NULL
    ) h ON TRUE
    ORDER BY h.since, h.id
"""


def grants_of(user: User, *, at: datetime, stand: int | None = None) -> Grants:
    """Return what `user` may do at `at`; nothing for an account that is not active.

    `stand` is a unit whose name is wanted too.
    """
    if not user.is_active:
        return NOBODY
    with connection.cursor() as cursor:
        cursor.execute(_HELD, {"user": user.pk, "at": at, "stand": stand})
        rows = cursor.fetchall()
    held = tuple(
        Held(code, name, unit, frozenset(units), frozenset(permissions), *rest)
        for _factor, _stand, code, name, unit, units, permissions, *rest, _since, _id in rows
        if code is not None
    )
    found = (stand, rows[0][1] or "")
    return Grants(user.pk, held, has_second_factor=rows[0][0], stand=found)


def reach_everywhere(grants: Grants, permission: str) -> bool:
    """Say whether the person holds the permission at the root of every site."""
    within = grants.unit_ids(permission)
    roots = Unit.objects.filter(parent__isnull=True)
    return bool(within) and not roots.exclude(pk__in=within).exists()


def units_visible_to(grants: Grants) -> QuerySet[Unit]:
    """Return the units whose administration pages the person may see."""
    return Unit.objects.filter(pk__in=grants.unit_ids(Perm.VIEW_UNITS))


def sites_visible_to(grants: Grants) -> QuerySet[Site]:
    """Return the sites in which the person may see a unit, or which they administer."""
    units = grants.unit_ids(Perm.VIEW_UNITS) | grants.unit_ids(Perm.MANAGE_SITES)
    return Site.objects.filter(pk__in=Unit.objects.filter(pk__in=units).values("site_id"))


def may_open_site(grants: Grants) -> bool:
    """Say whether the person administers sites at the root of one: then they may open another."""
    within = grants.unit_ids(Perm.MANAGE_SITES)
    return Unit.objects.filter(pk__in=within, parent__isnull=True).exists()


def people_visible_to(grants: Grants, *, permission: str = Perm.VIEW_PEOPLE) -> QuerySet[User]:
    """Return the people who have, or had, an assignment in a unit the asker administers.

    Whoever may do so at the root of a site also sees people with no assignment yet.
    """
    units = grants.unit_ids(permission)
    reach = Q(pk__in=Assignment.objects.filter(unit_id__in=units).values("user_id"))
    if Unit.objects.filter(pk__in=units, parent__isnull=True).exists():
        reach |= ~Q(pk__in=Assignment.objects.values("user_id"))
    return User.objects.filter(reach)


def assignments_visible_to(grants: Grants) -> QuerySet[Assignment]:
    """Return the assignments in units whose people the asker may see."""
    return Assignment.objects.filter(unit_id__in=grants.unit_ids(Perm.VIEW_PEOPLE))


def sites_assigned_whole(grants: Grants) -> frozenset[int]:
    """Return the sites at whose root the person assigns."""
    within = grants.unit_ids(Perm.MANAGE_ASSIGNMENTS)
    roots = Unit.objects.filter(parent__isnull=True, pk__in=within)
    return frozenset(roots.values_list("site_id", flat=True))


def may_assign(
    grants: Grants,
    *,
    permissions: Iterable[str],
    unit: Unit,
    sites: frozenset[int] | None = None,
) -> bool:
    """Say whether a role with `permissions` may be handed out in the unit.

    Whoever assigns at the root of a site hands out every role of that site; anybody else only
    roles that hold nothing beyond what they hold in the unit themselves. `sites` saves the
    question where many assignments are looked at: what `sites_assigned_whole` returned.
    """
    if not grants.has(Perm.MANAGE_ASSIGNMENTS, unit.pk):
        return False
    whole = sites_assigned_whole(grants) if sites is None else sites
    return unit.site_id in whole or grants.covers_role(permissions, unit.pk)


def may_manage_login(grants: Grants, user: User, *, at: datetime) -> bool:
    """Say whether the login may be changed, opened or closed: its person works only within reach.

    Otherwise a new password would lend the rights that its owner has elsewhere.
    """
    return not logins_out_of_reach(grants, [user.pk], at=at)


def lasting(at: datetime) -> Q:
    """Return the condition of assignments that have not ended."""
    # Not `exclude(end <= at)`: an assignment without an end has no upper bound to compare.
    return Q(period__upper_inf=True) | Q(period__endswith__gt=at)


def logins_out_of_reach(
    grants: Grants, users: "Iterable[int] | QuerySet[User]", *, at: datetime
) -> set[int]:
    """Return who of the people works, now or later, where the asker does not manage people."""
    rows = Assignment.objects.filter(lasting(at), user__in=users, cancelled_at__isnull=True)
    beyond = rows.exclude(unit_id__in=grants.unit_ids(Perm.MANAGE_PEOPLE))
    return set(beyond.values_list("user_id", flat=True))
