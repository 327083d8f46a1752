"""Text as people type it: what is refused, what is made plain, and how dates are read."""

from datetime import date

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import translation

from core.forms import TEXT_LIMIT, DateField, Form, JSONField, clean_text, parse_date

TODAY = date(2026, 11, 25)


class SampleForm(Form):
    name = forms.CharField(label="Family name", max_length=20)
    note = forms.CharField(required=False, widget=forms.Textarea)
    password = forms.CharField(required=False, strip=False, widget=forms.PasswordInput)
    kind = forms.ChoiceField(required=False, choices=[("a", "A")])


@pytest.mark.parametrize(
    "char",
    [
        *("\x00", "\x07", "\x1b", "\x7f", "\x85", "\ud800"),
        *("\u202e", "\u202a", "\u2066", "\u200e", "\u200f", "\u061c"),
        *("\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u180e"),
        *("\u3164", "\u115f", "\u2800", "\ufffd", "\ufffe", "\ue000", "\U000e0041"),
    ],
)
def test_what_cannot_be_seen_is_refused(char: str) -> None:
    with pytest.raises(ValidationError) as refused:
        clean_text(f"Ka{char}mat", label="Family name")
    text = refused.value.messages[0]
    assert text.startswith(f"Family name: character 3 (U+{ord(char):04X}) ")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Kamat", "Kamat"),
        ("e\u0301lan", "élan"),
        ("a\u00a0b\tc", "a b c"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("क्\u200dष", "क्\u200dष"),
        ("❤\ufe0f", "❤\ufe0f"),
        ("葛\U000e0100", "葛\U000e0100"),
        ("", ""),
    ],
)
def test_what_people_write_is_kept_in_one_form(typed: str, kept: str) -> None:
    assert clean_text(typed) == kept


def test_a_line_end_is_refused_where_one_line_is_asked_for() -> None:
    with pytest.raises(ValidationError):
        clean_text("a\nb", multiline=False)


def test_a_form_says_which_field_holds_the_hidden_character() -> None:
    form = SampleForm({"name": "Ka\u202emat", "note": "fine"})
    assert form.errors == {
        "name": [
            "Character 3 (U+202E) cannot be seen or changes how the text reads. Remove it and "
            "try again."
        ]
    }


def test_a_form_gives_text_in_one_form() -> None:
    form = SampleForm(QueryDict("name=E%CC%81lan&note=a%0D%0Ab"))
    assert form.is_valid()
    assert form.cleaned_data["name"] == "Élan"
    assert form.cleaned_data["note"] == "a\nb"


@pytest.mark.parametrize(("length", "is_valid"), [(TEXT_LIMIT, True), (TEXT_LIMIT + 1, False)])
def test_a_field_without_a_limit_has_the_house_limit(length: int, is_valid: bool) -> None:
    assert SampleForm({"name": "x", "note": "x" * length}).is_valid() == is_valid


def test_passwords_are_left_as_typed() -> None:
    form = SampleForm({"name": "x", "password": " e\u0301\u200b "})
    assert form.is_valid()
    assert form.cleaned_data["password"] == " e\u0301\u200b "


def test_a_refused_choice_can_be_shown_again() -> None:
    form = SampleForm({"name": "x", "kind": "\ud800"})
    assert not form.is_valid()
    str(form).encode()


def test_an_empty_form_has_no_data() -> None:
    assert not SampleForm().is_bound
    assert SampleForm(prefix="p", data={"p-name": "x"}).is_valid()


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("7 3 81", date(1981, 3, 7)),
        ("07/03/1981", date(1981, 3, 7)),
        ("7.3.81", date(1981, 3, 7)),
        ("7-3-1981", date(1981, 3, 7)),
        ("070381", date(1981, 3, 7)),
        ("07031981", date(1981, 3, 7)),
        ("07mar1981", date(1981, 3, 7)),
        ("7 March 81", date(1981, 3, 7)),
        ("7-MAR-81", date(1981, 3, 7)),
        ("2026-11-25", date(2026, 11, 25)),
        ("20261125", date(2026, 11, 25)),
        ("20101112", date(2010, 11, 12)),
        ("29 2 2024", date(2024, 2, 29)),
        ("t", TODAY),
        ("T-3", date(2026, 11, 22)),
        ("t+14", date(2026, 12, 9)),
        ("25 11 26", TODAY),
        ("1 1 46", date(2046, 1, 1)),
        ("1 1 47", date(1947, 1, 1)),
    ],
)
def test_dates_are_read_as_people_type_them(typed: str, read: date) -> None:
    assert parse_date(typed, TODAY) == read


@pytest.mark.parametrize(
    "typed",
    [
        *("", "7", "7 3", "7381", "31 2 81", "29 2 81", "7 13 81", "7 ju 81", "7 xyz 81"),
        *("t-", "t99999999", "7 3 081", "\x007 3 81", "0 0 0000", "1" * 60, "99999999"),
        *("७", "²² ² ²²", "t+99999 x", "--"),
    ],
)
def test_what_is_no_date_is_none(typed: str) -> None:
    assert parse_date(typed, TODAY) is None


@pytest.mark.parametrize(("typed", "read"), [("26 11 26", date(1926, 11, 26)), ("25 11 26", TODAY)])
def test_two_digit_years_of_births_are_not_in_the_future(typed: str, read: date) -> None:
    assert parse_date(typed, TODAY, future=False) == read


def test_months_are_read_in_the_active_language_and_in_english() -> None:
    with translation.override("fr"):
        assert parse_date("7 févr 81", TODAY) == date(1981, 2, 7)
        assert parse_date("7 feb 81", TODAY) == date(1981, 2, 7)
        assert parse_date("7 août 81", TODAY) == date(1981, 8, 7)


class BornForm(Form):
    born = DateField(today=lambda: TODAY, allow_future=False)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("tomorrow", "invalid"),
        ("31.12.1899", "range"),
        ("1 1 2200", "range"),
        ("31/12/9999", "range"),
        ("t+99999", "range"),
        ("t+1", "late"),
        ("26-11-2026", "late"),
        ("", "required"),
    ],
)
def test_a_date_field_says_what_is_wrong(typed: str, code: str) -> None:
    form = BornForm({"born": typed})
    assert form.errors.as_data()["born"][0].code == code


def test_a_date_out_of_range_names_the_limits() -> None:
    form = BornForm({"born": "31/12/9999"})
    assert form.errors["born"] == ["Enter a date from 1900 to 2199."]


def test_a_date_field_shows_what_it_can_read_again() -> None:
    form = BornForm(initial={"born": date(1981, 3, 7)})
    assert form["born"].value() == "07-Mar-1981"
    assert BornForm({"born": "07-Mar-1981"}).is_valid()
    assert not BornForm({"born": "7 3 81"}, initial={"born": date(1981, 3, 7)}).has_changed()


class ScriptForm(Form):
    answer = JSONField()


def test_a_script_s_json_is_parsed() -> None:
    form = ScriptForm({"answer": '{"id": ["é", {"deep": 1}]}'})
    assert form.is_valid()
    assert form.cleaned_data["answer"] == {"id": ["é", {"deep": 1}]}


@pytest.mark.parametrize(
    "sent",
    [
        "{",
        "[" * 20_000,
        '["' + "x" * 60_000 + '"]',
        '{"id": "a\\u0000b"}',
        '{"a\\u202eb": 1}',
        "",
    ],
    ids=["half", "deep", "long", "NUL", "direction", "nothing"],
)
def test_a_script_s_json_is_refused_like_any_other_input(sent: str) -> None:
    assert list(ScriptForm({"answer": sent}).errors) == ["answer"]
