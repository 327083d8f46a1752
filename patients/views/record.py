"""Doors of one patient's record."""

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from core import clock
from core.commands import CommandPage, answer, sent
from core.doors import requires
from core.errors import NotFound, ServiceError
from core.html import render, see_other, toast
from core.retries import retried
from org import gate
from patients import behind, forms, selectors, services
from patients.permissions import Perm, sees_private
from patients.states import IdentityState
from patients.views import shown
from patients.views.desk import MODULE, asked_codes, refused
from patients.views.editing import changed_of, edited
from patients.views.merging import merged_shown, merging_of

if TYPE_CHECKING:
    from patients.models import Patient


@requires(Perm.VIEW, module=None)
def patient(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Who somebody is, how they are reached, who cares for them."""
    try:
        found, held = behind.load(request, public_id), gate.grants(request)
    except services.PatientMerged:
        return merged_shown(request, public_id)
    record = selectors.record_of(found, grants=held, today=clock.today(), at=clock.now())
    is_one_of_us = held.has(Perm.REGISTER)
    context = {
        "banner": shown.banner_of(found),
        "tabs": shown.tabs_of(held),
        "record": record,
        "words": shown.kind_words(),
        "crumbs": behind.crumbs(),
        "may_photo": held.has(Perm.PHOTO),
        "may_change": is_one_of_us,
        "may_print": held.has(Perm.PRINT),
        "may_verify": is_one_of_us and found.state == IdentityState.REGISTERED,
        "may_record_death": held.has(Perm.DEATH),
        "may_add_child": is_one_of_us and found.sex != "male",
        "in_full": sees_private(held),
        "former": selectors.former_numbers(found),
        **merging_of(found, held),
    }
    return render(request, "patients/patient.html", context)


@requires(Perm.REGISTER, module=MODULE, methods=("GET", "POST"), unit=behind.desk(Perm.REGISTER))
def patient_edit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Who somebody is changes; of an unknown person it is found out."""
    found = behind.load(request, public_id)

    def save(data: dict[str, Any]) -> None:
        services.patient_change(
            found, **changed_of(request, data), by=gate.person(request).pk, at=clock.now()
        )

    return edited(request, found, save, form_class=forms.EditForm)


def _page(found: "Patient", title: str, submit: str, done: str, **rest: Any) -> CommandPage:
    return CommandPage(
        title=title,
        submit=submit,
        back=behind.address(found),
        crumbs=behind.crumbs(found),
        done=done,
        template="patients/command.html",
        extra={"banner": shown.banner_of(found)},
        **rest,
    )


@requires(Perm.REGISTER, module=MODULE, methods=("GET", "POST"), unit=behind.desk(Perm.REGISTER))
def patient_verify(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Somebody saw the papers that say who this is."""
    found = behind.load(request, public_id)
    form = forms.VerifyForm(sent(request), initial={"version": found.version})
    page = _page(found, _("Papers seen"), _("Confirm"), _("The identity is confirmed."))

    def verify(data: dict[str, Any]) -> str:
        services.patient_verify(found, **data, by=gate.person(request).pk, at=clock.now())
        return behind.address(found)

    return answer(request, form, page, verify)


@requires(Perm.DEATH, module=MODULE, methods=("GET", "POST"), unit=behind.desk(Perm.DEATH))
def patient_death(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Somebody has died, or a death was recorded by mistake."""
    found = behind.load(request, public_id)
    initial = {"died_on": found.died_on, "version": found.version}
    form = forms.DeathForm(sent(request), initial=initial)
    page = _page(found, _("Death"), _("Save"), _("The record was changed."), is_risky=True)

    def save(data: dict[str, Any]) -> str:
        day, time = data["died_on"], data["died_time"]
        services.death_record(
            found,
            died_on=day,
            died_at=shown.moment(day, time, found.site.time_zone) if day and time else None,
            reason=data["reason"],
            version=data["version"],
            by=gate.person(request).pk,
            at=clock.now(),
        )
        return behind.address(found)

    return answer(request, form, page, save)


@requires(Perm.REGISTER, module=MODULE, methods=("GET", "POST"), unit=behind.desk(Perm.REGISTER))
def newborn_new(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A child of this mother gets a record that is linked to hers."""
    mother = behind.load(request, public_id)
    form = forms.NewbornForm(sent(request), initial={"key": uuid4(), "born_on": clock.today()})
    context: dict[str, Any] = {
        "banner": shown.banner_of(mother),
        "form": form,
        "crumbs": behind.crumbs(mother),
        "back": behind.address(mother),
        "asked": [],
    }
    status = None
    if request.method == "POST" and form.is_valid():
        try:
            made = retried(lambda: _newborn(request, mother, form.cleaned_data))
        except ServiceError as error:
            status = refused(form, error, context)
        else:
            toast(request, _("The child has a record of its own."))
            return see_other(request, behind.address(made))
    return render(request, "patients/newborn_new.html", context, status=status)


def _newborn(request: HttpRequest, mother: "Patient", data: dict[str, Any]) -> "Patient":
    return services.newborn_register(
        mother,
        sex=data["sex"],
        born_at=shown.moment(data["born_on"], data["born_time"], mother.site.time_zone),
        birth_order=data["birth_order"],
        given=data["given"],
        unit_id=behind.desk_unit(request, Perm.REGISTER),
        sure=asked_codes(request),
        public_id=data["key"],
        by=gate.person(request).pk,
        at=clock.now(),
    )


@requires(Perm.REGISTER, module=MODULE, methods=("GET", "POST"), unit=behind.desk(Perm.REGISTER))
def contact_new(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Somebody matters to the patient: next of kin, guarantor, proxy."""
    found = behind.load(request, public_id)
    form = forms.ContactForm(sent(request))
    page = _page(found, _("New contact person"), _("Add"), _("The person was added."))

    def add(data: dict[str, Any]) -> str:
        services.contact_add(found, **data, by=gate.person(request).pk, at=clock.now())
        return behind.address(found)

    return answer(request, form, page, add)


@requires(Perm.REGISTER, module=MODULE, methods=("GET", "POST"), unit=behind.desk(Perm.REGISTER))
def contact_end(request: HttpRequest, public_id: UUID, contact_id: UUID) -> HttpResponse:
    """Somebody matters to the patient no longer."""
    found = behind.load(request, public_id)
    contact = selectors.contact_get(found, contact_id)
    if contact is None:
        raise NotFound()
    form = forms.EndForm(sent(request))
    title = _("End: %(name)s") % {"name": contact.full_name}
    page = _page(found, title, _("End"), _("The person is no contact any more."))

    def end(data: dict[str, Any]) -> str:
        services.contact_end(contact, **data, by=gate.person(request).pk, at=clock.now())
        return behind.address(found)

    return answer(request, form, page, end)


@requires(Perm.REGISTER, module=MODULE, methods=("GET", "POST"), unit=behind.desk(Perm.REGISTER))
def identifier_new(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The patient also has this number."""
    found = behind.load(request, public_id)
    behind.must_see(request, "reach")
    form = forms.IdentifierForm(sent(request))
    page = _page(found, _("New number"), _("Add"), _("The number was added."))

    def add(data: dict[str, Any]) -> str:
        services.identifier_add(found, **data, by=gate.person(request).pk, at=clock.now())
        return behind.address(found)

    return answer(request, form, page, add)


@requires(Perm.REGISTER, module=MODULE, methods=("GET", "POST"), unit=behind.desk(Perm.REGISTER))
def identifier_end(request: HttpRequest, public_id: UUID, identifier_id: UUID) -> HttpResponse:
    """A number counts no longer."""
    found = behind.load(request, public_id)
    number = selectors.identifier_get(found, identifier_id)
    if number is None:
        raise NotFound()
    form = forms.EndForm(sent(request))
    page = _page(found, _("End this number"), _("End"), _("The number counts no longer."))

    def end(data: dict[str, Any]) -> str:
        services.identifier_end(number, **data, by=gate.person(request).pk, at=clock.now())
        return behind.address(found)

    return answer(request, form, page, end)


@requires(
    Perm.CARE_NOTES, module=MODULE, methods=("GET", "POST"), unit=behind.desk(Perm.CARE_NOTES)
)
def care_notes(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Notes that only those who treat the patient may read."""
    found = behind.load(request, public_id)
    initial = {"text": selectors.care_notes(found), "version": found.version}
    form = forms.CareNotesForm(sent(request), initial=initial)
    page = _page(found, _("Notes of special care"), _("Save"), _("The notes were saved."))

    def save(data: dict[str, Any]) -> str:
        services.care_notes_set(found, **data, by=gate.person(request).pk, at=clock.now())
        return behind.address(found)

    return answer(request, form, page, save)
