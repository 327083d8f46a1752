"""Rows of the trail as FHIR R4 AuditEvent, in the codes of IHE's Basic Audit Log Patterns (BALP).

A row claims a profile of BALP only when it has everything that the profile asks for.
"""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.conf import settings

from audit.exports.tables import moment
from audit.services import Outcome

if TYPE_CHECKING:
    from audit.models import AuditEvent

Json = dict[str, Any]
_TERMS = "http://terminology.hl7.org/CodeSystem"
DCM = "http://dicom.nema.org/resources/ontology/DCM"
REST = f"{_TERMS}/audit-event-type"
INTERACTION = "http://hl7.org/fhir/restful-interaction"
LIFECYCLE = f"{_TERMS}/iso-21089-lifecycle"
PARTICIPATION = f"{_TERMS}/v3-ParticipationType"
ENTITY = f"{_TERMS}/audit-entity-type"
OBJECT_ROLE = f"{_TERMS}/object-role"
BALP = "https://profiles.ihe.net/ITI/BALP"
OURS = "urn:hms"
SOURCE_ROLE, DESTINATION_ROLE = ("110153", "Source Role ID"), ("110152", "Destination Role ID")
INTERACTIONS = {"C": "create", "R": "read", "U": "update", "D": "delete", "E": "operation"}
PROFILES = {"C": "Create", "R": "Read", "U": "Update", "D": "Delete"}
SIGNING = {"sign_in": ("110122", "Login"), "sign_out": ("110123", "Logout")}
DISCLOSURE = "disclosure"


def fhir_lines(rows: Iterable["AuditEvent"]) -> Iterator[str]:
    """Yield each row as an AuditEvent on a line of its own (NDJSON of FHIR)."""
    for row in rows:
        yield json.dumps(resource(row), ensure_ascii=False, separators=(",", ":")) + "\n"


def resource(row: "AuditEvent") -> Json:
    """Return the row as a FHIR R4 AuditEvent."""
    kind, subtypes = _types(row)
    found: Json = {
        "resourceType": "AuditEvent",
        "id": str(row.public_id),
        "type": kind,
        "subtype": subtypes,
        "action": "R" if row.act == DISCLOSURE else _action(row),
        "period": {"start": moment(row.occurred_at), "end": moment(row.occurred_at)},
        "recorded": moment(row.recorded_at),
        "outcome": row.outcome,
        "agent": _agents(row),
        "source": _source(row),
    }
    if row.reason:
        found["outcomeDesc"] = row.reason
    if row.purpose:
        found["purposeOfEvent"] = [{"text": row.purpose}]
    if entities := _entities(row):
        found["entity"] = entities
    if profile := _profile(row):
        address = f"{BALP}/StructureDefinition/IHE.BasicAudit.{profile}"
        found["meta"] = {"profile": [address]}
    return found


def _coding(system: str, code: str, display: str = "") -> Json:
    return {"system": system, "code": code, **({"display": display} if display else {})}


def _concept(system: str, code: str, display: str = "") -> Json:
    return {"coding": [_coding(system, code, display)]}


def _is_search(row: "AuditEvent") -> bool:
    return row.act in {"search", "list"} and bool(row.query)


def _action(row: "AuditEvent") -> str:
    """A list that was asked for is a query, and BALP calls those executed."""
    return "E" if _is_search(row) else row.action


def _types(row: "AuditEvent") -> tuple[Json, list[Json]]:
    own = _coding(f"{OURS}:act", row.act)
    if row.act in SIGNING:
        return _coding(DCM, "110114", "User Authentication"), [_coding(DCM, *SIGNING[row.act]), own]
    if row.act in {DISCLOSURE, "export"}:
        subtypes = [own]
        if row.act == DISCLOSURE:
            subtypes.insert(0, _coding(LIFECYCLE, "disclose", "Disclose Record Lifecycle Event"))
        return _coding(DCM, "110106", "Export"), subtypes
    word = "search" if _is_search(row) else INTERACTIONS[row.action]
    return _coding(REST, "rest", "Restful Operation"), [_coding(INTERACTION, word, word), own]


def _agents(row: "AuditEvent") -> list[Json]:
    reads = row.action == "R" and not _is_search(row)
    client, server = (DESTINATION_ROLE, SOURCE_ROLE) if reads else (SOURCE_ROLE, DESTINATION_ROLE)
    found = [_user(row)]
    if row.recipient:
        found.append(
            {
                "type": _concept(DCM, *DESTINATION_ROLE),
                "who": {"display": row.recipient},
                "requestor": False,
            }
        )
        server = SOURCE_ROLE
    elif row.address:
        found.append(
            {
                "type": _concept(DCM, *client),
                "who": _who(f"{OURS}:session", row.session or row.source),
                "requestor": False,
                "network": {"address": row.address, "type": "2"},
            }
        )
    found.append(
        {
            "type": _concept(DCM, *server),
            "who": {"display": settings.SITE_URL},
            "requestor": False,
            "network": {"address": settings.SITE_URL, "type": "5"},
        }
    )
    return found


def _user(row: "AuditEvent") -> Json:
    is_reading = row.action in {"R", "E"}
    code = ("IRCP", "information recipient") if is_reading else ("AUT", "author (originator)")
    name = row.actor_name or ("nobody" if row.actor is None else "")
    found: Json = {"type": _concept(PARTICIPATION, *code), "requestor": True}
    if row.actor is not None:
        found["who"] = _who(f"{OURS}:user", str(row.actor), name)
    else:
        found["who"] = {"display": name}
    if name:
        found["name"] = name
    if row.role:
        found["role"] = [{"text": role} for role in row.role.split(", ")]
    return found


def _who(system: str, value: str, display: str = "") -> Json:
    named: Json = {"identifier": {"system": system, "value": value}}
    return named | ({"display": display} if display else {})


def _source(row: "AuditEvent") -> Json:
    found: Json = {
        "observer": {"display": settings.SITE_URL},
        "type": [_coding(f"{_TERMS}/security-source-type", "4", "Application Server")],
    }
    return found | ({"site": row.unit_name} if row.unit_name else {})


def _entities(row: "AuditEvent") -> list[Json]:
    found: list[Json] = []
    if row.request_id:
        found.append(
            {
                "type": _coding(f"{BALP}/CodeSystem/BasicAuditEntityType", "XrequestId"),
                "what": {"identifier": {"value": row.request_id}},
            }
        )
    if row.patient:
        found.append(
            {
                "type": _coding(ENTITY, "1", "Person"),
                "role": _coding(OBJECT_ROLE, "1", "Patient"),
                "what": {"reference": f"Patient/{row.patient}"},
            }
        )
    if row.query:
        found.append(
            {
                "type": _coding(ENTITY, "2", "System Object"),
                "role": _coding(OBJECT_ROLE, "24", "Query"),
                "query": _query(row.query),
            }
        )
    if data := _data(row):
        found.append(data)
    return found


def _query(query: Mapping[str, Any]) -> str:
    """Return what was asked as base64, as BALP keeps the raw search."""
    said = dict(query)
    terms = said.pop("terms", None)
    pairs = {**terms, **said} if isinstance(terms, dict) else dict(query)
    return base64.b64encode(urlencode(pairs).encode() or b"-").decode()


def _data(row: "AuditEvent") -> Json:
    details = [
        {"type": f"{side}.{name}", "valueString": json.dumps(value, ensure_ascii=False)}
        for side, values in (("before", row.before), ("after", row.after))
        for name, value in sorted((values or {}).items())
    ]
    if not row.subject_type and not details:
        return {}
    found: Json = {
        "type": _coding(ENTITY, "2", "System Object"),
        "role": _coding(OBJECT_ROLE, "4", "Domain Resource"),
    }
    if row.subject_type:
        found["what"] = _who(f"{OURS}:{row.subject_type}", row.subject or "*")
    return found | ({"detail": details} if details else {})


def _profile(row: "AuditEvent") -> str:
    """Return the profile of BALP that the row fulfils, "" when it is not sure."""
    whole = row.outcome == Outcome.SUCCESS and row.address and row.actor is not None
    if not whole or row.recipient or row.act in {*SIGNING, "export"}:
        return ""
    who = "Patient" if row.patient else ""
    if _is_search(row):
        # BALP has room for one entity of this type: here it is the query.
        return "" if row.subject_type else f"{who}Query"
    if row.action not in PROFILES or not row.subject_type or row.query:
        return ""
    return f"{who}{PROFILES[row.action]}"
