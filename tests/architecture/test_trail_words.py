"""Every table and column that the pages of the trail show has a word that people read."""

from audit.selectors import history, names, policy, words
from audit.views.history import HIDDEN


def test_every_kind_of_thing_has_a_word() -> None:
    shown = {*names.kinds(), *history.every()}
    assert shown - set(words.KINDS) == set(), "audit/selectors/words.py"
    assert set(words.KINDS) - shown == set(), "no table is called so any more"


def test_every_column_whose_changes_are_shown_has_a_word() -> None:
    shown = {
        column.attname
        for label, one in history.every().items()
        for column in one.model._meta.concrete_fields
        if column.attname in one.columns
        and column.attname not in policy.secret_columns().get(label, ())
    } - HIDDEN
    assert shown - set(words.COLUMNS) == set(), "audit/selectors/words.py"
    assert set(words.COLUMNS) - shown == set(), "no column is called so any more"
