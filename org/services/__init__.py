"""Verbs of this room: the only writers of its tables."""

from org.services.account_keys import (
    KeyGone,
    key_holder,
    key_issue,
    key_send,
    key_use,
    kind_for,
    password_change,
    reset_ask,
)
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
from org.services.factors import (
    app_add,
    code_use,
    factor_remove,
    passkey_add,
    passkey_used,
    recovery_codes_make,
    seed_new,
)
from org.services.installation import AlreadySetUp, Hospital, hospital_set_up
from org.services.locks import WINDOW as LOCK_WINDOW
from org.services.locks import attempts_purge, lock_lift, locked_until, sign_in_locked
from org.services.mails import key_mail, notice_mail
from org.services.notices import notices_tell, place_note
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
    "LOCK_WINDOW",
    "AlreadySetUp",
    "BlackoutFromTo",
    "ClientClosed",
    "HolidayOn",
    "Hospital",
    "ImportReport",
    "KeyGone",
    "Outcome",
    "Registered",
    "RowResult",
    "account_activate",
    "account_leave",
    "account_suspend",
    "activation_set",
    "app_add",
    "arrival_record",
    "assignment_end",
    "assignment_start",
    "assignments_settle",
    "attempts_purge",
    "client_close",
    "client_register",
    "client_secret_renew",
    "client_update",
    "code_use",
    "factor_remove",
    "hospital_set_up",
    "key_holder",
    "key_issue",
    "key_mail",
    "key_send",
    "key_use",
    "kind_for",
    "lock_lift",
    "lock_noted",
    "locked_until",
    "notice_mail",
    "notices_tell",
    "passkey_add",
    "passkey_used",
    "password_change",
    "password_set",
    "people_file_text",
    "people_import",
    "people_import_in_parts",
    "person_create",
    "person_update",
    "place_note",
    "practitioner_save",
    "preferences_set",
    "recovery_codes_make",
    "reset_ask",
    "role_place_open",
    "seed_new",
    "sessions_end",
    "sign_in_locked",
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
