"""Verbs of this room: the only writers of its tables."""

from org.services.activation import activation_set
from org.services.arrivals import arrival_record
from org.services.assignments import (
    assignment_end,
    assignment_start,
    assignments_settle,
    role_place_open,
)
from org.services.clients import (
    ClientClosed,
    Registered,
    client_close,
    client_register,
    client_secret_renew,
    client_update,
)
from org.services.installation import AlreadySetUp, Hospital, hospital_set_up
from org.services.people import (
    account_activate,
    account_leave,
    account_suspend,
    password_set,
    person_create,
    person_update,
    practitioner_save,
    preferences_set,
)
from org.services.people_file import people_file_text
from org.services.people_import import (
    ImportReport,
    Outcome,
    RowResult,
    people_import,
    people_import_in_parts,
)
from org.services.sessions import (
    lock_noted,
    sessions_end,
    sign_in_noted,
    sign_out_noted,
    unlock_noted,
)
from org.services.sites import (
    BlackoutFromTo,
    HolidayOn,
    site_open,
    site_update,
    unit_hours_set,
)
from org.services.tokens import (
    token_issue_noted,
    token_reuse_noted,
    tokens_end,
    tokens_purge,
)
from org.services.units import site_create, unit_close, unit_create, unit_reopen, unit_update

__all__ = [
    "AlreadySetUp",
    "BlackoutFromTo",
    "ClientClosed",
    "HolidayOn",
    "Hospital",
    "ImportReport",
    "Outcome",
    "Registered",
    "RowResult",
    "account_activate",
    "account_leave",
    "account_suspend",
    "activation_set",
    "arrival_record",
    "assignment_end",
    "assignment_start",
    "assignments_settle",
    "client_close",
    "client_register",
    "client_secret_renew",
    "client_update",
    "hospital_set_up",
    "lock_noted",
    "password_set",
    "people_file_text",
    "people_import",
    "people_import_in_parts",
    "person_create",
    "person_update",
    "practitioner_save",
    "preferences_set",
    "role_place_open",
    "sessions_end",
    "sign_in_noted",
    "sign_out_noted",
    "site_create",
    "site_open",
    "site_update",
    "token_issue_noted",
    "token_reuse_noted",
    "tokens_end",
    "tokens_purge",
    "unit_close",
    "unit_create",
    "unit_hours_set",
    "unit_reopen",
    "unit_update",
    "unlock_noted",
]
