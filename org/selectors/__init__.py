"""Questions about people and places."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from org import levels, rules
from org.models import (
    ActivationEvent,
    ApiClient,
    Assignment,
    Holiday,
    Installation,
    LoginSession,
    ModuleActivation,
    Practitioner,
    RecoveryCode,
    Role,
    Site,
    Unit,
    UnitGroupGrant,
    User,
)
from org.permissions import (
    Grants,
    Perm,
    assignments_visible_to,
    lasting,
    logins_out_of_reach,
    people_visible_to,
    sites_visible_to,
    units_visible_to,
)
from org.selectors.clients import (
    SYSTEMS as SYSTEMS,
)
from org.selectors.clients import (
    Living as Living,
)
from org.selectors.clients import (
    MyApp as MyApp,
)
from org.selectors.clients import (
    Token as Token,
)
from org.selectors.clients import (
    apps_of as apps_of,
)
from org.selectors.clients import (
    client_get as client_get,
)
from org.selectors.clients import (
    client_list as client_list,
)
from org.selectors.clients import (
    client_living as client_living,
)
from org.selectors.clients import (
    client_open as client_open,
)
from org.selectors.clients import (
    token_behind as token_behind,
)
from org.selectors.clients import (
    token_digest as token_digest,
)
from org.states import CAN_SIGN_IN, AccountState, Level, UnitKind


def level(*, unit: int | None, module: str) -> str:
    """Return the activation level of `module` in the unit: off when nobody set one."""
    return level_row(unit=unit, module=module)[0]


def level_row(*, unit: int | None, module: str) -> tuple[str, levels.LevelRow | None]:
    """Return the level and, where one was set, since when, why and until when it drains."""
    row = levels.table().get((unit, module)) if unit is not None else None
    return (row.level, row) if row else (Level.OFF.value, None)


def installation() -> Installation | None:
    """Return the hospital's own row, or None before `manage.py setup`."""
    return Installation.objects.defer("logo").filter(pk=1).first()


def installation_logo() -> tuple[bytes, str] | None:
    """Return the logo's bytes and content type."""
    row = Installation.objects.filter(pk=1).exclude(logo=None).first()
    return (bytes(row.logo or b""), row.logo_type) if row else None


def demo_traces() -> list[str]:
    """Return what of the demo is in this database: the hospital, logins that still open doors."""
    found = []
    if Installation.objects.filter(is_demo=True).exists():
        found.append("hospital")
    if User.objects.filter(is_demo=True, state__in=CAN_SIGN_IN).exists():
        found.append("logins")
    return found


def login_named(username: str) -> User | None:
    """Return the login with exactly this user name."""
    return User.objects.filter(username=username).first()


def login_by_id(user_id: int) -> User | None:
    """Return the login with this number."""
    return User.objects.filter(pk=user_id).first()


def holders(permission: str, *, at: datetime) -> QuerySet[User]:
    """Return the people who hold the permission at `at` and can be reached by mail."""
    room, _dot, codename = permission.partition(".")
    return (
        User.objects.filter(
            state=AccountState.ACTIVE,
            assignments__period__contains=at,
            assignments__cancelled_at__isnull=True,
            assignments__role__group__permissions__codename=codename,
            assignments__role__group__permissions__content_type__app_label=room,
        )
        .exclude(email="")
        .distinct()
        .order_by("id")
    )


def first_root() -> int | None:
    """Return the root unit of the first site, where the house itself has its work; None before."""
    rows = Unit.objects.filter(parent__isnull=True).order_by("site_id")
    return rows.values_list("pk", flat=True).first()


def unit_list(
    *, grants: Grants, search: str = "", kind: str = "", state: str = ""
) -> QuerySet[Unit]:
    """Return the visible units with site and parent; `state` is active, closed or "" for all."""
    rows = units_visible_to(grants).select_related("site", "parent")
    if search:
        rows = rows.filter(Q(name__icontains=search) | Q(code__icontains=search))
    if kind:
        rows = rows.filter(kind=kind)
    if state:
        rows = rows.filter(is_active=state == "active")
    return rows


def unit_tree(*, grants: Grants, limit: int) -> list[tuple[Unit, int]] | None:
    """Return every visible unit below its parent with its depth, or None when there are too many.

    A unit whose parent is not visible stands at the top.
    """
    units = list(unit_list(grants=grants).order_by("site__name", "name", "id")[: limit + 1])
    if len(units) > limit:
        return None
    shown = {unit.pk for unit in units}
    below: dict[int | None, list[Unit]] = defaultdict(list)
    for unit in units:
        below[unit.parent_id if unit.parent_id in shown else None].append(unit)
    tree: list[tuple[Unit, int]] = []
    waiting = [(unit, 0) for unit in reversed(below[None])]
    while waiting:
        unit, depth = waiting.pop()
        tree.append((unit, depth))
        waiting += [(child, depth + 1) for child in reversed(below[unit.pk])]
    return tree


def unit_get(*, grants: Grants, public_id: UUID) -> Unit | None:
    """Return the unit, or None when it is not there or not visible."""
    return (
        units_visible_to(grants)
        .select_related("site", "parent")
        .filter(public_id=public_id)
        .first()
    )


def unit_id_of(public_id: UUID | str | None) -> int | None:
    """Return the inner number of a unit, for doors that name the unit of a record."""
    if not public_id:
        return None
    return Unit.objects.filter(public_id=public_id).values_list("pk", flat=True).first()


def is_training_unit(unit_id: int | None) -> bool:
    """Say whether the unit is for practice with invented patients (rollout-spec 3.1)."""
    if unit_id is None:
        return False
    return Unit.objects.filter(pk=unit_id, kind=UnitKind.TRAINING).exists()


def training_units(*, near: int | None) -> list[Unit]:
    """Return the open training units of the site of the unit, by name."""
    if near is None:
        return []
    site = Unit.objects.filter(pk=near).values("site_id")
    rows = Unit.objects.filter(site_id__in=site, kind=UnitKind.TRAINING, is_active=True)
    return list(rows.order_by("name", "id"))


def site_list(*, grants: Grants) -> QuerySet[Site]:
    """Return the visible sites by name, with their holidays and blackouts."""
    rows = sites_visible_to(grants).prefetch_related("holidays", "blackouts")
    return rows.order_by("name", "id")


def site_get(*, grants: Grants, public_id: UUID) -> Site | None:
    """Return the site, or None when it is not there or not visible."""
    return site_list(grants=grants).filter(public_id=public_id).first()


def site_root(site_id: int) -> Unit:
    """Return the unit at the root of the site's tree."""
    return Unit.objects.select_related("site").get(site_id=site_id, parent__isnull=True)


def site_root_id(public_id: UUID) -> int | None:
    """Return the inner number of the root unit of a site, for doors that change the site."""
    rows = Unit.objects.filter(site__public_id=public_id, parent__isnull=True)
    return rows.values_list("pk", flat=True).first()


@dataclass(frozen=True, slots=True)
class Calendar:
    """When a unit works: its own hours or its site's, its site's holidays and clock."""

    hours: rules.Hours
    is_own: bool
    holidays: frozenset[date]
    time_zone: str

    def minutes(self, start: datetime, end: datetime) -> int:
        """Return the working minutes in [start, end)."""
        return rules.business_minutes(self.hours, self.holidays, self.time_zone, start, end)


def unit_calendar(unit: Unit) -> Calendar:
    """Return when the unit works; without hours of its own and of its site, round the clock."""
    days = Holiday.objects.filter(site_id=unit.site_id).values_list("day_on", flat=True)
    return Calendar(
        hours=unit.business_hours or unit.site.business_hours,
        is_own=bool(unit.business_hours),
        holidays=frozenset(days),
        time_zone=unit.site.time_zone,
    )


def first_root_id() -> int | None:
    """Return the inner number of the root unit of the first site, None before setup."""
    rows = Unit.objects.filter(parent__isnull=True, is_active=True).order_by("site_id")
    return rows.values_list("pk", flat=True).first()


def holders_of(*, role: str, unit_id: int, at: datetime) -> set[int]:
    """Return who may sign in and has the role in the unit, or in one above it, at `at`."""
    grants = UnitGroupGrant.objects.filter(
        group=OuterRef("place__group"), content_object_id=unit_id
    )
    rows = Assignment.objects.filter(
        Exists(grants),
        role__code=role,
        period__contains=at,
        cancelled_at__isnull=True,
        user__state__in=CAN_SIGN_IN,
    )
    return set(rows.values_list("user_id", flat=True))


def role_list() -> QuerySet[Role]:
    """Return the roles by name, each with its permissions."""
    return Role.objects.select_related("group").order_by("name")


def role_permissions(role_id: int) -> frozenset[str]:
    """Return the permissions of a role as `app.codename`."""
    return permissions_of_roles({role_id})[role_id]


def permissions_of_roles(role_ids: set[int]) -> dict[int, frozenset[str]]:
    """Return the permissions of each role as `app.codename`, in one query."""
    rows = Role.objects.filter(pk__in=role_ids, group__permissions__isnull=False).values_list(
        "pk", "group__permissions__content_type__app_label", "group__permissions__codename"
    )
    found: dict[int, set[str]] = {role_id: set() for role_id in role_ids}
    for role_id, app, name in rows:
        found[role_id].add(f"{app}.{name}")
    return {role_id: frozenset(names) for role_id, names in found.items()}


def people_list(
    *, grants: Grants, search: str = "", state: str = "", unit_id: int | None = None
) -> QuerySet[User]:
    """Return the visible people; the search looks at names, user name and staff number."""
    rows = people_visible_to(grants)
    for word in search.split():
        rows = rows.filter(
            Q(family_name__icontains=word)
            | Q(given_name__icontains=word)
            | Q(username__icontains=word)
            | Q(staff_number__iexact=word)
        )
    if state:
        rows = rows.filter(state=state)
    if unit_id is not None:
        rows = rows.filter(pk__in=Assignment.objects.filter(unit_id=unit_id).values("user_id"))
    return rows


def invited_in(*, grants: Grants, unit_id: int, at: datetime, limit: int) -> list[User]:
    """Return who works in the unit, now or later, has never signed in, and may be invited.

    Left out is who also works where the asker does not manage people, and the login of a system.
    """
    works = Assignment.objects.filter(
        lasting(at), unit_id=unit_id, cancelled_at__isnull=True
    ).values("user_id")
    systems = ApiClient.objects.filter(SYSTEMS).values("application__user")
    rows = User.objects.filter(pk__in=works, state=AccountState.INVITED).exclude(pk__in=systems)
    beyond = logins_out_of_reach(grants, rows, at=at)
    found = rows.exclude(pk__in=beyond).order_by("family_name", "given_name", "pk")
    return list(found[:limit])


def mail_addresses_of_holders(permission: str, *, at: datetime) -> list[tuple[str, str]]:
    """Return address and language of everybody active who may do this somewhere."""
    room, codename = permission.split(".")
    rows = User.objects.exclude(email="").filter(
        state__in=CAN_SIGN_IN,
        assignments__period__contains=at,
        assignments__cancelled_at__isnull=True,
        assignments__role__group__permissions__codename=codename,
        assignments__role__group__permissions__content_type__app_label=room,
    )
    return list(rows.order_by("email").values_list("email", "language").distinct())


def holders_in(permission: str, *, unit_ids: Iterable[int], at: datetime) -> list[User]:
    """Return who may do this now in one of the units, by name."""
    room, codename = permission.split(".")
    reaching = UnitGroupGrant.objects.filter(
        content_object_id__in=unit_ids, permission__codename="act_in_unit"
    )
    works = Assignment.objects.filter(
        period__contains=at,
        cancelled_at__isnull=True,
        place__group__in=reaching.values("group_id"),
        role__group__permissions__codename=codename,
        role__group__permissions__content_type__app_label=room,
    )
    rows = User.objects.filter(state__in=CAN_SIGN_IN, pk__in=works.values("user_id"))
    return list(rows.order_by("family_name", "given_name", "pk"))


def away(user_ids: set[int], *, at: datetime) -> set[int]:
    """Return who of the people works nowhere now: no assignment in force, or no open login."""
    working = User.objects.filter(
        pk__in=user_ids,
        state__in=CAN_SIGN_IN,
        assignments__period__contains=at,
        assignments__cancelled_at__isnull=True,
    )
    return user_ids - set(working.values_list("pk", flat=True))


def with_assignments(rows: QuerySet[User], *, at: datetime) -> QuerySet[User]:
    """Attach to each person `current`: the assignments in force, with role and unit."""
    current = Assignment.objects.filter(
        period__contains=at, cancelled_at__isnull=True
    ).select_related("role", "unit")
    return rows.prefetch_related(Prefetch("assignments", queryset=current, to_attr="current"))


def person_get(
    *, grants: Grants, public_id: UUID, permission: str = Perm.VIEW_PEOPLE
) -> User | None:
    """Return the person, or None when they are not there or not visible."""
    return people_visible_to(grants, permission=permission).filter(public_id=public_id).first()


def practitioner_of(user_id: int) -> Practitioner | None:
    """Return what a licensed profession adds to the person."""
    return Practitioner.objects.filter(user_id=user_id).first()


def assignment_list(*, grants: Grants, user_id: int | None = None) -> QuerySet[Assignment]:
    """Return visible assignments, newest start first, with their people, roles and units."""
    rows = assignments_visible_to(grants).select_related("user", "role", "unit", "unit__site")
    return rows.filter(user_id=user_id) if user_id is not None else rows


def assignment_get(*, grants: Grants, public_id: UUID) -> Assignment | None:
    """Return the assignment, or None when it is not there or not visible."""
    return assignment_list(grants=grants).filter(public_id=public_id).first()


@dataclass(frozen=True, slots=True)
class UnitLevels:
    """One row of the activation screen."""

    unit: Unit
    levels: Mapping[str, ModuleActivation | None]


def activation_units(*, grants: Grants, search: str = "") -> QuerySet[Unit]:
    """Return the units whose levels the asker may see, with their sites."""
    return (
        Unit.objects.filter(pk__in=grants.unit_ids(Perm.VIEW_ACTIVATION))
        .filter(Q(name__icontains=search) | Q(code__icontains=search))
        .select_related("site")
    )


def levels_of(units: list[Unit], *, modules: list[str]) -> list[UnitLevels]:
    """Return the level of each module in each of the units, in one query."""
    rows = ModuleActivation.objects.filter(unit_id__in=[unit.pk for unit in units])
    found = {(row.unit_id, row.module): row for row in rows}
    return [
        UnitLevels(unit, {module: found.get((unit.pk, module)) for module in modules})
        for unit in units
    ]


def activation_get(*, unit_id: int, module: str) -> ModuleActivation | None:
    """Return the stored level of a module in a unit."""
    return ModuleActivation.objects.filter(unit_id=unit_id, module=module).first()


def activation_history(
    *, grants: Grants, unit_id: int | None = None, module: str = ""
) -> QuerySet[ActivationEvent]:
    """Return changes of levels in visible units."""
    rows = ActivationEvent.objects.filter(unit__in=grants.unit_ids(Perm.VIEW_ACTIVATION))
    if unit_id is not None:
        rows = rows.filter(unit=unit_id)
    return rows.filter(module=module) if module else rows


def names_of(user_ids: set[int]) -> dict[int, str]:
    """Return the full names of people by inner number, for pages that show who did something."""
    return {user.pk: user.full_name for user in User.objects.filter(pk__in=user_ids)}


def units_of(unit_ids: set[int]) -> list[Unit]:
    """Return units by inner number, with their sites, by name."""
    return list(Unit.objects.filter(pk__in=unit_ids).select_related("site").order_by("name", "id"))


def is_allowed_before(
    user: User, client: ApiClient, scopes: Iterable[str], *, at: datetime
) -> bool:
    """Say whether the person lets the client do all this already, by a token still alive."""
    apps = [app for app in apps_of(user, at=at) if app.public_id == client.public_id]
    return any(set(scopes) <= set(app.scopes) for app in apps)


def is_service_account(user: User) -> bool:
    """Say whether the login belongs to a system: nobody signs in with it."""
    return ApiClient.objects.filter(SYSTEMS, application__user=user).exists()


def has_factor(user_id: int) -> bool:
    """Say whether the person has a second factor: an app or a passkey."""
    return bool(factors_of(user_id))


def factors_of(user_id: int) -> list[Authenticator]:
    """Return the person's app and passkeys, oldest first."""
    rows = Authenticator.objects.filter(user_id=user_id, type__in=["totp", "webauthn"])
    return list(rows.order_by("created_at", "pk"))


def recovery_codes_left(user_id: int, *, keys: Sequence[str]) -> int:
    """Return how many recovery codes of the person were not used yet."""
    return RecoveryCode.objects.filter(user_id=user_id, key_name__in=keys, used_at=None).count()


def sessions_open(*, at: datetime) -> int:
    """Return how many people's sessions have not ended, locked ones with them."""
    return LoginSession.objects.filter(user__isnull=False, expire_date__gt=at).count()


def session_list(user: User, *, at: datetime) -> list[LoginSession]:
    """Return where the person is signed in, the latest sign of life first."""
    rows = LoginSession.objects.filter(user=user, expire_date__gt=at)
    return list(rows.order_by("-last_seen_at", "session_key"))
