"""Doors of backups and restore drills: what there is, what is overdue, asking for one more."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from core import backups, clock, commands
from core.doors import requires
from core.errors import NotFound
from core.forms import Form
from core.html import Crumb, render
from hms.backup import desk
from org import gate
from org.permissions import Perm

GB = 1_000_000_000
ESTIMATED_GB = 50
OVERDUE: dict[str, tuple[Promise, Promise | str]] = {
    "keeper": (
        gettext_lazy("The backups' keeper is not heard of"),
        gettext_lazy(
            "Nothing is backed up while it is away. Start it (manage.py backup_keeper, or the "
            "service “keeper”); its log says why it ended."
        ),
    ),
    "full": (
        gettext_lazy("There is no good backup of the last 26 hours"),
        gettext_lazy(
            "Press “Back up now” and see below why the last one failed. Most often the disk of "
            "the backups is full or was not there."
        ),
    ),
    "wal": (
        gettext_lazy("The latest changes are not in the archive"),
        gettext_lazy(
            "More than 5 minutes of work would be lost if the database's disk broke now. See that "
            "the keeper runs and that the disk of the backups has room."
        ),
    ),
    "problem": (gettext_lazy("The backups' keeper reports a trouble"), ""),
    "drill-failed": (
        gettext_lazy("The last restore drill failed"),
        gettext_lazy(
            "Nobody knows whether the backup can be restored. Read its report below, remove the "
            "cause, and run a drill again."
        ),
    ),
    "drill": (
        gettext_lazy("The last restore drill is older than 8 days"),
        gettext_lazy(
            "Press “Run a drill now”. If it does not happen by itself each week, see that the "
            "background worker runs."
        ),
    ),
}
STEPS: dict[str, Promise] = {
    "instant": gettext_lazy("choosing an instant"),
    "log": gettext_lazy("waiting for the transaction log"),
    "live": gettext_lazy("reading the live database"),
    "unpack": gettext_lazy("opening the backup"),
    "replay": gettext_lazy("replaying the log"),
    "compare": gettext_lazy("comparing"),
    "checks": gettext_lazy("checking tables and trail"),
    "clearing": gettext_lazy("clearing up"),
}


def looks(job: backups.Job, *, is_keeper_silent: bool) -> tuple[str, str, Promise]:
    """Return tone, icon and word of a job's state; what nobody works on does not look at work."""
    if job.error:
        return "crit", "circle-x", pgettext_lazy("job", "Failed")
    if job.finished_at is not None:
        is_drill = job.kind == backups.DRILL
        word = pgettext_lazy("drill", "Passed") if is_drill else pgettext_lazy("job", "Done")
        return "ok", "circle-check", word
    if is_keeper_silent:
        return "warn", "alert-triangle", pgettext_lazy("job", "Nobody works on it")
    if job.started_at is None:
        return "info", "clock", pgettext_lazy("job", "Waiting")
    return "info", "refresh", pgettext_lazy("job", "Running")


def _row(job: backups.Job, is_keeper_silent: bool) -> dict[str, Any]:
    tone, icon, word = looks(job, is_keeper_silent=is_keeper_silent)
    return {
        "job": job,
        "tone": tone,
        "icon": icon,
        "word": word,
        "note": job.error or STEPS.get(job.step, ""),
        "took": length(job.seconds),
        "restore": length(job.report.get("restore_seconds")),
    }


def length(seconds: float | None) -> str:
    """Return a length of time in words: seconds, and minutes from two on."""
    if seconds is None:
        return ""
    if seconds < 120:
        return _("%(count)s s") % {"count": round(seconds, 1) if seconds < 10 else round(seconds)}
    return _("%(count)d min") % {"count": round(seconds / 60)}


def estimate(drill: backups.Job | None) -> str:
    """Return how long a restore of 50 GB would take at the speed of this drill."""
    if drill is None or not drill.plain_bytes or "unpack_seconds" not in drill.report:
        return ""
    rate = drill.report["unpack_seconds"] / drill.plain_bytes
    return length(rate * ESTIMATED_GB * GB + drill.report["replay_seconds"])


def _callouts(state: backups.State) -> list[dict[str, Any]]:
    found = []
    for name, (title, text) in OVERDUE.items():
        if name in state.late:
            said = state.watch.problem if name == "problem" and state.watch else text
            found.append({"title": title, "text": said})
    return found


@requires(Perm.VIEW_OPERATIONS, module=None)
def overview(request: HttpRequest) -> HttpResponse:
    """What there is, what is overdue and what to do about it."""
    now = clock.now()
    state = backups.state(at=now)
    is_silent = "keeper" in state.late
    drills = list(backups.jobs_recent(backups.DRILL))
    context = {
        "crumbs": _crumbs(below=False),
        "state": state,
        "callouts": _callouts(state),
        "is_well": not state.late,
        "fulls": [_row(job, is_silent) for job in backups.jobs_recent(backups.FULL)],
        "drills": [_row(job, is_silent) for job in drills],
        "estimate": estimate(next((job for job in drills if job.is_good), None)),
        "restore": length(state.last_drill.report.get("restore_seconds"))
        if state.last_drill
        else "",
        "may_run": gate.grants(request).has(Perm.RUN_DRILL),
    }
    return render(request, "hms/backups.html", context)


@requires(Perm.VIEW_OPERATIONS, module=None)
def report(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What one drill found, table by table."""
    job = backups.job_get(public_id)
    if job is None or job.kind != backups.DRILL:
        raise NotFound()
    told = job.report
    at = {name: datetime.fromisoformat(told[name]) for name in AT if told.get(name)}
    state = backups.state(at=clock.now())
    context = {
        "crumbs": _crumbs(below=True),
        "row": _row(job, "keeper" in state.late),
        "report": told,
        "at": at,
        "times": [(word, length(told[name])) for name, word in TIMES.items() if name in told],
        "tables": sorted(told.get("tables", {}).items()),
        "differing": {each["name"] for each in told.get("differences", [])},
    }
    return render(request, "hms/backup_drill.html", context)


AT = ("backup_at", "target_at")
TIMES: dict[str, Promise] = {
    "wait_seconds": gettext_lazy("Waited for the log"),
    "live_seconds": gettext_lazy("Read the live database"),
    "unpack_seconds": gettext_lazy("Opened and checked the backup"),
    "replay_seconds": gettext_lazy("Replayed the log"),
    "compare_seconds": gettext_lazy("Read the restored database"),
}


def _crumbs(*, below: bool) -> tuple[Crumb, ...]:
    operations = Crumb(_("Operations"), reverse("operations"))
    return (operations, Crumb(_("Backups"), reverse("backups")))[: 2 if below else 1]


def _page(title: str, submit: str, done: str, intro: str) -> commands.CommandPage:
    return commands.CommandPage(
        title=title,
        submit=submit,
        back=reverse("backups"),
        crumbs=_crumbs(below=True),
        done=done,
        intro=intro,
    )


def _asked(request: HttpRequest, kind: str, page: commands.CommandPage) -> HttpResponse:
    def command(_cleaned: dict[str, Any]) -> str:
        desk.ask(kind, at=clock.now(), by=gate.person(request).pk)
        return reverse("backups")

    return commands.answer(request, Form(commands.sent(request)), page, command)


@requires(Perm.RUN_DRILL, module=None, methods=("GET", "POST"), fresh=True)
def full_ask(request: HttpRequest) -> HttpResponse:
    """A full backup waits for the keeper."""
    page = _page(
        _("Back up now"),
        _("Back up now"),
        _("Asked for. The keeper begins within seconds."),
        _("A full backup is taken beside the work of everybody; nothing stops meanwhile."),
    )
    return _asked(request, backups.FULL, page)


@requires(Perm.RUN_DRILL, module=None, methods=("GET", "POST"), fresh=True)
def drill_ask(request: HttpRequest) -> HttpResponse:
    """A restore drill waits for the keeper."""
    state = backups.state(at=clock.now())
    size = filesizeformat(state.last_full.plain_bytes) if state.last_full else "?"
    page = _page(
        _("Run a drill now"),
        _("Run a drill now"),
        _("Asked for. The keeper begins within seconds; the report stands here when it is done."),
        _(
            "The newest backup is restored beside the live database, as it is at this moment, and "
            "the two are compared. It needs %(size)s of room where the keeper works, and reads "
            "every table once; nobody has to stop working."
        )
        % {"size": size},
    )
    return _asked(request, backups.DRILL, page)
