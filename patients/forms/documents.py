"""Forms that take a file: it is read and drawn while the form is checked."""

from collections.abc import Callable, Iterable
from pathlib import PurePath
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from core.forms import DateField, Form, clean_text
from core.uploads import MEGABYTE, Paper, UploadRefused, largest_mb, read_paper, read_photo
from patients.forms.parts import NAME_LIMIT, REASON_LIMIT, text_field
from patients.states import DocumentKind


def _file(label: Any, accept: str) -> forms.FileField:
    widget = forms.ClearableFileInput(attrs={"accept": accept})
    return forms.FileField(
        label=label,
        widget=widget,
        allow_empty_file=True,
        help_text=_("At most %(limit)d MB.") % {"limit": largest_mb()},
    )


def _read[T](file: UploadedFile, read: Callable[..., T]) -> T:
    """Return what the file holds. Raises ValidationError beside the field."""
    try:
        if (file.size or 0) > largest_mb() * MEGABYTE:
            raise UploadRefused("too_big", limit=largest_mb())
        return read(file.read(), name=file.name or "")
    except UploadRefused as error:
        raise ValidationError(str(error.detail), code=error.reason) from error


def plain_name(name: str) -> str:
    """Return the name of a file without its folders, "" for one that cannot be shown."""
    try:
        return clean_text(PurePath(name.replace("\\", "/")).name, multiline=False)[:NAME_LIMIT]
    except ValidationError:
        return ""


class DocumentForm(Form):
    """A paper for the record."""

    file = _file(_("File: PDF, JPEG or PNG"), ".pdf,.jpg,.jpeg,.png")
    kind = forms.ChoiceField(label=_("Kind"))
    title = text_field(_("Title"), NAME_LIMIT, help_text=_("Empty: the kind."))
    written_on = DateField(label=_("Date on the paper"), required=False, allow_future=False)
    author = text_field(_("Written by"), NAME_LIMIT, help_text=_("Person or house."))
    note = text_field(_("Note"), REASON_LIMIT)

    def __init__(self, *args: Any, kinds: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(kind, DocumentKind(kind).label) for kind in kinds]
        self.fields["kind"].choices = choices  # type: ignore[attr-defined]

    def clean_file(self) -> Paper:
        """Return the paper as it was read; its name stays in `file_name`."""
        file = self.cleaned_data["file"]
        self.file_name = plain_name(file.name or "")
        return _read(file, read_paper)


class PhotoForm(Form):
    """A photo of the patient."""

    file = _file(_("Photo: JPEG or PNG"), ".jpg,.jpeg,.png")

    def clean_file(self) -> tuple[bytes, bytes]:
        """Return the picture cut square, large and small."""
        return _read(self.cleaned_data["file"], read_photo)
