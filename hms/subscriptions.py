"""The only place where a fact meets its handlers."""

from audit import handlers as audit
from core.events import Subscribed
from hms.backup import news
from org import handlers as org
from patients import handlers as patients
from worklist import handlers as worklist

TABLE: dict[str, Subscribed] = {
    "audit.TrailBroken": (
        ("org.arrival_note", org.arrival_note),
        ("org.trail_alarm", org.trail_alarm),
    ),
    "audit.VerifyAsked": (("audit.verify_start", audit.verify_start),),
    "org.AlarmDue": (("org.trail_alarm_mail", org.trail_alarm_mail),),
    "core.BackupFailed": (("hms.backup_failure_mail", news.backup_failure_mail),),
    "org.UnitCreated": (("org.arrival_note", org.arrival_note),),
    "org.AssignmentChanged": (("org.arrival_note", org.arrival_note),),
    "org.AccountNoticed": (("org.account_notice_mail", org.account_notice_mail),),
    "org.AccountKeyAsked": (("org.account_key_mail", org.account_key_mail),),
    "patients.GlassBroken": (
        ("patients.glass_alert", patients.glass_alert),
        ("worklist.glass_review_open", worklist.glass_review_open),
    ),
    "patients.GlassReviewed": (("worklist.glass_review_close", worklist.glass_review_close),),
    "patients.GlassAlertDue": (("patients.glass_alert_mail", patients.glass_alert_mail),),
    "patients.PreRegistrationInvited": (
        ("patients.preregistration_mail", patients.preregistration_mail),
    ),
    "worklist.TaskEscalated": (("worklist.escalation_tell", worklist.escalation_tell),),
    "worklist.TaskHandedOver": (("worklist.handover_tell", worklist.handover_tell),),
    "org.ActivationChanged": (("org.arrival_note", org.arrival_note),),
}


def handlers_of(fact: str) -> Subscribed:
    """Return (name, function) of everybody who wants to know of `fact`."""
    return TABLE.get(fact, ())
