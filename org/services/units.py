"""Sites and the tree of units."""

import zoneinfo
from collections.abc import Mapping
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.services import Action, changes, record
from core.errors import Invalid, ServiceError, VersionConflict
from core.events import publish
from org.events import UnitCreated
from org.models import Assignment, Site, Unit
from org.services.grants import unit_grants_add, unit_grants_rebuild
from org.states import UnitKind

_FIELDS = ("name", "code", "kind", "beds", "parent_id")


class CodeTaken(ServiceError):
    """Another unit of the site has this code."""

    code = "code_taken"
    message = _("Another unit of this site already has this code.")


class UnitInUse(ServiceError):
    """People are still assigned to the unit, or units below it are open."""

    code = "unit_in_use"
    message = _("People are assigned to this unit, or units below it are open. End those first.")


@transaction.atomic
def site_create(*, code: str, name: str, time_zone: str, by: int | None, at: datetime) -> Unit:
    """A site exists, with its root unit, which is returned. Raises Invalid for a bad time zone."""
    if time_zone not in zoneinfo.available_timezones():
        raise Invalid(_("This time zone is not known."), field="time_zone")
    if Site.objects.filter(code=code).exists():
        raise CodeTaken(field="code")
    site = Site.objects.create(code=code, name=name, time_zone=time_zone)
    record("site_create", action=Action.CREATE, at=at, by=by, subject=site, after={"name": name})
    return _unit_insert(
        site=site, parent=None, code=code, name=name, kind=UnitKind.HOSPITAL, beds=0, by=by, at=at
    )


@transaction.atomic
def unit_create(
    *, parent: Unit, code: str, name: str, kind: str, beds: int = 0, by: int | None, at: datetime
) -> Unit:
    """A unit exists below `parent`, reachable for whoever works there or above.

    Raises CodeTaken, Invalid.
    """
    if kind == UnitKind.HOSPITAL or kind not in UnitKind.values:
        raise Invalid(_("Choose what kind of unit this is."), field="kind")
    site = _site_locked(parent.site_id)
    if not _is_open(parent.pk):
        raise Invalid(_("The unit above is closed."), field="parent")
    return _unit_insert(
        site=site, parent=parent, code=code, name=name, kind=kind, beds=beds, by=by, at=at
    )


def _unit_insert(
    *,
    site: Site,
    parent: Unit | None,
    code: str,
    name: str,
    kind: str,
    beds: int,
    by: int | None,
    at: datetime,
) -> Unit:
    try:
        with transaction.atomic():
            unit = Unit.objects.create(
                site=site, parent=parent, code=code, name=name, kind=kind, beds=beds
            )
    except IntegrityError as error:
        raise CodeTaken(field="code") from error
    unit_grants_add(unit)
    record(
        "unit_create",
        action=Action.CREATE,
        at=at,
        by=by,
        subject=unit,
        unit_id=unit.pk,
        after={name: getattr(unit, name) for name in _FIELDS},
    )
    publish(
        UnitCreated(unit_id=unit.pk, public_id=unit.public_id), at=at, order_key=f"unit:{unit.pk}"
    )
    return unit


def _site_locked(site_id: int) -> Site:
    """Nobody else changes the site's tree, or which of its units are open, until the commit."""
    return Site.objects.select_for_update(no_key=True).get(pk=site_id)


def _is_open(unit_id: int) -> bool:
    return Unit.objects.filter(pk=unit_id, is_active=True).exists()


def _locked(unit: Unit, version: int | None) -> Unit:
    _site_locked(unit.site_id)
    row = Unit.objects.select_for_update(no_key=True).get(pk=unit.pk)
    if version is not None and row.version != version:
        raise VersionConflict(current=row.version)
    return row


@transaction.atomic
def unit_update(
    unit: Unit, *, values: Mapping[str, object], version: int | None, by: int, at: datetime
) -> Unit:
    """Name, code, kind, beds or parent of the unit are as given.

    Raises VersionConflict when somebody changed it first, CodeTaken, Invalid for a cycle.
    """
    row = _locked(unit, version)
    unknown = set(values) - set(_FIELDS)
    if unknown:
        raise Invalid(field=sorted(unknown)[0])
    _kind_and_parent_checked(row, values)
    before, after = changes({name: getattr(row, name) for name in _FIELDS}, values)
    if not after:
        return row
    for name, value in after.items():
        setattr(row, name, value)
    row.version += 1
    try:
        with transaction.atomic():
            row.save(update_fields=[*after, "version"])
    except IntegrityError as error:
        raise CodeTaken(field="code") from error
    if "parent_id" in after:
        unit_grants_rebuild(site_id=row.site_id)
    record(
        "unit_update",
        action=Action.UPDATE,
        at=at,
        by=by,
        subject=row,
        unit_id=row.pk,
        before=before,
        after=after,
    )
    return row


def _kind_and_parent_checked(row: Unit, values: Mapping[str, object]) -> None:
    kind = values.get("kind", row.kind)
    if (kind == UnitKind.HOSPITAL) != (row.parent_id is None) or kind not in UnitKind.values:
        raise Invalid(_("The kind “Hospital” is for the root of a site only."), field="kind")
    parent_id = values.get("parent_id", row.parent_id)
    if parent_id == row.parent_id:
        return
    above = dict(Unit.objects.filter(site_id=row.site_id).values_list("pk", "parent_id"))
    if row.parent_id is None or parent_id not in above:
        raise Invalid(_("Choose a unit of the same site."), field="parent")
    if not _is_open(int(str(parent_id))):
        raise Invalid(_("The unit above is closed."), field="parent")
    walk: object = parent_id
    while walk is not None:
        if walk == row.pk:
            raise Invalid(_("A unit cannot be placed below itself."), field="parent")
        walk = above.get(int(str(walk)))


@transaction.atomic
def unit_close(unit: Unit, *, version: int | None, by: int, at: datetime, reason: str) -> Unit:
    """The unit takes no new work. Raises UnitInUse while people or open units hang on it."""
    row = _locked(unit, version)
    in_use = (
        Assignment.objects.filter(
            Q(period__endswith__isnull=True) | Q(period__endswith__gt=at),
            unit=row,
            cancelled_at__isnull=True,
        ).exists()
        or Unit.objects.filter(parent=row, is_active=True).exists()
    )
    if row.parent_id is None or in_use:
        raise UnitInUse()
    return _set_active(row, False, act="unit_close", by=by, at=at, reason=reason)


@transaction.atomic
def unit_reopen(unit: Unit, *, version: int | None, by: int, at: datetime, reason: str) -> Unit:
    """The closed unit is open again. Raises Invalid while the unit above is closed."""
    row = _locked(unit, version)
    if row.parent_id and not _is_open(row.parent_id):
        raise Invalid(_("The unit above is closed."))
    return _set_active(row, True, act="unit_reopen", by=by, at=at, reason=reason)


def _set_active(row: Unit, active: bool, *, act: str, by: int, at: datetime, reason: str) -> Unit:
    if row.is_active == active:
        return row
    row.is_active = active
    row.version += 1
    row.save(update_fields=["is_active", "version"])
    record(
        act,
        action=Action.UPDATE,
        at=at,
        by=by,
        subject=row,
        unit_id=row.pk,
        reason=reason,
        before={"is_active": not active},
        after={"is_active": active},
    )
    return row
