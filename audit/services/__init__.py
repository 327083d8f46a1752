"""Verbs of this room: the only writers of its tables."""

from audit.services.anchors import anchor, anchor_files, anchor_line, anchors_read
from audit.services.breaks import (
    Break,
    CheckUnderWay,
    acknowledgements,
    asked_since,
    break_acknowledge,
    break_open,
    texts_of,
    verify_ask,
)
from audit.services.disclosures import disclosure_record, export_noted
from audit.services.looks import Look, look, looking, looks_store
from audit.services.months import months_ahead, months_make
from audit.services.seals import Head, heads, seal, unsealed_age
from audit.services.spool import Brought, Waiting, looks_bring, looks_keep, looks_waiting
from audit.services.trail import Action, Outcome, changes, record
from audit.services.verify import (
    Problem,
    Report,
    last_run,
    sealed_with_older_keys,
    verify,
    verify_and_note,
)
from audit.services.witness import Standing, Witness, seal_of

__all__ = [
    "Action",
    "Break",
    "Brought",
    "CheckUnderWay",
    "Head",
    "Look",
    "Outcome",
    "Problem",
    "Report",
    "Standing",
    "Waiting",
    "Witness",
    "acknowledgements",
    "anchor",
    "anchor_files",
    "anchor_line",
    "anchors_read",
    "asked_since",
    "break_acknowledge",
    "break_open",
    "changes",
    "disclosure_record",
    "export_noted",
    "heads",
    "last_run",
    "look",
    "looking",
    "looks_bring",
    "looks_keep",
    "looks_store",
    "looks_waiting",
    "months_ahead",
    "months_make",
    "record",
    "seal",
    "seal_of",
    "sealed_with_older_keys",
    "texts_of",
    "unsealed_age",
    "verify",
    "verify_and_note",
    "verify_ask",
]
