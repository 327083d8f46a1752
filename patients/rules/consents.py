"""Scope and category of each kind of consent. Pure data."""

from typing import NamedTuple

from patients.states import ConsentCategory, ConsentKind, ConsentScope


class ConsentRule(NamedTuple):
    """Of what scope a kind is, and of what category."""

    scope: ConsentScope
    category: ConsentCategory


_CARE = ConsentRule(ConsentScope.TREATMENT, ConsentCategory.CARE)
_TELL = ConsentRule(ConsentScope.PRIVACY, ConsentCategory.DISCLOSURE)
_CONTACT = ConsentRule(ConsentScope.PRIVACY, ConsentCategory.CONTACT)
_MEDIA = ConsentRule(ConsentScope.PRIVACY, ConsentCategory.MEDIA)

CONSENTS: dict[ConsentKind, ConsentRule] = {
    ConsentKind.TREATMENT: _CARE,
    ConsentKind.PROCEDURE: _CARE,
    ConsentKind.ANAESTHESIA: _CARE,
    ConsentKind.BLOOD: _CARE,
    ConsentKind.TELEMEDICINE: _CARE,
    ConsentKind.SHARING: _TELL,
    ConsentKind.FAMILY: _TELL,
    ConsentKind.INSURER: _TELL,
    ConsentKind.MESSAGES: _CONTACT,
    ConsentKind.PORTAL: _CONTACT,
    ConsentKind.PHOTOS: _MEDIA,
    ConsentKind.TEACHING: _MEDIA,
    ConsentKind.RESEARCH: ConsentRule(ConsentScope.RESEARCH, ConsentCategory.RESEARCH),
    ConsentKind.DIRECTIVE: ConsentRule(ConsentScope.DIRECTIVE, ConsentCategory.DIRECTIVE),
}
