"""How the API shows people and places: every field is named here, nothing else leaves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from org.permissions import Grants, Perm
from org.states import Level

if TYPE_CHECKING:
    from org.models import (
        Absence,
        ActivationEvent,
        ApiClient,
        Assignment,
        LoginSession,
        ModuleActivation,
        Role,
        RosterEntry,
        Shift,
        Site,
        Unit,
        User,
    )
    from org.selectors import MyApp
    from org.selectors.roster import Standing


def site_json(site: Site) -> dict[str, Any]:
    """Return a site."""
    return {
        "public_id": site.public_id,
        "code": site.code,
        "name": site.name,
        "time_zone": site.time_zone,
        "week_start": site.week_start,
        "business_hours": site.business_hours,
        "holidays": [{"day_on": item.day_on, "name": item.name} for item in site.holidays.all()],
        "blackouts": [
            {
                "starts_on": item.period.lower,
                "ends_on": item.period.upper - timedelta(days=1),
                "reason": item.reason,
            }
            for item in site.blackouts.all()
        ],
        "is_active": site.is_active,
        "version": site.version,
    }


def unit_json(unit: Unit) -> dict[str, Any]:
    """Return a unit."""
    return {
        "public_id": unit.public_id,
        "site": unit.site.public_id,
        "parent": unit.parent.public_id if unit.parent else None,
        "code": unit.code,
        "name": unit.name,
        "kind": unit.kind,
        "beds": unit.beds,
        "business_hours": unit.business_hours,
        "is_active": unit.is_active,
        "version": unit.version,
    }


def place_json(unit: Unit) -> dict[str, Any]:
    """Return a unit as others refer to it."""
    return {"public_id": unit.public_id, "name": unit.name}


def person_json(person: User) -> dict[str, Any]:
    """Return a person."""
    return {
        "public_id": person.public_id,
        "username": person.username,
        "name": person.full_name,
        "family_name": person.family_name,
        "given_name": person.given_name,
        "title": person.title,
        "email": person.email,
        "staff_number": person.staff_number,
        "language": person.language,
        "state": person.state,
        "version": person.version,
    }


def person_row_json(person: Any, grants: Grants) -> dict[str, Any]:
    """Return a person with the assignments in force that the caller may know of."""
    seen = grants.unit_ids(Perm.VIEW_PEOPLE)
    current = [row for row in person.current if row.unit_id in seen]
    return person_json(person) | {
        "assignments": [
            {"public_id": row.public_id, "role": row.role.code, "unit": place_json(row.unit)}
            for row in current
        ]
    }


def role_json(role: Role) -> dict[str, Any]:
    """Return a role with what it permits."""
    permissions = role.group.permissions.all()
    return {
        "code": role.code,
        "name": role.name,
        "permissions": sorted(f"{p.content_type.app_label}.{p.codename}" for p in permissions),
    }


def assignment_json(row: Assignment) -> dict[str, Any]:
    """Return who works where as what, from when until when."""
    return {
        "public_id": row.public_id,
        "person": {"public_id": row.user.public_id, "name": row.user.full_name},
        "role": row.role.code,
        "unit": place_json(row.unit),
        "starts_at": row.period.lower,
        "ends_at": row.period.upper,
        "cancelled_at": row.cancelled_at,
        "shift_group": row.shift_group,
        "reason": row.reason,
        "version": row.version,
    }


def level_json(unit: Unit, module: str, row: ModuleActivation | None) -> dict[str, Any]:
    """Return the level of a module in a unit; version 0 when nobody ever set one."""
    return {
        "unit": place_json(unit),
        "module": module,
        "level": row.level if row else Level.OFF.value,
        "since": row.since if row else None,
        "reason": row.reason if row else "",
        "drain_until": row.drain_until if row else None,
        "version": row.version if row else 0,
    }


def unit_levels_json(unit: Unit, found: Mapping[str, ModuleActivation | None]) -> dict[str, Any]:
    """Return one unit with the level of every module."""
    levels = []
    for module, row in found.items():
        level = level_json(unit, module, row)
        del level["unit"]
        levels.append(level)
    return {"unit": place_json(unit), "site": unit.site.public_id, "levels": levels}


def change_json(
    event: ActivationEvent, units: Mapping[int, Unit], names: Mapping[int, str]
) -> dict[str, Any]:
    """Return one change of a level; `by` is empty when the system did it."""
    return {
        "unit": place_json(units[event.unit]),
        "module": event.module,
        "from_level": event.from_level,
        "to_level": event.to_level,
        "reason": event.reason,
        "occurred_at": event.occurred_at,
        "by": names.get(event.by_user, "") if event.by_user else "",
    }


def me_json(person: User, grants: Grants, units: Mapping[int, Unit]) -> dict[str, Any]:
    """Return whom the system takes the caller for, and what they may do where."""
    return {
        "public_id": person.public_id,
        "username": person.username,
        "name": person.full_name,
        "language": person.language,
        "roles": [
            {
                "role": item.role,
                "unit": place_json(units[item.unit_id]),
                "permissions": sorted(item.permissions),
            }
            for item in grants.held
        ],
    }


def session_json(row: LoginSession, here: str | None) -> dict[str, Any]:
    """Return a session of the caller's own."""
    return {
        "public_id": row.public_id,
        "agent": row.agent,
        "address": row.address,
        "started_at": row.started_at,
        "last_seen_at": row.last_seen_at,
        "is_here": row.session_key == here,
    }


def client_json(client: ApiClient) -> dict[str, Any]:
    """Return an API client, without its secret."""
    application = client.application
    user = application.user
    return {
        "public_id": client.public_id,
        "client_id": application.client_id,
        "name": application.name,
        "kind": client.kind,
        "purpose": client.purpose,
        "contact": client.contact,
        "scopes": client.scopes,
        "addresses": application.redirect_uris.split(),
        "login": {"public_id": user.public_id, "username": user.username} if user else None,
        "last_used_at": client.last_used_at,
        "closed_at": client.closed_at,
        "close_reason": client.close_reason,
        "version": client.version,
    }


def app_json(app: MyApp) -> dict[str, Any]:
    """Return an app that may act for the person."""
    return {
        "public_id": app.public_id,
        "name": app.name,
        "purpose": app.purpose,
        "scopes": list(app.scopes),
        "since": app.since,
        "last_used_at": app.last_used_at,
    }


def shift_json(shift: Shift) -> dict[str, Any]:
    """Return a shift of a site."""
    return {
        "public_id": shift.public_id,
        "site": shift.site.public_id,
        "code": shift.code,
        "name": shift.name,
        "from_time": f"{shift.from_time:%H:%M}",
        "to_time": f"{shift.to_time:%H:%M}",
        "group": shift.group,
        "is_active": shift.is_active,
        "version": shift.version,
    }


def roster_json(row: RosterEntry) -> dict[str, Any]:
    """Return who stands in which shift of a unit."""
    return {
        "public_id": row.public_id,
        "unit": place_json(row.unit),
        "day_on": row.day_on,
        "shift": row.shift.code,
        "person": {"public_id": row.user.public_id, "name": row.user.full_name},
        "role": row.role.code,
        "on_call": row.on_call,
        "is_double": row.is_double,
        "starts_at": row.period.lower,
        "ends_at": row.period.upper,
        "origin": row.source,
        "removed_at": row.removed_at,
        "version": row.version,
    }


def standing_json(item: Standing) -> dict[str, Any]:
    """Return somebody who stands in a shift now."""
    return {
        "person": {"public_id": item.public_id, "name": item.name},
        "role": item.role,
        "unit": item.unit_name,
        "shift": item.shift,
        "ends_at": item.ends_at,
    }


def absence_json(row: Absence) -> dict[str, Any]:
    """Return from when until when somebody is away."""
    return {
        "public_id": row.public_id,
        "person": {"public_id": row.user.public_id, "name": row.user.full_name},
        "kind": row.kind,
        "starts_at": row.period.lower,
        "ends_at": row.period.upper,
        "cancelled_at": row.cancelled_at,
        "version": row.version,
    }
