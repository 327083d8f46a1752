"""The page that shows what a task is about, where there is one."""

from django.urls import NoReverseMatch, reverse

from worklist.selectors import Shown


def link_of(shown: Shown) -> str:
    """Return the address of the subject's page, "" for none or one that the asker may not see."""
    link = shown.kind.link
    if link is None or (link.by == "patient" and shown.patient is None):
        return ""
    parts: dict[str, list[object]] = {
        "subject": [shown.task.subject_id],
        "patient": [shown.patient.public_id if shown.patient else ""],
        "": [],
    }
    try:
        return reverse(link.url_name, args=parts[link.by])
    except NoReverseMatch:
        # The room that shows it is not there yet.
        return ""
