"""Invented papers and drawn faces for the demo's records: nobody here exists."""

import io
from datetime import datetime, timedelta
from typing import Any

from PIL import Image, ImageDraw

from core.documents import Facts, Letterhead, Paragraph, Report, render
from core.uploads import read_paper, read_photo
from hms.demo import places
from patients import services

LETTER = (
    "Thank you for seeing this patient with pain of the left hip for three months. "
    "No fall, no fever.",
    "Past history: pacemaker since 2019. Anaphylaxis after amoxicillin in 2011.",
    "Please see for X-ray and advice. The patient has been told that students may be present.",
)
SKIN = ((224, 172, 105), (141, 85, 36), (255, 219, 172), (198, 134, 66))


def _letter(at: datetime) -> bytes:
    report = Report(
        title="Referral",
        language="en",
        letterhead=Letterhead(name="Practice at the Mill, Riverside"),
        printed_at=at,
        running="Referral",
        blocks=(
            Facts(pairs=(("To", places.NAME), ("From", "Dr Ada Fields")), columns=1),
            *(Paragraph(text=text) for text in LETTER),
        ),
    )
    return render(report).pdf


def _face(number: int) -> bytes:
    """A face of circles, as a phone would send it."""
    image = Image.new("RGB", (720, 960), (205, 217, 229))
    draw = ImageDraw.Draw(image)
    draw.ellipse((60, 760, 660, 1400), fill=(60 + number * 40 % 150, 90, 120))
    draw.ellipse((200, 160, 520, 640), fill=SKIN[number % len(SKIN)])
    draw.pieslice((190, 120, 530, 520), 180, 360, fill=(60, 40 + number * 20 % 60, 30))
    for left in (275, 405):
        draw.ellipse((left, 370, left + 40, 400), fill=(30, 30, 40))
    draw.arc((290, 430, 430, 560), 20, 160, fill=(120, 40, 40), width=8)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()


def record(patient: Any, number: int, *, by: int, at: datetime) -> None:
    """The first patients have a photo, a letter, a signed paper and consents."""
    services.photo_set(patient, pictures=read_photo(_face(number)), by=by, at=at)
    if number:
        return
    services.document_add(
        patient,
        paper=read_paper(_letter(at), name="referral.pdf"),
        kind="referral",
        title="Referral: pain of the left hip",
        author="Dr Ada Fields",
        written_on=at.date() - timedelta(days=2),
        file_name="referral.pdf",
        by=by,
        at=at,
    )
    services.consent_record(
        patient,
        kind="treatment",
        witness="Signed at the desk before the clerk",
        by=by,
        at=at,
    )
    services.consent_record(
        patient,
        kind="blood",
        decision="deny",
        witness="Told Dr Osei, in the presence of her husband",
        by=by,
        at=at,
    )
    given = services.consent_record(
        patient,
        kind="teaching",
        limits="not during examinations",
        witness="Sister Ruiz",
        by=by,
        at=at,
    )
    services.consent_change(
        given, to="inactive", reason="She changed her mind", version=1, by=by, at=at + WITHDRAWN
    )


WITHDRAWN = timedelta(days=3)
PICTURED = 4
