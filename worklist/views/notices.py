"""Doors of notices: the bell, the list, how one wants to be told, the phone, the delivery log."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt  # noqa: TID251  # signed by the provider

from core import clock, commands, live, paging
from core.doors import Public, SignedIn, requires
from core.errors import NotFound
from core.html import Crumb, Look, render, see_other, toast
from org import gate
from org import services as people
from org.rules import phone_plain
from worklist import selectors, services
from worklist.adapters import ready_ways, send, sms
from worklist.marks import person_mark
from worklist.notice_forms import DeliveryFilterForm, NoticeChoiceForm, PhoneCodeForm, PhoneForm
from worklist.permissions import Perm
from worklist.rules.notice_kinds import notice_kind
from worklist.rules.telling import CHOSEN, USUAL
from worklist.services.deliveries import Errand
from worklist.states import Channel, DeliveryState, Priority, SkipReason
from worklist.views.inbox import TAG_HEADER

NEWEST = ("-id",)
_TONES = {
    DeliveryState.QUEUED: ("info", "hourglass"),
    DeliveryState.SENT: ("info", "send"),
    DeliveryState.DELIVERED: ("ok", "check"),
    DeliveryState.READ: ("ok", "checks"),
    DeliveryState.FAILED: ("warn", "refresh"),
    DeliveryState.DEAD: ("crit", "circle-x"),
    DeliveryState.SKIPPED: ("mute", "circle-dashed"),
}
_SEVERITIES = {
    Priority.ROUTINE: ("mute", "info-circle"),
    Priority.URGENT: ("info", "clock"),
    Priority.ASAP: ("warn", "clock-exclamation"),
    Priority.STAT: ("crit", "alert-octagon"),
}
LOG = "worklist:deliveries"
OWN = SignedIn("what the person themselves was told, and how they want to be told")


@requires(OWN, module=None, reads="none")
def bell(request: HttpRequest) -> HttpResponse:
    """How many notices the person has not read; asked again every few seconds."""
    user_id = gate.person(request).pk
    stamp = live.stamp([person_mark(user_id)])
    tag = live.tag(
        stamp,
        user_id=user_id,
        address=request.get_full_path(),
        lock_seconds=gate.lock_times(request)[0].total_seconds(),
    )
    context = {"unread": selectors.unread_count(user_id), "tag": tag}
    response = render(request, "worklist/parts/bell.html", context)
    response[TAG_HEADER] = tag
    return response


@requires(OWN, module=None)
def notices(request: HttpRequest) -> HttpResponse:
    """What the person was told, newest first."""
    rows = selectors.notices_of(gate.person(request).pk)
    page = paging.page(rows, order=NEWEST, cursor=request.GET.get("cursor", ""))
    context = {"rows": [_row(row) for row in page.items], "pages": page}
    return render(request, "worklist/notices.html", context)


def _row(row: Any) -> dict[str, Any]:
    kind = notice_kind(row.kind)
    severity = Priority(row.severity)
    return {
        "row": row,
        "text": kind.text(row.facts),
        "icon": kind.icon,
        "look": Look(*_SEVERITIES[severity], severity.label),
    }


def _mine(request: HttpRequest, public_id: UUID) -> Any:
    found = selectors.notice_get(gate.person(request).pk, public_id)
    if found is None:
        raise NotFound()
    return found


@requires(OWN, module=None, methods=("POST",))
def notice_open(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The notice is read, and its person stands before what it is about."""
    row = services.notice_read(
        _mine(request, public_id), by=gate.person(request).pk, at=clock.now()
    )
    return see_other(request, _target(row))


def _target(row: Any) -> str:
    name = notice_kind(row.kind).url_name
    try:
        return reverse(name, args=[row.subject_id]) if name else reverse("worklist:notices")
    except NoReverseMatch:
        return reverse("worklist:my-tasks")


@requires(OWN, module=None, methods=("POST",))
def notices_read(request: HttpRequest) -> HttpResponse:
    """Everything that was told is read."""
    services.notices_read(by=gate.person(request).pk, at=clock.now())
    return see_other(request, reverse("worklist:notices"))


def _crumbs() -> tuple[Crumb, ...]:
    return (Crumb(_("Notices"), reverse("worklist:notices")),)


@requires(OWN, module=None, methods=("GET", "POST"))
def notice_choose(request: HttpRequest) -> HttpResponse:
    """By which ways the person is told of what, and when not."""
    user = gate.person(request)
    found = selectors.choice_of(user.pk)
    chosen = found.ways if found else {}
    initial: dict[str, Any] = {
        severity: list(chosen.get(severity, USUAL[severity])) for severity in CHOSEN
    }
    initial["version"] = found.version if found else 0
    if found is not None:
        initial |= {"quiet_from": found.quiet_from, "quiet_to": found.quiet_to}
    form = NoticeChoiceForm(commands.sent(request), initial=initial)
    page = commands.CommandPage(
        title=_("How you are told"),
        submit=_("Save"),
        back=reverse("worklist:notices"),
        crumbs=_crumbs(),
        done=_("Your choice was saved."),
        intro=_(
            "Every notice stands in your list. The ways below come beside it: e-mail first, then a "
            "text message when the mail could not be sent. What is immediate always comes by text "
            "message, or by e-mail where that fails; nobody can switch that off."
        ),
        template="worklist/notice_choose.html",
        extra={
            "phone": people.phone_row(user.pk),
            "sms_is_on": sms.is_on(),
            "mail": user.email,
        },
    )

    def choose(data: dict[str, Any]) -> str:
        services.notice_choose(
            user_id=user.pk,
            ways={severity: data[severity] for severity in CHOSEN},
            quiet=form.quiet(),
            version=data["version"],
            by=user.pk,
            at=clock.now(),
        )
        return reverse("worklist:notices")

    return commands.answer(request, form, page, choose)


@requires(OWN, module=None, methods=("GET", "POST"), fresh=True)
def phone_set(request: HttpRequest) -> HttpResponse:
    """A code goes to the number: only its owner can type it."""
    user = gate.person(request)
    page = commands.CommandPage(
        title=_("Your mobile phone"),
        submit=_("Send me the code"),
        back=reverse("worklist:notice-choose"),
        crumbs=_crumbs(),
        done=_("A code was sent to your phone."),
        intro=_("Only notices about your work go there, never the name of a patient."),
    )

    def enter(data: dict[str, Any]) -> str:
        if not sms.is_on():
            raise services.SmsOff(field="number")
        code = people.phone_set(user, number=data["number"], by=user.pk, at=clock.now())
        phrase = _("Your code is %(code)s. It opens nothing else") % {"code": code}
        sent = send(
            Errand(0, Channel.SMS, phone_plain(data["number"]), user.language, phrase, ("", ""))
        )
        if not sent.is_taken:
            raise services.SmsFailed(field="number")
        return reverse("worklist:phone-confirm")

    return commands.answer(request, PhoneForm(commands.sent(request)), page, enter)


@requires(OWN, module=None, methods=("GET", "POST"))
def phone_confirm(request: HttpRequest) -> HttpResponse:
    """The code that was sent is typed: the phone is the person's."""
    user = gate.person(request)
    page = commands.CommandPage(
        title=_("The code on your phone"),
        submit=_("Confirm"),
        back=reverse("worklist:notice-choose"),
        crumbs=_crumbs(),
        done=_("Your phone is confirmed."),
    )

    def confirm(data: dict[str, Any]) -> str:
        people.phone_confirm(user, code=data["code"], by=user.pk, at=clock.now())
        return reverse("worklist:notice-choose")

    return commands.answer(request, PhoneCodeForm(commands.sent(request)), page, confirm)


@requires(OWN, module=None, methods=("POST",))
def phone_remove(request: HttpRequest) -> HttpResponse:
    """Nothing goes to the phone any more."""
    user = gate.person(request)
    people.phone_remove(user, by=user.pk, at=clock.now())
    toast(request, _("Your phone was removed."))
    return see_other(request, reverse("worklist:notice-choose"))


@requires(OWN, module=None, methods=("POST",))
def notice_trial(request: HttpRequest) -> HttpResponse:
    """The person is told by all their ways that these work."""
    user, now = gate.person(request), clock.now()
    services.notice_send(
        to=[user.pk],
        kind="trial",
        severity=Priority.STAT,
        subject=None,
        at=now,
        by=user.pk,
        key=f"trial:{now:%Y-%m-%dT%H:%M}",
    )
    toast(request, _("A trial notice is on its way."))
    return see_other(request, reverse("worklist:notices"))


@csrf_exempt
@requires(Public("the provider of text messages signs its reports"), module=None, methods=("POST",))
def sms_report(request: HttpRequest) -> HttpResponse:
    """The provider says what became of a message: late, twice, in any order."""
    form = {name: request.POST[name] for name in request.POST}
    if not sms.is_signed(form, request.headers.get("X-Twilio-Signature", "")):
        return HttpResponse(status=403)
    said = sms.REPORTS.get(form.get("MessageStatus", ""))
    if said is not None:
        services.delivery_confirm(
            channel=Channel.SMS,
            provider_id=form.get("MessageSid", "")[:64],
            said=said,
            fault=f"provider_{form['ErrorCode']}"[:60] if form.get("ErrorCode") else "",
            at=clock.now(),
        )
    return HttpResponse(status=204)


@requires(Perm.VIEW_DELIVERIES, module=None)
def deliveries(request: HttpRequest) -> HttpResponse:
    """What went out of the house by which way, what did not, and whether the ways work."""
    form = DeliveryFilterForm(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    rows = selectors.deliveries(
        grants=gate.grants(request),
        state=wanted.get("state", ""),
        channel=wanted.get("channel", ""),
    )
    page = paging.page(rows, order=NEWEST, cursor=request.GET.get("cursor", ""))
    now, ready = clock.now(), ready_ways()
    context = {
        "filter": form,
        "is_filtered": any(wanted.values()),
        "rows": [_delivery(row) for row in page.items],
        "pages": page,
        "beats": [
            (beat, Channel(beat.channel).label)
            for beat in selectors.heartbeat(at=now)
            if beat.channel in ready
        ],
        "off": [way.label for way in (Channel.MAIL, Channel.SMS) if way.value not in ready],
        "may_retry": gate.grants(request).has(Perm.RETRY_DELIVERY),
    }
    return render(request, "worklist/deliveries.html", context)


def _delivery(row: Any) -> dict[str, Any]:
    state = DeliveryState(row.state)
    why = SkipReason(row.skip_reason).label if row.skip_reason else row.fault
    return {
        "row": row,
        "title": notice_kind(row.notice.kind).title,
        "look": Look(*_TONES[state], state.label),
        "why": why,
        "is_dead": state == DeliveryState.DEAD,
    }


@requires(Perm.RETRY_DELIVERY, module=None, methods=("POST",))
def delivery_retry(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A delivery that was given up is tried again."""
    row = selectors.delivery_get(grants=gate.grants(request), public_id=public_id)
    if row is None:
        raise NotFound()
    services.delivery_retry(row, by=gate.person(request).pk, at=clock.now())
    toast(request, _("The notice is on its way again."))
    return see_other(request, reverse(LOG))
