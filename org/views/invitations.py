"""Doors that invite people: all of a unit at once, by mail or on paper."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import clock, commands, context
from core.documents import (
    A5,
    Callout,
    Code,
    CodeKind,
    Facts,
    Items,
    Letterhead,
    PageBreak,
    Paragraph,
    RenderedDocument,
    Report,
    as_response,
    render,
)
from core.documents.blocks import Block
from core.doors import requires
from core.errors import ServiceError
from core.html import render as page_of
from core.html import see_other, toast
from core.templatetags.formats import when_text
from org import gate, selectors, services
from org.forms import InvitationsForm
from org.permissions import Perm
from org.views import units

if TYPE_CHECKING:
    from org.services import Slip

MOST = 200


@requires(
    Perm.MANAGE_PEOPLE,
    module=None,
    methods=("GET", "POST"),
    fresh=True,
    unit=units.unit_behind,
)
def unit_invite(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Whoever works in the unit and never signed in gets a link: by mail, or on paper."""
    unit = units.load(request, public_id)
    invited = selectors.invited_in(
        grants=gate.grants(request), unit_id=unit.pk, at=clock.now(), limit=MOST + 1
    )
    people = invited[:MOST]
    form = InvitationsForm(commands.sent(request), people=people)
    if request.method == "POST" and form.is_valid():
        try:
            return _invite(request, form.cleaned_data["people"], back=units.address(unit))
        except ServiceError as error:
            commands.refuse(form, error)
    shown = {
        "unit": unit,
        "crumbs": units.crumbs(unit),
        "people": people,
        "chosen": form.chosen(),
        "has_more": len(invited) > MOST,
        "form": form,
    }
    return page_of(request, "org/unit_invite.html", shown)


def _invite(request: HttpRequest, chosen: list[int], *, back: str) -> HttpResponse:
    by, now = gate.person(request).pk, clock.now()
    if "paper" in request.POST:
        slips = services.invitations_issue(chosen, by=by, at=now)
        return as_response(paper(request, slips), "invitations.pdf", inline=False)
    sent = services.invitations_send(chosen, by=by, at=now)
    told = ngettext("%(n)s mail is on its way.", "%(n)s mails are on their way.", sent)
    left = len(chosen) - sent
    if left:
        told += " " + ngettext(
            "%(left)s person has no address: print a slip.",
            "%(left)s people have no address: print slips.",
            left,
        )
    toast(request, told % {"n": sent, "left": left})
    return see_other(request, back)


def paper(request: HttpRequest, slips: "Sequence[Slip]") -> RenderedDocument:
    """Return the slips as a PDF in the language of the hospital, one to a sheet."""
    language = context.house().language
    address = request.build_absolute_uri(reverse("org:password-choose"))
    blocks: list[Block] = []
    with translation.override(language):
        for slip in slips:
            blocks += [*([PageBreak()] if blocks else []), *_slip(slip, address)]
        slip_paper = Report(
            title=_("Your login"),
            language=language,
            letterhead=Letterhead(name=getattr(request, "house_name", "") or _("Hospital")),
            printed_at=timezone.localtime(clock.now()),
            page=A5,
            blocks=tuple(blocks),
        )
        return render(slip_paper)


def _slip(slip: "Slip", address: str) -> tuple[Block, ...]:
    link = f"{address}?key={slip.token}"
    return (
        Facts(
            pairs=(
                (_("For"), slip.user.full_name),
                (_("User name"), slip.user.username),
                (_("Opens until"), when_text(slip.expires_at)),
            ),
            columns=1,
        ),
        Items(
            texts=(
                _("Read the code with a phone, or type the address below into a browser."),
                _("Choose your password. Nobody else ever knows it."),
                _("Sign in with your user name and that password."),
            ),
            numbered=True,
        ),
        Code(value=link, symbology=CodeKind.QR, text=""),
        Paragraph(text=link),
        Callout(
            title=_("For this person only"),
            text=_("The link works once. Whoever has this paper can use it: keep it with you."),
        ),
    )
