"""What is printed of a patient: sizes and lines of wristbands and labels, as the file says."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from patients.states import Paper, PaperForm

PATH = Path(__file__).resolve().parents[2] / "config" / "papers.yaml"
MOST_COPIES = 40


@dataclass(frozen=True, slots=True)
class PaperSize:
    """One kind of wristband or label: its size in mm, and what stands on it."""

    form: str
    width: float
    height: float
    lines: tuple[str, ...]
    has_qr: bool


@cache
def papers() -> dict[str, PaperSize]:
    """Return each paper of the file. Raises KeyError, ValueError for a file that is not one."""
    said = yaml.safe_load(PATH.read_text(encoding="utf-8"))["papers"]
    return {
        Paper(code).value: PaperSize(
            form=PaperForm(each["form"]).value,
            width=float(each["width"]),
            height=float(each["height"]),
            lines=tuple(each["lines"]),
            has_qr=bool(each["qr"]),
        )
        for code, each in said.items()
    }
