"""Which fact reaches which handler: a change of the table is a change of this list."""

import dataclasses

from audit import events as audit_events
from core import backups
from hms.subscriptions import TABLE, handlers_of
from org import events as org_events
from patients import events as patients_events
from worklist import events as worklist_events

ROOMS = {
    "org": org_events,
    "audit": audit_events,
    "core": backups,
    "patients": patients_events,
    "worklist": worklist_events,
}
READERS = {
    "audit.TrailBroken": ["org.arrival_note", "org.trail_alarm"],
    "audit.VerifyAsked": ["audit.verify_start"],
    "org.AlarmDue": ["org.trail_alarm_mail"],
    "core.BackupFailed": ["hms.backup_failure_mail"],
    "org.UnitCreated": ["org.arrival_note"],
    "org.AssignmentChanged": ["org.arrival_note"],
    "org.AccountNoticed": ["org.account_notice_mail"],
    "org.AccountKeyAsked": ["org.account_key_mail"],
    "patients.GlassBroken": ["patients.glass_alert", "worklist.glass_review_open"],
    "patients.GlassReviewed": ["worklist.glass_review_close"],
    "patients.GlassAlertDue": ["patients.glass_alert_mail"],
    "patients.PreRegistrationInvited": ["patients.preregistration_mail"],
    "org.ActivationChanged": ["org.arrival_note"],
    "worklist.TaskEscalated": ["worklist.escalation_tell"],
    "worklist.TaskHandedOver": ["worklist.handover_tell"],
}


def test_the_table_of_subscriptions_is_the_one_reviewed() -> None:
    assert {fact: [name for name, _run in readers] for fact, readers in TABLE.items()} == READERS


def test_each_handler_is_named_after_its_room_and_function() -> None:
    for readers in TABLE.values():
        for name, run in readers:
            assert name == f"{run.__module__.split('.')[0]}.{run.__name__}"


def test_each_fact_exists_and_is_frozen() -> None:
    for name in TABLE:
        room, _, word = name.partition(".")
        fact = getattr(ROOMS[room], word)
        assert dataclasses.is_dataclass(fact)
        assert fact.__dataclass_params__.frozen


def test_a_fact_nobody_reads_has_no_handlers() -> None:
    assert handlers_of("org.Nothing") == ()
