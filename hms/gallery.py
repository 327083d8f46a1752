"""Invented data for the component gallery."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core import charts
from core.forms import DateField, Form

BASELINE = (66, 58, 71, 63, 60, 69, 57, 64, 72, 61, 68, 59, 65, 62, 67, 66)
IMPROVING = (63, 58, 61, 55, 49, 52, 46, 44, 47)
AFTER = (43, 45, 41, 44, 42, 39, 43, 41, 38)
FIRST_WEEK = date(2026, 3, 30)


class SampleForm(Form):
    """One field of each kind."""

    family_name = forms.CharField(label=_("Family name"), max_length=80)
    born = DateField(
        label=_("Born"), allow_future=False, help_text=_("Day, month, year: 7 3 81, or t-3.")
    )
    clinic = forms.ChoiceField(
        label=_("Clinic"), choices=[("m", _("General medicine")), ("p", _("Paediatrics"))]
    )
    sex = forms.ChoiceField(
        label=_("Sex"),
        widget=forms.RadioSelect,
        choices=[("f", _("Female")), ("m", _("Male")), ("o", _("Other")), ("u", _("Unknown"))],
    )
    needs = forms.MultipleChoiceField(
        label=_("Needs"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[("w", _("Wheelchair")), ("i", _("Interpreter"))],
    )
    note = forms.CharField(
        label=_("Note"), required=False, max_length=400, widget=forms.Textarea(attrs={"rows": 2})
    )
    phone_confirmed = forms.BooleanField(label=_("Phone number still correct"), required=False)


def _trend() -> charts.Chart:
    taken = (10, 12, 14, 16, 19, 21, 23)
    values = ("4.4", "4.6", "4.5", "4.9", "5.0", "5.4", "6.8")
    readings = tuple(
        charts.Reading(datetime(2026, 11, day, 8, 12, tzinfo=UTC), Decimal(value))
        for day, value in zip(taken, values, strict=True)
    )
    return charts.trend(
        charts.Trend(
            key="gallery-trend",
            title=str(_("Potassium")),
            unit="mmol/L",
            readings=readings,
            low=Decimal("3.5"),
            high=Decimal("5.1"),
            critical_high=Decimal("6.0"),
        )
    )


def _spc() -> charts.Chart:
    values = (*BASELINE, *IMPROVING, *AFTER)
    weeks = [FIRST_WEEK + timedelta(weeks=at) for at in range(len(values))]
    return charts.spc(
        "gallery-spc",
        str(_("Arrival to doctor, weekly median")),
        [
            charts.Observation(f"{week:%d}-{week:%b}", value)
            for week, value in zip(weeks, values, strict=True)
        ],
        [charts.Phase(0, 25, 64, 45, 84), charts.Phase(25, 34, 42, 34, 49)],
        unit=str(_("minutes")),
        description=str(_("Stable at 64 minutes, better from July on, now stable at 42.")),
        target=40,
        events=[
            charts.Event(16, str(_("Pilot goes live"))),
            charts.Event(25, str(_("Limits reset"))),
        ],
    )


def _bars() -> charts.Chart:
    return charts.bars(
        "gallery-bars",
        str(_("Waiting by clinic")),
        [
            charts.Bar(str(_("General medicine")), 24),
            charts.Bar(str(_("Paediatrics")), 14),
            charts.Bar(str(_("Orthopaedics")), 11),
        ],
        unit=str(_("patients")),
        description=str(_("General medicine has the longest queue.")),
    )


def _strip() -> list[dict[str, Any]]:
    rows = (
        (_("All today"), "calendar", 58, "", False),
        (_("To check in"), "login-2", 3, "", False),
        (_("Waiting"), "armchair", 9, _("longest 1hr 4min"), True),
        (_("In room"), "door-enter", 6, "", False),
        (_("Done"), "check", 20, _("median 38min"), False),
    )
    return [
        {
            "label": label,
            "icon": icon,
            "count": count,
            "note": note,
            "late": late,
            "url": "#work-list",
            "current": at == 0,
        }
        for at, (label, icon, count, note, late) in enumerate(rows)
    ]


def samples() -> dict[str, Any]:
    """Return the context of the gallery: parts filled with invented data at a fixed moment."""
    now = datetime(2026, 11, 23, 10, 42, tzinfo=UTC)
    typed = {"bad-family_name": "Ka\u202emat", "bad-born": "31 2 81", "bad-sex": "f"}
    wrong = SampleForm(typed, prefix="bad")
    return {
        "form": SampleForm(initial={"family_name": "Kamat", "born": date(1981, 3, 7)}),
        "wrong_form": wrong,
        "filter_form": type("FilterForm", (Form,), {"clinic": SampleForm.base_fields["clinic"]})(),
        "strip": _strip(),
        "now": now,
        "born_child": date(2023, 2, 2),
        "born_adult": date(1981, 3, 7),
        "born_today": now - timedelta(hours=26),
        "waits": [now - timedelta(minutes=minutes) for minutes in (6, 41, 64)],
        "length": timedelta(hours=2, minutes=5),
        "amount": Decimal("1234.5"),
        "tones": ("crit", "warn", "ok", "info", "spec", "mute"),
        "page": {"next": "n", "previous": "p"},
        "crumbs": [{"label": _("Units"), "url": "#"}, {"label": _("Medical A"), "url": ""}],
        "consequences": [_("12 people lose their place here."), _("Its beds are closed.")],
        "spark_line": charts.spark(
            [(0, 5.0), (20, 5.1), (45, 5.0), (60, 5.2), (80, 5.9), (90, 6.8)],
            label=str(_("Potassium, 90 days, last 6.8 mmol/L")),
            low=3.5,
            high=5.1,
            flag="crit",
        ),
        "trend": _trend(),
        "spc": _spc(),
        "bars": _bars(),
    }
