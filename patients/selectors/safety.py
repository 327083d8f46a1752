"""Allergies, the statement that none is known, and flags: for the banner, a page, other rooms."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, IntegerField, OuterRef, Prefetch, QuerySet, Subquery, Value, When
from django.db.models.functions import JSONObject

from org.permissions import Grants
from patients.models import (
    Allergy,
    AllergyReaction,
    CaringUnit,
    NoneKnown,
    Patient,
    PatientFlag,
    PatientPhoto,
)
from patients.permissions import Perm, flag_kinds_seen
from patients.rules.flags import FLAGS, PLACES, Sight
from patients.rules.safety import BELIEVED, contradicts, urgency
from patients.states import AllergyState, FlagState, NoneKnownScope, NoneKnownState


@dataclass(frozen=True, slots=True)
class StandingAllergy:
    """An allergy that warns, with what the substance did: manifestation and severity."""

    code: str
    substance: str
    category: str
    criticality: str
    reactions: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Where:
    """In whose care a patient is now: unit, place, consultant."""

    unit: str
    place: str
    consultant: str


@dataclass(frozen=True, slots=True)
class Alerts:
    """What every banner says, as far as the asker may know.

    `allergies` is None for whoever reads only that there is something; `none_known` holds the
    scopes of which somebody said that no allergy is known, with the moment. `more` says that there
    are warnings which the asker's role does not read.
    """

    allergies: tuple[StandingAllergy, ...] | None
    has_allergies: bool
    none_known: dict[str, str]
    flags: tuple[str, ...]
    more: bool
    where: Where | None
    photo: bytes


def standing(patient: Patient) -> QuerySet[Allergy]:
    """Return the allergies that warn whoever treats the patient."""
    return _warning(Allergy.objects.filter(patient=patient))


def _warning(rows: QuerySet[Allergy]) -> QuerySet[Allergy]:
    return rows.filter(state=AllergyState.ACTIVE, verification__in=BELIEVED)


def standing_categories(patient: Patient) -> set[str]:
    """Return the categories of the substances that stand."""
    return set(standing(patient).values_list("category", flat=True))


def alert_columns(at: datetime) -> dict[str, Any]:
    """Return what makes one question of the whole banner: columns beside the patient's own."""
    reactions = AllergyReaction.objects.filter(allergy=OuterRef("pk"), voided_at__isnull=True)
    allergies = _warning(Allergy.objects.filter(patient=OuterRef("pk"))).annotate(
        did=ArraySubquery(
            reactions.order_by("id").values(row=JSONObject(what="manifestation", how="severity"))
        )
    )
    fields = ("code", "substance", "category", "criticality", "did")
    none = NoneKnown.objects.filter(patient=OuterRef("pk"), state=NoneKnownState.STANDING)
    flags = PatientFlag.objects.filter(
        patient=OuterRef("pk"), state=FlagState.ACTIVE, period__contains=at
    )
    photo = PatientPhoto.objects.filter(patient=OuterRef("pk"), voided_at__isnull=True)
    has_place = Case(When(place="", then=Value(1)), default=Value(0), output_field=IntegerField())
    care = CaringUnit.objects.filter(patient=OuterRef("pk"), period__contains=at)
    where = JSONObject(unit="unit__name", place="place", consultant="consultant")
    return {
        "alert_allergies": ArraySubquery(
            allergies.order_by("id").values(row=JSONObject(**{name: name for name in fields}))
        ),
        "alert_none": ArraySubquery(
            none.order_by("id").values(row=JSONObject(scope="scope", at="occurred_at"))
        ),
        "alert_photo": Subquery(photo.order_by("-id").values("thumb")[:1]),
        "alert_flags": ArraySubquery(flags.order_by("id").values("kind")),
        "alert_care": ArraySubquery(
            care.order_by(has_place, "-period", "-id").values(row=where)[:1]
        ),
    }


def alerts_of(patient: Any, *, grants: Grants) -> Alerts:
    """Return what the banner says of a patient who was read with `alert_columns`."""
    rows = sorted((_standing_allergy(row) for row in patient.alert_allergies), key=_place)
    kinds = sorted(set(patient.alert_flags), key=lambda kind: PLACES[kind])
    seen = set(flag_kinds_seen(grants))
    reads = grants.has(Perm.CLINICAL)
    hidden = [kind for kind in kinds if kind not in seen and _sight(kind) == Sight.CARE]
    care = patient.alert_care
    return Alerts(
        allergies=tuple(rows) if reads else None,
        has_allergies=bool(rows),
        none_known={row["scope"]: row["at"] for row in patient.alert_none},
        flags=tuple(kind for kind in kinds if kind in seen),
        more=bool(hidden),
        where=Where(**care[0]) if care else None,
        photo=bytes(patient.alert_photo or b""),
    )


def _sight(kind: str) -> Sight:
    return next(rule.sight for known, rule in FLAGS.items() if known == kind)


def _standing_allergy(row: dict[str, Any]) -> StandingAllergy:
    did = tuple((each["what"], each["how"]) for each in row.pop("did"))
    return StandingAllergy(**row, reactions=did)


def _place(row: StandingAllergy) -> tuple[int, int]:
    return urgency(row.criticality, (how for _what, how in row.reactions))


def allergies_of(patient: Patient) -> list[Allergy]:
    """Return every entry, also refuted, resolved and erroneous ones, the newest first."""
    reactions = AllergyReaction.objects.filter(voided_at__isnull=True).order_by("id")
    rows = Allergy.objects.filter(patient=patient).select_related("recorded_by")
    return list(rows.prefetch_related(Prefetch("reactions", queryset=reactions)).order_by("-id"))


def statements_of(patient: Patient) -> list[NoneKnown]:
    """Return every statement that none is known, the newest first."""
    rows = NoneKnown.objects.filter(patient=patient).select_related("recorded_by")
    return list(rows.order_by("-id"))


def flags_of(patient: Patient, *, grants: Grants) -> list[PatientFlag]:
    """Return the flags of the kinds that the asker reads, the newest first."""
    rows = PatientFlag.objects.filter(patient=patient, kind__in=flag_kinds_seen(grants))
    return list(rows.select_related("recorded_by", "ended_by").order_by("-id"))


def allergy_get(patient: Patient, public_id: UUID) -> Allergy | None:
    """Return one of the allergies of this patient."""
    return Allergy.objects.filter(patient=patient, public_id=public_id).first()


def statement_get(patient: Patient, public_id: UUID) -> NoneKnown | None:
    """Return one of the statements of this patient."""
    return NoneKnown.objects.filter(patient=patient, public_id=public_id).first()


def flag_get(patient: Patient, public_id: UUID, *, grants: Grants) -> PatientFlag | None:
    """Return one of the flags of this patient, None for one that the asker may not see."""
    rows = PatientFlag.objects.filter(patient=patient, kind__in=flag_kinds_seen(grants))
    return rows.filter(public_id=public_id).first()


def knows_none(patient: Patient, *, scope: str = NoneKnownScope.ALL) -> bool:
    """Say whether somebody asked and no allergy of this scope is known; not the same as no row."""
    rows = NoneKnown.objects.filter(patient=patient, state=NoneKnownState.STANDING)
    said = set(rows.values_list("scope", flat=True))
    is_said = scope in said or NoneKnownScope.ALL in said
    return is_said and not contradicts(scope, standing_categories(patient))
