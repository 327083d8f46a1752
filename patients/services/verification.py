"""How sure an allergy is: one machine a module."""

from core.states import Machine
from patients.states import VERIFICATION_STEPS, Verification

VERIFICATION = Machine(
    column="verification",
    table=VERIFICATION_STEPS,
    stamps={Verification.ENTERED_IN_ERROR: "voided"},
    words=Verification,
)
