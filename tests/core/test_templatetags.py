"""How dates, ages, names, numbers and states are written; exact texts."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.forms import CharField, CheckboxSelectMultiple, ChoiceField, RadioSelect
from django.template import Context, Template, TemplateSyntaxError
from django.utils import timezone, translation

from core import clock
from core.forms import DateField, Form
from core.templatetags import formats

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 23, 9, 42, tzinfo=UTC)
NBSP = "\u00a0"


def drawn(source: str, **context: object) -> str:
    """Render a template with the tags loaded, on 23-Nov-2026 10:42 in Paris."""
    with clock.at(NOW), timezone.override(PARIS):
        return Template("{% load hms %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (date(1981, 3, 7), "07-Mar-1981"),
        (datetime(2026, 11, 23, 23, 30, tzinfo=UTC), "24-Nov-2026"),
        (None, "Not recorded"),
    ],
)
def test_dates_have_two_digits_a_month_and_four_digits(value: date | None, written: str) -> None:
    with timezone.override(PARIS):
        assert formats.date_text(value) == written


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (datetime(2026, 11, 23, 9, 42, tzinfo=UTC), f"23-Nov-2026{NBSP}10:42"),
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), f"29-Mar-2026{NBSP}01:59"),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), f"29-Mar-2026{NBSP}03:00"),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), f"25-Oct-2026{NBSP}02:30{NBSP}CEST"),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), f"25-Oct-2026{NBSP}02:30{NBSP}CET"),
        (datetime(2026, 10, 25, 2, 30, tzinfo=UTC), f"25-Oct-2026{NBSP}03:30"),
        (None, "Not recorded"),
    ],
)
def test_moments_name_the_zone_only_in_the_hour_that_comes_twice(
    moment: datetime | None, written: str
) -> None:
    with timezone.override(PARIS):
        assert formats.when_text(moment) == written


def test_months_are_english_unless_all_twelve_are_translated() -> None:
    assert formats.month_names() == formats.ENGLISH_MONTHS
    with translation.override("de"):
        assert formats.date_text(date(2026, 12, 1)) == "01-Dec-2026"


@pytest.mark.parametrize(
    ("born", "at", "written"),
    [
        (NOW, NOW, "0min"),
        (NOW - timedelta(hours=2) + timedelta(seconds=1), NOW, "119min"),
        (NOW - timedelta(hours=2), NOW, "2hrs"),
        (NOW - timedelta(days=2) + timedelta(seconds=1), NOW, "47hrs"),
        (NOW - timedelta(days=2), NOW, "2d"),
        (date(2026, 11, 23), date(2026, 11, 23), "0d"),
        (date(2026, 10, 27), date(2026, 11, 23), "27d"),
        (date(2026, 10, 26), date(2026, 11, 23), "4w"),
        (date(2026, 10, 25), date(2026, 11, 23), "4w 1d"),
        (date(2025, 11, 24), date(2026, 11, 23), "52w"),
        (date(2025, 11, 23), date(2026, 11, 23), "12m"),
        (date(2025, 11, 22), date(2026, 11, 23), "12m 1d"),
        (date(2024, 11, 24), date(2026, 11, 23), "23m 30d"),
        (date(2024, 11, 23), date(2026, 11, 23), "2y"),
        (date(2023, 2, 2), date(2026, 11, 23), "3y 9m"),
        (date(2008, 11, 24), date(2026, 11, 23), "17y 11m"),
        (date(2008, 11, 23), date(2026, 11, 23), "18y"),
        (date(1981, 3, 7), date(2026, 11, 23), "45y"),
        (date(2030, 1, 1), date(2026, 11, 23), "0d"),
        (None, date(2026, 11, 23), "Not recorded"),
    ],
)
def test_ages_change_their_unit_at_each_limit(born: date | None, at: date, written: str) -> None:
    assert formats.age_text(born, at) == written


@pytest.mark.parametrize(
    ("born", "at", "written"),
    [
        (date(2008, 2, 29), date(2026, 2, 28), "17y 11m"),
        (date(2008, 2, 29), date(2026, 3, 1), "18y"),
        (date(2024, 2, 29), date(2025, 2, 28), "52w 1d"),
        (date(2024, 2, 29), date(2025, 3, 1), "12m 1d"),
        (date(2025, 1, 31), date(2026, 2, 28), "12m 28d"),
        (date(2025, 1, 31), date(2026, 3, 1), "13m 1d"),
    ],
)
def test_ages_of_people_born_on_days_that_some_months_lack(
    born: date, at: date, written: str
) -> None:
    assert formats.age_text(born, at) == written


def test_an_age_in_hours_counts_elapsed_hours_over_the_summer_time_change() -> None:
    born = datetime(2026, 10, 24, 20, 0, tzinfo=PARIS)
    with timezone.override(PARIS):
        assert formats.age_text(born, datetime(2026, 10, 25, 8, 0, tzinfo=PARIS)) == "13hrs"


@pytest.mark.parametrize(
    ("length", "written"),
    [
        (timedelta(0), "0min"),
        (timedelta(minutes=59, seconds=59), "59min"),
        (timedelta(hours=1), "1hr"),
        (timedelta(hours=2, minutes=5), "2hr 5min"),
        (timedelta(hours=47, minutes=59), "47hr 59min"),
        (timedelta(days=2), "2d"),
        (timedelta(days=2, hours=3, minutes=50), "2d 3hr"),
        (timedelta(minutes=-8), "\u22128min"),
        (None, "Not recorded"),
    ],
)
def test_durations_are_whole_minutes(length: timedelta | None, written: str) -> None:
    assert formats.duration_text(length) == written


@pytest.mark.parametrize(
    ("parts", "written"),
    [
        (("d'Souza", "Maria", "Mrs"), "D'SOUZA, Maria (Mrs)"),
        (("Shetty", "Aarav", ""), "SHETTY, Aarav"),
        (("", "Suharto", "Mr"), "SUHARTO (Mr)"),
        (("van der Berg", "", ""), "VAN DER BERG"),
        ((" ", "", "Mr"), "Not recorded"),
    ],
)
def test_names_are_family_given_title(parts: tuple[str, str, str], written: str) -> None:
    assert formats.person_name_text(*parts) == written


@pytest.mark.parametrize(
    ("number", "written"),
    [
        ("0051904", f"00{NBSP}51{NBSP}904"),
        ("00519047", f"0{NBSP}05{NBSP}19{NBSP}047"),
        ("51904", f"51{NBSP}904"),
        ("904", "904"),
        ("H-51904", "H-51904"),
    ],
)
def test_record_numbers_are_grouped_from_the_end(number: str, written: str) -> None:
    assert formats.grouped_number(number) == written


@pytest.mark.parametrize(
    ("amount", "unit", "written"),
    [
        ("0.50", "mg", f"0.5{NBSP}mg"),
        (".5", "mL", f"0.5{NBSP}mL"),
        (Decimal("5.0"), "mg", f"5{NBSP}mg"),
        (5000, "IU", f"5,000{NBSP}units"),
        (1, "U", f"1{NBSP}unit"),
        (25, "mcg", f"25{NBSP}micrograms"),
        (25, "\u00b5g", f"25{NBSP}micrograms"),
        (1000000, "units", f"1,000,000{NBSP}units"),
        (2, "", "2"),
        (None, "mg", "Not recorded"),
    ],
)
def test_doses_cannot_be_misread(amount: object, unit: str, written: str) -> None:
    assert formats.dose_text(amount, unit) == written


@pytest.mark.parametrize(
    ("name", "written"), [("Ada Okafor", "AO"), ("OKAFOR, Ada", "OA"), ("Cher", "C"), ("1", "")]
)
def test_initials_are_two_letters(name: str, written: str) -> None:
    assert formats.initials_text(name) == written


def test_an_icon_is_decoration_unless_it_has_a_label() -> None:
    assert drawn('{% icon "bed" %}') == (
        '<svg class="hms-i" aria-hidden="true"><use href="/static/img/icons.svg#bed"/></svg>'
    )
    assert drawn('{% icon "bed" label %}', label="A <bed>") == (
        '<svg class="hms-i" role="img" aria-label="A &lt;bed&gt;"><title>A &lt;bed&gt;</title>'
        '<use href="/static/img/icons.svg#bed"/></svg>'
    )


def test_a_state_has_shape_word_and_tone() -> None:
    assert drawn('{% status "ok" "check" word %}', word="<Ready>") == (
        '<span class="hms-status hms-tone-ok"><svg class="hms-i" aria-hidden="true">'
        '<use href="/static/img/icons.svg#check"/></svg>&lt;Ready&gt;</span>'
    )


def test_an_unknown_tone_is_an_error() -> None:
    with pytest.raises(TemplateSyntaxError):
        drawn('{% status "green" "check" "Ready" %}')


def test_moments_and_days_carry_their_machine_form() -> None:
    assert drawn("{% when at %}", at=NOW) == (
        f'<time datetime="2026-11-23T09:42:00+00:00">23-Nov-2026{NBSP}10:42</time>'
    )
    assert drawn("{% date at %}", at=datetime(2026, 11, 23, 23, 30, tzinfo=UTC)) == (
        '<time datetime="2026-11-24">24-Nov-2026</time>'
    )
    assert drawn("{% when at %}", at=None) == '<span class="hms-none">Not recorded</span>'
    assert drawn("{% clock_time at %}", at=NOW) == (
        '<time datetime="2026-11-23T09:42:00+00:00">10:42</time>'
    )


def test_age_and_duration_use_the_clock_and_keep_their_direction() -> None:
    assert drawn("{% age born %}", born=date(1981, 3, 7)) == "<bdi>45y</bdi>"
    assert drawn("{% duration length %}", length=timedelta(minutes=65)) == "<bdi>1hr 5min</bdi>"


@pytest.mark.parametrize(("minutes", "tone"), [(29, ""), (30, "warn"), (59, "warn"), (60, "crit")])
def test_waiting_turns_amber_then_red_at_its_limits(minutes: int, tone: str) -> None:
    html = drawn("{% wait since warn=30 crit=60 %}", since=NOW - timedelta(minutes=minutes))
    assert (f"hms-tone-{tone}" in html) == bool(tone)
    assert ("over the limit" in html) == bool(tone)


def test_a_finished_wait_is_never_red() -> None:
    html = drawn("{% wait since NOW warn=1 crit=2 %}", since=NOW - timedelta(hours=3), NOW=NOW)
    assert html == '<span class="hms-wait">3hr</span>'


def test_a_preferred_name_stands_below_unless_it_is_the_given_one() -> None:
    assert drawn('{% person_name family="Shetty" given="Aarav" preferred="Avi" %}') == (
        '<bdi class="hms-name">SHETTY, Aarav</bdi><span class="hms-known-as">Known as Avi</span>'
    )
    assert "known-as" not in drawn('{% person_name family="S" given="Aarav" preferred="aarav" %}')
    assert drawn('{% person_name family="Diaz" given="Ana" baby_of=True %}') == (
        '<bdi class="hms-name">BABY of DIAZ, Ana</bdi>'
    )


def test_a_record_number_has_its_label_except_under_a_column_head() -> None:
    number = f'<bdi class="hms-id">00{NBSP}51{NBSP}904</bdi>'
    assert drawn('{% mrn "0051904" %}') == f'<span class="hms-nowrap">MRN{NBSP}{number}</span>'
    assert drawn('{% mrn "0051904" "" %}') == number


@pytest.mark.parametrize(
    ("currency", "written"), [("EUR", "1,234.50"), ("JPY", "1,235"), ("KWD", "1,234.500")]
)
def test_money_has_the_decimals_of_its_currency(currency: str, written: str) -> None:
    html = drawn("{% money amount currency %}", amount=Decimal("1234.5"), currency=currency)
    assert html == f'<span class="hms-num">{written}{NBSP}{currency}</span>'


@pytest.mark.parametrize(("value", "width"), [(24, "80.0"), (0, "0.0"), (45, "100.0"), (-1, "0.0")])
def test_a_bar_is_as_long_as_its_share(value: int, width: str) -> None:
    assert drawn("{% bar value 30 %}", value=value) == (
        '<svg class="hms-bar" viewBox="0 0 100 7" preserveAspectRatio="none" role="img" '
        f'aria-label="{value} of 30"><rect width="{width}" height="7"/></svg>'
    )


def test_a_bar_of_nothing_is_empty() -> None:
    assert '<rect width="0.0"' in drawn('{% bar 1 0 "warn" "none" %}')


def test_keys_are_printed_and_spoken() -> None:
    assert drawn('{% kbd "Ctrl K" %}') == '<kbd class="hms-kbd">Ctrl K</kbd>'
    assert drawn('{% kbd "ArrowUp" %}') == '<kbd class="hms-kbd">↑</kbd>'
    assert drawn('{% shortcut "Ctrl K,/" %}') == (
        'data-hms-key="Ctrl K,/" aria-keyshortcuts="Control+K /"'
    )
    assert drawn('{% key_hint "F2" "new" %}') == ('<span><kbd class="hms-kbd">F2</kbd> new</span>')


def test_script_texts_are_data_not_script() -> None:
    html = drawn("{% ui_texts %}")
    assert html.startswith('<script id="hms-texts" type="application/json">{')


class SampleForm(Form):
    name = CharField(label="Name", max_length=10, help_text="As in the passport")
    born = DateField(label="Born", required=False)
    sex = ChoiceField(label="Sex", choices=[("f", "Female"), ("m", "Male")], widget=RadioSelect)
    needs = ChoiceField(
        label="Needs", required=False, choices=[("w", "Wheel")], widget=CheckboxSelectMultiple
    )


def test_a_field_ties_label_help_and_error_to_the_control() -> None:
    form = SampleForm({"name": "Far too long a name"})
    html = drawn("{% field form.name placeholder='x' %}", form=form)
    assert '<label class="hms-label" for="id_name">Name</label>' in html
    assert 'id="id_name_helptext">As in the passport' in html
    assert 'id="id_name_error"' in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'value="Far too long a name"' in html
    assert 'class="form-control"' in html
    assert 'placeholder="x"' in html


def test_only_optional_fields_are_marked() -> None:
    assert "optional" not in drawn("{% field form.name %}", form=SampleForm())
    assert "optional" in drawn("{% field form.born %}", form=SampleForm())


def test_choices_are_a_group_with_a_legend() -> None:
    form = SampleForm({"sex": "m"})
    html = drawn("{% field form.sex segments=True %}", form=form)
    assert html.count("<legend") == 1
    assert 'class="hms-seg"' in html
    assert html.count("checked") == 1
    assert 'class="hms-seg"' not in drawn("{% field form.needs segments=True %}", form=form)
