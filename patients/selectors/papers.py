"""What was printed of a patient, and what stands on the next."""

from datetime import date, datetime

from django.db.models import QuerySet

from patients.models import CaringUnit, Contact, PaperPrint, Patient
from patients.states import Paper

NEWBORN_DAYS = 60


def prints_of(patient: Patient) -> QuerySet[PaperPrint]:
    """Return what was printed of the patient, the newest first."""
    return PaperPrint.objects.filter(patient=patient).select_related("printed_by").order_by("-id")


def mother_name(patient: Patient, *, today: date) -> str:
    """Return the name of the mother of a newborn, "" where none is recorded."""
    rows = Contact.objects.filter(
        patient=patient, kinds__contains=["mother"], period__contains=today
    )
    found = rows.order_by("-id").values_list("full_name", flat=True).first()
    return found or ""


def units_now(patient: Patient, *, at: datetime) -> list[str]:
    """Return in whose care the patient is, with the place."""
    rows = CaringUnit.objects.filter(patient=patient, period__contains=at).select_related("unit")
    return [", ".join(filter(None, (row.unit.name, row.place))) for row in rows.order_by("-id")]


def paper_likely(patient: Patient, *, today: date) -> str:
    """Return the wristband that this patient gets."""
    is_new = patient.birth_on is not None and (today - patient.birth_on).days <= NEWBORN_DAYS
    return Paper.WRISTBAND_NEWBORN if is_new else Paper.WRISTBAND_ADULT
