"""What printed papers cost: a label, a page, ten pages. Processor time, best of a few."""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from core.documents import Document, Label, Labels, Letterhead, Line, Report, render
from core.documents.blocks import Block, Column, Heading, PageBreak, Paragraph, Table

AT = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
HOUSE = Letterhead(name="Bench General", lines=("1 Harbour Road",))
WORDS = (
    *("slept", "walked", "ate", "drank", "visited", "rested", "talked", "better", "worse"),
    *("warm", "cold", "tired", "alert", "quiet"),
)
TRIES = 5


def _page(dice: random.Random) -> tuple[Block, ...]:
    columns = (Column("Time"), Column("Value"), Column("Note"))
    note = dice.sample(WORDS, len(WORDS))
    rows = tuple(
        (f"{hour:02}:{dice.randrange(60):02}", f"{dice.random():.5f}", note[hour])
        for hour in range(14)
    )
    text = " ".join(f"{dice.choice(WORDS)} {dice.randrange(10_000)}" for _ in range(90))
    return Heading(f"Course {dice.random():.6f}"), Table(columns, rows), Paragraph(text)


def _report(pages: int, number: int) -> Report:
    dice = random.Random(pages * 100 + number)
    blocks: list[Block] = [*_page(dice)]
    for _page_number in range(pages - 1):
        blocks += [PageBreak(), *_page(dice)]
    return Report(
        title=f"Course of the stay {number}",
        language="en",
        letterhead=HOUSE,
        printed_at=AT,
        running="Example",
        blocks=tuple(blocks),
    )


def _labels(number: int) -> Labels:
    name, born = Line(f"EXAMPLE Ada {number}", "large", True), Line("12.03.1961")
    label = Label(lines=(name, born), qr=f"RG-{number:04}")
    return Labels(title="Labels", language="en", letterhead=HOUSE, printed_at=AT, labels=(label,))


PAPERS: dict[str, Callable[[int], Document]] = {
    "a label": _labels,
    "a report of one page": partial(_report, 1),
    "a report of ten pages": partial(_report, 10),
}


def measure() -> None:
    """Print the processor time of each paper; no two are the same: typst remembers what it set."""
    print(f"\nPDF, processor time of one paper (best of {TRIES}):")
    for name, paper in PAPERS.items():
        render(paper(0))
        times = []
        for number in range(1, TRIES + 1):
            started = time.process_time()
            made = render(paper(number))
            times.append(time.process_time() - started)
        size = f"{made.pages:4} pages {len(made.pdf) / 1024:6.0f} KiB"
        print(f"{name:24} {min(times) * 1000:6.0f} ms {size}")
