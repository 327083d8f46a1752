"""People, places, roles, who works where as what: one module a subject."""

from org.models.clients import ApiClient
from org.models.contact import StaffPhone
from org.models.people import Assignment, Practitioner, Role, RolePermission, RolePlace, User
from org.models.places import Blackout, Holiday, Installation, Site, Unit, UnitGroupGrant
from org.models.roster import Absence, RosterEntry, Shift
from org.models.sign_in import (
    AccountKey,
    AccountNotice,
    FactorTries,
    KnownPlace,
    LoginSession,
    RecoveryCode,
)
from org.models.switches import ActivationEvent, ActivationVersion, FactArrival, ModuleActivation

__all__ = [
    "Absence",
    "AccountKey",
    "AccountNotice",
    "ActivationEvent",
    "ActivationVersion",
    "ApiClient",
    "Assignment",
    "Blackout",
    "FactArrival",
    "FactorTries",
    "Holiday",
    "Installation",
    "KnownPlace",
    "LoginSession",
    "ModuleActivation",
    "Practitioner",
    "RecoveryCode",
    "Role",
    "RolePermission",
    "RolePlace",
    "RosterEntry",
    "Shift",
    "Site",
    "StaffPhone",
    "Unit",
    "UnitGroupGrant",
    "User",
]
