"""The small parts of every page. Formats come from `formats`; nothing here asks the database."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect, Select
from django.forms import Textarea as TextareaWidget
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join, json_script
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from core import clock, context
from core.money import format_amount
from core.templatetags import formats

register = template.Library()

TONES = frozenset({"crit", "warn", "ok", "info", "spec", "mute"})
SPRITE = "img/icons.svg"
MAX_SEGMENTS = 4
BAR_UNITS = 100
ARROWS = {"ArrowUp": "↑", "ArrowDown": "↓", "ArrowLeft": "←", "ArrowRight": "→"}
PRINTED_KEYS = ARROWS | {
    "Enter": pgettext_lazy("on the key", "Enter"),
    "Esc": pgettext_lazy("on the key", "Esc"),
    "Shift": pgettext_lazy("on the key", "Shift"),
}
SCRIPT_TEXTS = {
    "stale": _("Not updating since %(time)s"),
    "stale_long": _(
        "This page has not been updated since %(time)s. Read it with care; saving is off "
        "until the connection is back."
    ),
    "live": _("Live, updated %(time)s"),
    "server": _("The server could not finish this. What you typed is still here. Try again."),
    "read_only": _(
        "The whole system is read-only at the moment. Nothing was saved; what you typed is still "
        "here. Write on paper if it cannot wait."
    ),
    "network": _(
        "The server did not answer. What you typed is still here. Check the connection and try "
        "again."
    ),
    "signed_out": _(
        "You are signed out. What you typed is still here. Sign in again in a new tab, then "
        "repeat this."
    ),
    "denied": _("Your role does not allow this. Nothing was changed."),
    "gone": _("This is no longer there. Load the page again."),
    "conflict": _(
        "Somebody else changed this first. Nothing of yours was saved. Load the page again."
    ),
    "too_many": _("Too many requests. Wait a moment, then try again."),
    "refused": _("The server refused this. What you typed is still here."),
    "reference": _("Reference: %(id)s"),
    "results_one": _("1 result"),
    "results": _("%(count)s results"),
}


def _tone(name: str) -> str:
    if name not in TONES:
        message = f"There is no tone {name!r}."
        raise template.TemplateSyntaxError(message)
    return name


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """One symbol of the sprite: decoration, or with a label an image that has this name."""
    href = f"{static(SPRITE)}#{name}"
    if label:
        return format_html(
            '<svg class="hms-i" role="img" aria-label="{}"><title>{}</title><use href="{}"/></svg>',
            label,
            label,
            href,
        )
    return format_html('<svg class="hms-i" aria-hidden="true"><use href="{}"/></svg>', href)


@register.simple_tag
def status(tone: str, icon_name: str, word: str, *, solid: bool = False) -> SafeString:
    """A state as shape, word and colour: `{% status "ok" "circle-check" word %}`."""
    return format_html(
        '<span class="hms-status{} hms-tone-{}">{}{}</span>',
        " hms-solid" if solid else "",
        _tone(tone),
        icon(icon_name),
        word,
    )


@register.simple_tag
def when(value: datetime | None, *, seconds: bool = False) -> SafeString:
    """A moment in the active time zone: `23-Nov-2026 10:42`, with seconds where they matter."""
    if value is None:
        return format_html('<span class="hms-none">{}</span>', formats.not_recorded())
    return format_html(
        '<time datetime="{}">{}</time>',
        value.isoformat(timespec="seconds"),
        formats.when_text(value, seconds=seconds),
    )


@register.simple_tag
def clock_time(value: datetime) -> SafeString:
    """The time of day in the active time zone: `10:42`."""
    return format_html(
        '<time datetime="{}">{}</time>',
        value.isoformat(timespec="seconds"),
        formats.time_text(value),
    )


@register.simple_tag(name="date")
def date_tag(value: date | datetime | None) -> SafeString:
    """A day: `07-Mar-1981`."""
    if value is None:
        return format_html('<span class="hms-none">{}</span>', formats.not_recorded())
    shown = formats.local(value)
    day = shown.date() if isinstance(shown, datetime) else shown
    return format_html('<time datetime="{}">{}</time>', day.isoformat(), formats.date_text(value))


@register.simple_tag
def age(born: date | datetime | None, at: date | datetime | None = None) -> SafeString:
    """An age now, or at the given moment: `45y`, `3y 9m`, `5w 3d`."""
    text = formats.age_text(born, at if at is not None else clock.now())
    return format_html("<bdi>{}</bdi>", text)


@register.simple_tag
def duration(length: timedelta | None) -> SafeString:
    """A length of time: `2hr 5min`."""
    return format_html("<bdi>{}</bdi>", formats.duration_text(length))


@register.simple_tag
def wait(
    since: datetime,
    until: datetime | None = None,
    *,
    warn: int | None = None,
    crit: int | None = None,
) -> SafeString:
    """How long somebody waits: amber and red from these minutes on; plain once `until` is set."""
    length = (until or clock.now()) - since
    minutes = length.total_seconds() / 60
    text = formats.duration_text(length)
    if until is None and crit is not None and minutes >= crit:
        tone, note = "crit", gettext("far over the limit")
    elif until is None and warn is not None and minutes >= warn:
        tone, note = "warn", gettext("over the limit")
    else:
        return format_html('<span class="hms-wait">{}</span>', text)
    return format_html(
        '<span class="hms-wait hms-tone-{}">{} {}<span class="visually-hidden"> ({})</span></span>',
        tone,
        icon("clock-exclamation"),
        text,
        note,
    )


@register.simple_tag
def person_name(
    family: str = "",
    given: str = "",
    title: str = "",
    preferred: str = "",
    *,
    baby_of: bool = False,
) -> SafeString:
    """A person: `FAMILY, Given (Title)`, and below it the name the person goes by."""
    if baby_of:
        text = formats.baby_name_text(family, given)
    else:
        text = formats.person_name_text(family, given, title)
    if not preferred or preferred.casefold() == given.casefold():
        return format_html('<bdi class="hms-name">{}</bdi>', text)
    return format_html(
        '<bdi class="hms-name">{}</bdi><span class="hms-known-as">{}</span>',
        text,
        gettext("Known as %(name)s") % {"name": preferred},
    )


@register.simple_tag
def mrn(value: str, label: str | None = None) -> SafeString:
    """A record number with its label, grouped: `MRN 00 51 904`. `label=""` under a column head."""
    label = gettext("MRN") if label is None else label
    number = format_html('<bdi class="hms-id">{}</bdi>', formats.grouped_number(value))
    if not label:
        return number
    return format_html('<span class="hms-nowrap">{}\u00a0{}</span>', label, number)


@register.simple_tag
def money(amount: Decimal, currency: str = "") -> SafeString:
    """An amount in its currency's decimals; in the hospital's currency unless named."""
    text = format_amount(amount, currency or context.house().currency)
    return format_html('<span class="hms-num">{}</span>', text)


@register.simple_tag
def dose(amount: Decimal | int | str | None, unit: str) -> SafeString:
    """A dose: `0.5 mg`, `5,000 units`, `25 micrograms`."""
    return format_html('<b class="hms-dose">{}</b>', formats.dose_text(amount, unit))


@register.simple_tag
def bar(
    value: float | Decimal, whole: float | Decimal, tone: str = "", label: str = ""
) -> SafeString:
    """A bar of `value` out of `whole`; the label says the same in words."""
    share = min(1.0, max(0.0, float(value) / float(whole))) if whole else 0.0
    return format_html(
        '<svg class="hms-bar{}" viewBox="0 0 100 7" preserveAspectRatio="none" role="img" '
        'aria-label="{}"><rect width="{}" height="7"/></svg>',
        f" hms-tone-{_tone(tone)}" if tone else "",
        label or gettext("%(value)s of %(whole)s") % {"value": value, "whole": whole},
        f"{share * BAR_UNITS:.1f}",
    )


@register.simple_tag
def kbd(keys: str) -> SafeString:
    """A key or keys as printed on buttons and hints: `Ctrl K`."""
    printed = " ".join(str(PRINTED_KEYS.get(key, key)) for key in keys.split())
    return format_html('<kbd class="hms-kbd">{}</kbd>', printed)


@register.simple_tag
def key_hint(keys: str, meaning: str) -> SafeString:
    """A hint of the row under a list: `{% key_hint "F2" word %}`; several keys split by commas."""
    drawn = format_html_join(" ", "{}", ((kbd(key.strip()),) for key in keys.split(",")))
    return format_html("<span>{} {}</span>", drawn, meaning)


@register.simple_tag
def shortcut(keys: str) -> SafeString:
    """The attributes that let a key press the control: `<a {% shortcut "F2" %}>`."""
    spoken = keys.replace("Ctrl", "Control").replace("Esc", "Escape").replace(" ", "+")
    spoken = spoken.replace(",", " ")
    return format_html('data-hms-key="{}" aria-keyshortcuts="{}"', keys, spoken)


@register.filter
def initials(name: str) -> str:
    """The two letters in the badge of a person."""
    return formats.initials_text(name)


def _kind(bound: BoundField) -> str:
    widget = bound.field.widget
    if isinstance(widget, CheckboxSelectMultiple):  # which is a RadioSelect too
        return "checks"
    if isinstance(widget, RadioSelect):
        return "radios"
    if isinstance(widget, CheckboxInput):
        return "check"
    return "select" if isinstance(widget, Select) else "input"


def _control(bound: BoundField, kind: str, extra: Mapping[str, Any]) -> SafeString:
    css = {"select": "form-select", "check": "form-check-input"}.get(kind, "form-control")
    attrs = {"class": f"{css} {bound.field.widget.attrs.get('class', '')}".strip(), **extra}
    if isinstance(bound.field.widget, TextareaWidget):
        attrs.setdefault("rows", 3)
    return bound.as_widget(attrs=attrs)


@register.inclusion_tag("parts/form_field.html")
def field(
    bound: BoundField, *, segments: bool = False, hint: str = "", marked: bool = True, **extra: Any
) -> dict[str, Any]:
    """One form field with label above, help below, and its error tied to the control.

    `segments=True` draws up to four radio choices as one bar; `marked=False` leaves out the word
    "optional"; further keywords become attributes of the control (`data_hms_autofocus=True`).
    """
    kind = _kind(bound)
    attrs = {name.replace("_", "-"): value for name, value in extra.items()}
    grouped = kind in {"radios", "checks"}
    return {
        "field": bound,
        "kind": kind,
        "control": "" if grouped else _control(bound, kind, attrs),
        "segments": segments and kind == "radios" and len(list(bound)) <= MAX_SEGMENTS,
        "described_by": bound.aria_describedby or "",
        "hint": hint or (gettext("optional") if marked and not bound.field.required else ""),
    }


@register.simple_tag
def ui_texts() -> SafeString:
    """The sentences that scripts show, translated, as page data."""
    return json_script(SCRIPT_TEXTS, "hms-texts")


@register.simple_tag
def today() -> date:
    """Today's date in the active time zone, for use with `as`."""
    return clock.today()


@register.simple_tag
def now_local() -> datetime:
    """The present moment in the active time zone, for use with `as`."""
    return timezone.localtime(clock.now())
