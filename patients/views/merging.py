"""Doors of likely duplicates and of merges: looked through, dismissed, proposed, done, undone."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from audit.services import look
from core import clock, paging
from core.commands import CommandPage, answer, sent
from core.doors import requires
from core.errors import Invalid, NotFound
from core.html import Crumb, render
from org import gate
from patients import behind, forms, selectors, services
from patients.permissions import Perm
from patients.rules.matching import CERTAIN, REVIEW
from patients.states import MERGE_OPEN, IdentityState, MergeState, PairState
from patients.views import compared, shown
from patients.views.desk import MODULE

if TYPE_CHECKING:
    from org.permissions import Grants
    from patients.models import DuplicatePair, MergeCase, Patient

BEST, NEWEST = ("-score", "-id"), ("-id",)
PROPOSING = behind.desk(Perm.PROPOSE)
REVIEWING = behind.desk(Perm.REVIEW)


def _crumbs(*more: Crumb) -> tuple[Crumb, ...]:
    return (*behind.crumbs(), Crumb(_("Likely duplicates"), reverse("patients:duplicates")), *more)


def _level(score: float) -> str:
    return "certain" if score >= CERTAIN else "review" if score >= REVIEW else "warn"


def _reasons(pair: "DuplicatePair") -> list[str]:
    return [
        shown.reason_words(each["what"], each["how"])
        for each in pair.reasons
        if each["what"] != "household"
    ]


def _pair_row(pair: "DuplicatePair") -> dict[str, Any]:
    return {
        "pair": pair,
        "sides": [shown.banner_of(pair.one), shown.banner_of(pair.two)],
        "level": shown.level_look(_level(float(pair.score))),
        "look": compared.pair_look(pair.state),
        "reasons": _reasons(pair)[:4],
    }


@requires(Perm.PROPOSE, module=None)
def duplicates(request: HttpRequest) -> HttpResponse:
    """The pairs of records that may be of one person, the likeliest first."""
    form = forms.PairFilterForm(request.GET or {"state": PairState.OPEN})
    state = (form.cleaned_data["state"] if form.is_valid() else "") or PairState.OPEN
    rows = selectors.pair_list(grants=gate.grants(request), at=clock.now(), state=state)
    page = paging.page(rows, order=BEST, cursor=request.GET.get("cursor", ""))
    seen = [row.public_id for pair in page.items for row in (pair.one, pair.two)]
    look(patients=seen, count=len(page.items), kind="list")
    context = {
        "filter": form,
        "is_filtered": state != PairState.OPEN,
        "rows": [_pair_row(pair) for pair in page.items],
        "pages": page,
        "state": state,
        "crumbs": behind.crumbs(),
    }
    return render(request, "patients/duplicates.html", context)


def _pair(request: HttpRequest, public_id: UUID) -> "DuplicatePair":
    found = selectors.pair_get(grants=gate.grants(request), public_id=public_id, at=clock.now())
    if found is None:
        raise NotFound()
    look(subject=found, patients=[found.one.public_id, found.two.public_id])
    return found


def _comparison(request: HttpRequest, winner: "Patient", loser: "Patient") -> dict[str, Any]:
    """Both records side by side as a page shows them."""
    found = selectors.comparison(winner, loser, grants=gate.grants(request), today=clock.today())
    return {
        "fields": compared.rows_of(found),
        "counts": compared.tables_of(found.counts),
        "winner": shown.banner_of(winner),
        "loser": shown.banner_of(loser),
    }


@requires(Perm.PROPOSE, module=None)
def duplicate(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Two records that may be of one person, side by side."""
    pair = _pair(request, public_id)
    # The older record stays, unless nobody knows who that is.
    winner, loser = pair.one, pair.two
    if winner.state == IdentityState.PROVISIONAL:
        winner, loser = loser, winner
    context = _comparison(request, winner, loser) | {
        "pair": pair,
        "score": round(pair.score),
        "level": shown.level_look(_level(float(pair.score))),
        "look": compared.pair_look(pair.state),
        "reasons": _reasons(pair),
        "is_open": pair.state == PairState.OPEN,
        "may_turn": loser.state != IdentityState.PROVISIONAL,
        "crumbs": _crumbs(),
    }
    return render(request, "patients/duplicate.html", context)


@requires(Perm.PROPOSE, module=MODULE, methods=("GET", "POST"), unit=PROPOSING)
def duplicate_dismiss(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Two records are of two persons."""
    pair = _pair(request, public_id)
    here = reverse("patients:duplicate", args=[pair.public_id])
    page = CommandPage(
        title=_("These are two persons"),
        submit=_("Dismiss"),
        back=here,
        crumbs=_crumbs(Crumb(_("Two records"), here)),
        done=_("Dismissed. The pair comes back only when one of the records changes."),
        template="patients/merge_command.html",
        extra={"sides": [shown.banner_of(pair.one), shown.banner_of(pair.two)]},
    )

    def dismiss(data: dict[str, Any]) -> str:
        services.pair_dismiss(pair, **data, by=gate.person(request).pk, at=clock.now())
        return reverse("patients:duplicates")

    return answer(request, forms.DismissForm(sent(request)), page, dismiss)


# Merges ----------------------------------------------------------------------------------------


def _merge_crumbs(case: "MergeCase | None" = None) -> tuple[Crumb, ...]:
    first = Crumb(_("Merges"), reverse("patients:merges"))
    here = (Crumb(_("Merge"), _address(case)),) if case else ()
    return (*behind.crumbs(), first, *here)


def _address(case: "MergeCase") -> str:
    return reverse("patients:merge", args=[case.public_id])


@requires(Perm.PROPOSE, module=None)
def merges(request: HttpRequest) -> HttpResponse:
    """Merges that are proposed, done, taken apart or rejected; the newest first."""
    form = forms.MergeFilterForm(request.GET)
    state = form.cleaned_data["state"] if form.is_valid() else ""
    rows = selectors.case_list(
        grants=gate.grants(request), at=clock.now(), states=[state] if state else ()
    )
    page = paging.page(rows, order=NEWEST, cursor=request.GET.get("cursor", ""))
    seen = [row.public_id for case in page.items for row in (case.winner, case.loser)]
    look(patients=seen, count=len(page.items), kind="list")
    context = {
        "filter": form,
        "is_filtered": bool(state),
        "rows": [_case_row(case, me=gate.person(request).pk) for case in page.items],
        "pages": page,
        "crumbs": behind.crumbs(),
    }
    return render(request, "patients/merges.html", context)


def _case_row(case: "MergeCase", me: int) -> dict[str, Any]:
    """Who proposed it stands on the merge itself: a list of all sites names nobody of another."""
    return {
        "case": case,
        "is_own": case.proposed_by_id == me,
        "winner": shown.banner_of(case.winner),
        "loser": shown.banner_of(case.loser),
        "look": compared.merge_look(case.state),
    }


def _case(request: HttpRequest, public_id: UUID) -> "MergeCase":
    found = selectors.case_get(grants=gate.grants(request), public_id=public_id, at=clock.now())
    if found is None:
        raise NotFound()
    look(subject=found, patients=[found.winner.public_id, found.loser.public_id])
    return found


@requires(Perm.PROPOSE, module=None)
def merge(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One merge: both records side by side while it is open, afterwards what became of it."""
    case = _case(request, public_id)
    is_open, held = case.state in MERGE_OPEN, gate.grants(request)
    context: dict[str, Any] = _case_row(case, me=gate.person(request).pk)
    if is_open:
        context |= _comparison(request, case.winner, case.loser)
        context["blockers"] = selectors.against(case.winner, case.loser, at=clock.now())
    context |= {
        "is_open": is_open,
        "is_own": case.proposed_by_id == gate.person(request).pk,
        "may_review": held.has(Perm.REVIEW),
        "steps": _steps(case),
        "crumbs": _merge_crumbs(),
        **_outcome(case),
    }
    return render(request, "patients/merge.html", context)


def _steps(case: "MergeCase") -> list[tuple[str, Any, Any]]:
    """Who did what when, as it was done."""
    names = (
        ("proposed", _("Proposed")),
        ("reviewed", _("Reviewed")),
        ("executed", _("Merged")),
        ("reversed", _("Taken apart")),
        ("rejected", _("Rejected")),
    )
    found = [
        (word, getattr(case, f"{name}_at"), getattr(case, f"{name}_by")) for name, word in names
    ]
    return [each for each in found if each[1] is not None]


def _outcome(case: "MergeCase") -> dict[str, Any]:
    """What a merge, or its end, did with the rows of every kind."""
    found = case.snapshot
    return {
        "moved": compared.tables_of(found.get("moved", {})),
        "stayed": compared.tables_of(found.get("stayed", {})),
        "since": compared.tables_of(
            selectors.written_since(case)
            if case.state == MergeState.EXECUTED
            else found.get("since", {})
        ),
        "changed_since": compared.tables_of(found.get("changed_since", {})),
        "kept": found.get("kept", []),
    }


@requires(Perm.PROPOSE, module=MODULE, methods=("GET", "POST"), unit=PROPOSING)
def merge_new(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """It is proposed that another record takes the place of this one."""
    loser = behind.load(request, public_id)
    winner = _named(request, request.GET.get("into", ""))
    form = forms.MergeProposeForm(sent(request), initial={"into": winner.mrn if winner else ""})
    is_unknown = loser.state == IdentityState.PROVISIONAL
    extra: dict[str, Any] = {"banner": shown.banner_of(loser)}
    if winner is not None and winner.pk != loser.pk:
        extra |= _comparison(request, winner, loser)
    elif request.method == "GET" and not is_unknown:
        extra["matches"] = shown.matches_shown(selectors.likely(loser, at=clock.now()))
    page = CommandPage(
        title=_("This person has a record already") if is_unknown else _("Propose to merge"),
        submit=_("Propose"),
        back=behind.address(loser),
        crumbs=behind.crumbs(loser),
        done=_("Proposed. Somebody else reviews it and merges the records."),
        intro=_("The other record stays; everything of this one goes there, also its numbers."),
        template="patients/merge_new.html",
        extra=extra,
    )

    def propose(data: dict[str, Any]) -> str:
        case = services.merge_propose(
            _stays(request, data["into"]),
            loser,
            reason=data["reason"],
            by=gate.person(request).pk,
            at=clock.now(),
        )
        return _address(case)

    return answer(request, form, page, propose)


def _named(request: HttpRequest, text: str) -> "Patient | None":
    """The record that the address names, if it may be seen."""
    try:
        public_id = UUID(text)
    except ValueError:
        return None
    held = gate.grants(request)
    return selectors.patient_get(grants=held, public_id=public_id, at=clock.now())


def _stays(request: HttpRequest, text: str) -> "Patient":
    """The record whose number was typed. Raises Invalid."""
    hits = selectors.search(text, grants=gate.grants(request), today=clock.today(), at=clock.now())
    found = [hit.patient for hit in hits if hit.by == "number"]
    if len(found) != 1:
        raise Invalid(_("No record has this number. Search for the person first."), field="into")
    return found[0]


def _decision(
    request: HttpRequest,
    case: "MergeCase",
    form: Any,
    verb: Callable[..., object],
    *,
    title: str,
    submit: str,
    done: str,
    **rest: Any,
) -> HttpResponse:
    page = CommandPage(
        title=title,
        submit=submit,
        back=_address(case),
        crumbs=_merge_crumbs(case),
        done=done,
        template="patients/merge_command.html",
        extra={
            "sides": [shown.banner_of(case.winner), shown.banner_of(case.loser)],
            **rest.pop("extra", {}),
        },
        **rest,
    )

    def decide(data: dict[str, Any]) -> str:
        verb(case, **data, by=gate.person(request).pk, at=clock.now())
        return _address(case)

    return answer(request, form, page, decide)


@requires(Perm.REVIEW, module=MODULE, methods=("GET", "POST"), unit=REVIEWING)
def merge_review(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A second person says that both records are of one person."""
    case = _case(request, public_id)
    return _decision(
        request,
        case,
        forms.MergeReviewForm(sent(request), initial={"version": case.version}),
        services.merge_review,
        title=_("They are one person"),
        submit=_("Confirm"),
        done=_("Reviewed. The records can be merged now."),
        intro=_("Say so only after you have compared both records."),
    )


@requires(Perm.REVIEW, module=MODULE, methods=("GET", "POST"), unit=REVIEWING)
def merge_reject(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The records stay two."""
    case = _case(request, public_id)
    return _decision(
        request,
        case,
        forms.MergeEndForm(sent(request), initial={"version": case.version}),
        services.merge_reject,
        title=_("Do not merge"),
        submit=_("Reject"),
        done=_("Rejected. Both records stay as they are."),
    )


@requires(Perm.REVIEW, module=MODULE, methods=("GET", "POST"), unit=REVIEWING, fresh=True)
def merge_execute(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Two records become one."""
    case = _case(request, public_id)
    asked = selectors.against(case.winner, case.loser, at=clock.now())
    initial = {
        "version": case.version,
        "winner_version": case.winner.version,
        "loser_version": case.loser.version,
    }
    form = forms.MergeExecuteForm(sent(request), initial=initial)
    if not asked:
        del form.fields["are_sure"]

    def execute(case: "MergeCase", **data: Any) -> object:
        seen = data.pop("winner_version"), data.pop("loser_version")
        # Only what the page asked is answered with yes.
        sure = request.POST.getlist("asked") if data.pop("are_sure", False) else []
        return services.merge_execute(case, seen=seen, sure=sure, **data)

    return _decision(
        request,
        case,
        form,
        execute,
        title=_("Merge the records"),
        submit=_("Merge"),
        done=_("The records are one now. This can be taken apart again."),
        intro=_("Everything of the second record goes to the first. Its numbers lead there."),
        is_risky=True,
        extra={"blockers": asked},
    )


@requires(Perm.REVIEW, module=MODULE, methods=("GET", "POST"), unit=REVIEWING, fresh=True)
def merge_reverse(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A merge is taken apart."""
    case = _case(request, public_id)
    return _decision(
        request,
        case,
        forms.MergeEndForm(sent(request), initial={"version": case.version}),
        services.merge_reverse,
        title=_("Take the records apart"),
        submit=_("Take apart"),
        done=_("Both records are as before the merge."),
        intro=_("What was written since the merge stays with the first record: look at it then."),
        is_risky=True,
        extra={"since": compared.tables_of(selectors.written_since(case))},
    )


def merged_shown(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Say where the record went. Raises NotFound."""
    taken = selectors.place_taken_by(
        grants=gate.grants(request), public_id=public_id, at=clock.now()
    )
    if taken is None:
        raise NotFound()
    row, heir = taken
    look(subject=row, patients=[row.public_id, heir.public_id])
    context = {
        "gone": row,
        "banner": shown.banner_of(heir),
        "cases": selectors.cases_of(row) if gate.holds(request, Perm.PROPOSE) else [],
        "crumbs": behind.crumbs(),
    }
    return render(request, "patients/merged.html", context)


def merging_of(found: "Patient", held: "Grants") -> dict[str, Any]:
    """What a record's page says of merges: whether one is proposed, and how to propose one."""
    may_merge = held.has(Perm.PROPOSE)
    cases = selectors.cases_of(found) if may_merge else []
    return {
        "may_merge": may_merge,
        "merge_open": next((case for case in cases if case.state in MERGE_OPEN), None),
    }
