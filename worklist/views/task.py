"""Doors of one task: its page with the timeline, and everything that is done with it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from audit.services import look
from core import clock
from core.commands import CommandPage, answer, sent
from core.doors import requires
from core.html import render, see_other, toast
from core.retries import retried
from org import gate
from org import selectors as places
from worklist import behind, forms, selectors, services
from worklist.behind import MODULE, unit_of
from worklist.permissions import Perm, may_manage
from worklist.states import OPEN, Box, Priority, TaskState
from worklist.views import looks
from worklist.views.links import link_of

if TYPE_CHECKING:
    from worklist.models import Task
    from worklist.selectors import Shown


def _shown(request: HttpRequest, task: "Task") -> "Shown":
    held, now = gate.grants(request), clock.now()
    absent = selectors.stands_in_for(held.user_id, at=now)
    (found,) = selectors.shown([task], grants=held, absent=absent, at=now)
    if found.patient is not None:
        look(subject=task, patient=found.patient.public_id)
    return found


@requires(Perm.VIEW, module=None)
def task(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One task: what it is about, until when, who has it, and everything that happened to it."""
    row, now = behind.load(request, public_id), clock.now()
    return _page(request, row, _shown(request, row), forms.NoteForm(), now)


def _page(
    request: HttpRequest, row: "Task", found: "Shown", form: forms.NoteForm, now: Any
) -> HttpResponse:
    held = gate.grants(request)
    roles = selectors.role_names()
    is_mine = row.owner_id == held.user_id
    context = {
        "row": looks.row_of(found, at=now),
        "task": row,
        "crumbs": behind.crumbs(),
        "link": link_of(found),
        "lines": looks.lines_of(selectors.timeline(row), roles),
        "ahead": [looks.step_words(step, roles, at=now) for step in selectors.levels_ahead(row)],
        "why_handed": selectors.handed_words(row),
        "form": form,
        "must_say_seen": found.may_work and not selectors.was_seen(row, held.user_id),
        "may_take": found.may_take and not (is_mine and row.state == TaskState.CLAIMED),
        "may_finish": found.may_take,
        "may_release": found.may_take and row.owner_id is not None,
        "may_hold": found.may_take and row.priority != Priority.STAT,
        "may_wake": found.may_take and row.state == TaskState.BLOCKED,
        "may_pass": row.state in OPEN and (found.may_take or may_manage(held, row)),
        "may_void": found.may_work and row.state != TaskState.ERROR,
    }
    return render(request, "worklist/task.html", context)


def back_of(request: HttpRequest, row: "Task") -> str:
    """Return the list that the button was pressed in, or the task's page."""
    wanted = request.POST.get("next", "")
    inbox = reverse("worklist:my-tasks")
    is_ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    return wanted if is_ours and wanted.split("?")[0] == inbox else behind.address(row)


def _pressed(
    request: HttpRequest, public_id: UUID, act: Callable[..., Any], said: str
) -> HttpResponse:
    row = behind.load(request, public_id)
    retried(lambda: act(row, by=gate.person(request).pk, at=clock.now()))
    toast(request, said)
    return see_other(request, back_of(request, row))


@requires(Perm.WORK, module=MODULE, methods=("POST",), unit=unit_of, closing=True)
def task_claim(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The task is mine."""
    return _pressed(request, public_id, services.task_claim, _("You have the task."))


@requires(Perm.WORK, module=MODULE, methods=("POST",), unit=unit_of, closing=True)
def task_release(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The task is nobody's again."""
    return _pressed(request, public_id, services.task_release, _("The task is free again."))


@requires(Perm.WORK, module=MODULE, methods=("POST",), unit=unit_of, closing=True)
def task_done(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The task is done."""
    return _pressed(request, public_id, services.task_done, _("Done."))


@requires(Perm.WORK, module=MODULE, methods=("POST",), unit=unit_of, closing=True)
def task_wake(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The task is taken up again before its time."""
    return _pressed(request, public_id, services.task_wake, _("The task is back."))


@requires(Perm.WORK, module=MODULE, methods=("POST",), unit=unit_of, closing=True)
def task_seen(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The timeline says that I saw the task; the page says so by itself when it is opened."""
    row = behind.load(request, public_id)
    services.task_seen(row, by=gate.person(request).pk, at=clock.now())
    return HttpResponse(status=204)


@requires(Perm.WORK, module=MODULE, methods=("POST",), unit=unit_of, closing=True)
def task_note(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A note stands in the timeline."""
    row, form = behind.load(request, public_id), forms.NoteForm(request.POST)
    if not form.is_valid():
        return _page(request, row, _shown(request, row), form, clock.now())
    services.task_note(
        row, text=form.cleaned_data["text"], by=gate.person(request).pk, at=clock.now()
    )
    return see_other(request, behind.address(row))


def _command(request: HttpRequest, row: "Task", **rest: Any) -> CommandPage:
    return CommandPage(back=back_of(request, row), crumbs=behind.crumbs(row), **rest)


@requires(Perm.WORK, module=MODULE, methods=("GET", "POST"), unit=unit_of, closing=True)
def task_hand_over(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The task goes to a person."""
    row, now = behind.load(request, public_id), clock.now()
    form = forms.HandOverForm(sent(request), people=selectors.receivers(row, at=now))
    page = _command(
        request,
        row,
        title=_("Hand the task over"),
        submit=_("Hand over"),
        done=_("The task waits for them."),
        intro=_("They see it under “Handed to me” and take it, or give it back."),
    )

    def hand_over(data: dict[str, Any]) -> str:
        services.task_hand_over(
            row,
            to_user=data["to"],
            reason=data["reason"],
            as_manager=may_manage(gate.grants(request), row),
            by=gate.person(request).pk,
            at=clock.now(),
        )
        return behind.address(row)

    return answer(request, form, page, hand_over)


@requires(Perm.WORK, module=MODULE, methods=("GET", "POST"), unit=unit_of, closing=True)
def task_move(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The task goes to a role, or to another unit."""
    row, held = behind.load(request, public_id), gate.grants(request)
    units = places.units_of(set(held.unit_ids(Perm.VIEW)))
    here = next((str(unit.public_id) for unit in units if unit.pk == row.unit_id), "")
    form = forms.MoveForm(
        sent(request),
        units=units,
        roles=selectors.role_names(),
        initial={"unit": here, "role": row.role},
    )
    page = _command(
        request,
        row,
        title=_("Give the task to others"),
        submit=_("Move"),
        done=_("The task waits there."),
        intro=_("It is nobody's afterwards. When it is due stays as it is."),
    )

    def move(data: dict[str, Any]) -> str:
        services.task_move(
            row,
            unit_id=data["unit"],
            role=data["role"],
            reason=data["reason"],
            as_manager=may_manage(held, row),
            by=gate.person(request).pk,
            at=clock.now(),
        )
        return reverse("worklist:my-tasks")

    return answer(request, form, page, move)


@requires(Perm.WORK, module=MODULE, methods=("GET", "POST"), unit=unit_of, closing=True)
def task_hold(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The task is out of the way for a while."""
    row = behind.load(request, public_id)
    form = forms.HoldForm(sent(request))
    page = _command(
        request,
        row,
        title=_("Put the task on hold"),
        submit=_("Put on hold"),
        done=_("The task comes back by itself."),
    )

    def hold(data: dict[str, Any]) -> str:
        now = clock.now()
        services.task_hold(
            row,
            until=now + looks.minutes(data["for_minutes"]),
            reason=data["reason"],
            by=gate.person(request).pk,
            at=now,
        )
        return behind.address(row)

    return answer(request, form, page, hold)


@requires(Perm.WORK, module=MODULE, methods=("GET", "POST"), unit=unit_of, closing=True)
def task_void(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The task should never have been."""
    row = behind.load(request, public_id)
    page = _command(
        request,
        row,
        title=_("Entered in error"),
        submit=_("Mark as entered in error"),
        done=_("The task counts no longer."),
        intro=_("It stays in the record and counts nowhere. This cannot be taken back."),
        is_risky=True,
    )

    def void(data: dict[str, Any]) -> str:
        services.task_void(row, reason=data["reason"], by=gate.person(request).pk, at=clock.now())
        return behind.address(row)

    return answer(request, forms.ReasonForm(sent(request)), page, void)


@requires(Perm.WORK, module=MODULE, methods=("GET", "POST"), unit=behind.stand_of(Perm.WORK))
def task_new(request: HttpRequest) -> HttpResponse:
    """Somebody asks somebody to do something."""
    held = gate.grants(request)
    units = places.units_of(set(held.unit_ids(Perm.WORK)))
    here = next((u.public_id for u in units if u.pk == getattr(request, "unit_id", None)), "")
    initial = {"unit": str(here), "patient": request.GET.get("patient", "")[:40]}
    form = forms.TaskForm(sent(request), units=units, roles=selectors.role_names(), initial=initial)
    page = CommandPage(
        title=_("New task"),
        submit=_("Open the task"),
        back=reverse("worklist:my-tasks"),
        crumbs=behind.crumbs(),
        done=_("The task is open."),
    )

    def open_task(data: dict[str, Any]) -> str:
        made = services.task_open(
            kind=data["kind"],
            unit_id=data["unit"],
            role=data["role"],
            detail=data["detail"],
            priority=data["priority"],
            patient_id=behind.patient_named(request, data["patient"]),
            by=gate.person(request).pk,
            at=clock.now(),
        )
        box = Box.UNIT.value
        return f"{reverse('worklist:my-tasks')}?box={box}#task-{made.public_id}"

    return answer(request, form, page, open_task)
