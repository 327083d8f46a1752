"""Who reads which kind of paper. Pure data."""

from patients.states import DocumentKind

# The desk's own papers; all others are read by whoever treats the patient.
DESK = frozenset(
    {
        DocumentKind.CONSENT,
        DocumentKind.IDENTITY,
        DocumentKind.INSURANCE,
        DocumentKind.REFERRAL,
    }
)
# Read by the few who may know of it, like the flag.
FEW = frozenset({DocumentKind.LEGAL})


def kinds_read(*, treats: bool, confidential: bool) -> tuple[str, ...]:
    """Return the kinds that somebody with these rights reads."""
    return tuple(
        kind.value
        for kind in DocumentKind
        if kind in DESK or (kind in FEW and confidential) or (kind not in FEW and treats)
    )
