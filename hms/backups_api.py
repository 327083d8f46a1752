"""REST API of backups and restore drills."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core import backups, clock
from core.api import PAGE_PARAMETERS, idempotent, page_of, paged
from core.doors import requires
from core.errors import NotFound
from hms.backup import desk
from org import gate
from org.permissions import Perm


class BackupJobOut(serializers.Serializer[Any]):
    """A full backup or a restore drill."""

    public_id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=backups.Kind.choices)
    asked_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    error = serializers.CharField(help_text="Why it failed; empty when it went well.")
    step = serializers.CharField(help_text="What it does just now.")
    label = serializers.CharField()  # type: ignore[assignment]
    bytes = serializers.IntegerField(help_text="As it lies there: packed and encrypted.")
    plain_bytes = serializers.IntegerField()


class DrillOut(BackupJobOut):
    """A restore drill with its report."""

    report = serializers.DictField()


class BackupJobPageOut(serializers.Serializer[Any]):
    """One page of jobs."""

    items = BackupJobOut(many=True)
    next = serializers.CharField()
    previous = serializers.CharField()


class BackupStateOut(serializers.Serializer[Any]):
    """What there is, and what is overdue."""

    overdue = serializers.ListField(
        child=serializers.CharField(),
        help_text="keeper, full, wal, drill, drill-failed, problem; empty when all is well.",
    )
    problem = serializers.CharField()
    keeper_seen_at = serializers.DateTimeField(allow_null=True)
    covered_until = serializers.DateTimeField(
        allow_null=True, help_text="Everything before this moment can be restored."
    )
    backups = serializers.IntegerField()
    backup_bytes = serializers.IntegerField()
    log_bytes = serializers.IntegerField()
    last_full = BackupJobOut(allow_null=True)
    last_drill = BackupJobOut(allow_null=True)
    restore_seconds = serializers.FloatField(allow_null=True)


NAMES = tuple(BackupJobOut().fields)


def job_json(job: backups.Job) -> dict[str, Any]:
    """Return a job."""
    return {name: getattr(job, name) for name in NAMES}


class BackupStateView(APIView):
    """The state of the backups."""

    @extend_schema(operation_id="backup_state", responses={200: BackupStateOut})
    @requires(Perm.VIEW_OPERATIONS, module=None)
    def get(self, request: Request) -> Response:
        """Return what there is and what is overdue."""
        found = backups.state(at=clock.now())
        watch, full, drill = found.watch, found.last_full, found.last_drill
        return Response(
            {
                "overdue": sorted(found.late),
                "problem": watch.problem if watch else "",
                "keeper_seen_at": watch.checked_at if watch else None,
                "covered_until": watch.covered_until if watch else None,
                "backups": watch.fulls if watch else 0,
                "backup_bytes": watch.full_bytes if watch else 0,
                "log_bytes": watch.wal_bytes if watch else 0,
                "last_full": job_json(full) if full else None,
                "last_drill": job_json(drill) if drill else None,
                "restore_seconds": drill.report.get("restore_seconds") if drill else None,
            }
        )


def _page(request: Request, kind: str) -> Response:
    page = page_of(request, backups.jobs_of(kind), order=("-asked_at", "-id"))
    return paged(page, job_json)


def _ask(request: Request, kind: str) -> Response:
    def act() -> Response:
        job = desk.ask(kind, at=clock.now(), by=gate.person(request).pk)
        return Response(job_json(job), status=202)

    return idempotent(request, act)


class FullsView(APIView):
    """Full backups."""

    @extend_schema(
        operation_id="backup_list", parameters=PAGE_PARAMETERS, responses={200: BackupJobPageOut}
    )
    @requires(Perm.VIEW_OPERATIONS, module=None)
    def get(self, request: Request) -> Response:
        """Return one page, the latest first."""
        return _page(request, backups.FULL)

    @extend_schema(operation_id="backup_ask", request=None, responses={202: BackupJobOut})
    @requires(Perm.RUN_DRILL, module=None, methods=("POST",), fresh=True)
    def post(self, request: Request) -> Response:
        """Ask for a full backup; the keeper begins within seconds."""
        return _ask(request, backups.FULL)


class DrillsView(APIView):
    """Restore drills."""

    @extend_schema(
        operation_id="drill_list", parameters=PAGE_PARAMETERS, responses={200: BackupJobPageOut}
    )
    @requires(Perm.VIEW_OPERATIONS, module=None)
    def get(self, request: Request) -> Response:
        """Return one page, the latest first."""
        return _page(request, backups.DRILL)

    @extend_schema(operation_id="drill_ask", request=None, responses={202: BackupJobOut})
    @requires(Perm.RUN_DRILL, module=None, methods=("POST",), fresh=True)
    def post(self, request: Request) -> Response:
        """Ask for a restore drill; the keeper begins within seconds."""
        return _ask(request, backups.DRILL)


class DrillView(APIView):
    """One restore drill."""

    @extend_schema(operation_id="drill", responses={200: DrillOut})
    @requires(Perm.VIEW_OPERATIONS, module=None)
    def get(self, request: Request, public_id: UUID) -> Response:
        """Return the drill with its report."""
        job = backups.job_get(public_id)
        if job is None or job.kind != backups.DRILL:
            raise NotFound()
        return Response(job_json(job) | {"report": job.report})
