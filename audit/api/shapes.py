"""How the API shows the trail: every field is named here, nothing else leaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from audit.selectors import history, names

if TYPE_CHECKING:
    from audit.models import AuditEvent, VerifyRun
    from audit.services import Head, Witness

_PLAIN = (
    *("public_id", "occurred_at", "recorded_at", "act", "action", "outcome", "actor_name"),
    *("role", "unit_name", "patient", "subject_type", "subject", "reason", "before", "after"),
    *("query", "recipient", "purpose", "door", "source", "address", "session", "request_id"),
)
People = Mapping[int, names.Person]


def event_json(event: AuditEvent, people: People) -> dict[str, Any]:
    """Return a row of the trail."""
    found = {name: getattr(event, name) for name in _PLAIN}
    return found | {"actor": _public(people, event.actor)}


def seal_json(seal: Witness) -> dict[str, Any]:
    """Return the seal of a row."""
    return {"standing": seal.standing, "number": seal.number, "sealed_at": seal.sealed_at}


def _public(people: People, number: int | None) -> UUID | None:
    person = people.get(number or 0)
    return person.public_id if person else None


def people_of(events: Iterable[AuditEvent]) -> dict[int, names.Person]:
    """Return the people behind the rows."""
    return names.people(event.actor for event in events)


def change_json(version: history.Version, people: People) -> dict[str, Any]:
    """Return a version of a row of the configuration."""
    said = version.context
    number = said.get("user")
    return {
        "kind": version.kind,
        "row": version.row_id,
        "name": next(
            (str(version.row[name]) for name in names.NAMING if version.row.get(name)), ""
        ),
        "change": version.label,
        "changed_at": version.at,
        "by": _public(people, number if isinstance(number, int) else None),
        "by_name": said.get("name", ""),
        "before": version.before,
        "after": version.after,
        "reason": version.reason,
        "door": said.get("door", ""),
        "source": said.get("source", ""),
        "address": said.get("address", ""),
        "request_id": said.get("request", ""),
    }


def chain_json(head: Head) -> dict[str, Any]:
    """Return the newest seal of a table."""
    return {
        "chain": head.chain,
        "number": head.number,
        "head": head.head,
        "sealed_at": head.sealed_at,
    }


def run_json(run: VerifyRun, problems: list[str]) -> dict[str, Any]:
    """Return a check."""
    return {
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "result": run.result,
        "rows": run.rows,
        "seals": run.seals,
        "unsealed": run.unsealed,
        "problem_count": run.problem_count,
        "problems": problems,
    }
