"""config/data_policy.yaml names every column of ours, and none that is gone."""

from typing import Any

import pytest
import yaml
from django.apps import apps
from django.conf import settings
from django.db import models
from pghistory.models import Event

POLICY = yaml.safe_load(
    (settings.BASE_DIR / "config" / "data_policy.yaml").read_text(encoding="utf-8")
)
TABLES: dict[str, dict[str, Any]] = POLICY["tables"]
# allauth's e-mail tables stay empty (one address, in org.User); pghistory's context is a column.
NOT_OURS = {"auth", "contenttypes", "guardian", "account", "pghistory"}
HISTORIES = [model for model in apps.get_models() if issubclass(model, Event)]
OURS = {
    model._meta.label: model
    for model in apps.get_models(include_auto_created=True)
    if model._meta.app_label not in NOT_OURS and not model._meta.proxy and model not in HISTORIES
}
MUST_BE_EMPTIED = {"personal", "sensitive", "secret"}
NAMES_OF_PEOPLE = ("family_name", "given_name", "email", "phone", "birth", "address")


def _columns(model: type[models.Model]) -> set[str]:
    return {field.name for field in model._meta.local_concrete_fields}


def test_every_table_is_in_the_policy_and_no_other() -> None:
    assert set(TABLES) == set(OURS)


@pytest.mark.parametrize("label", sorted(OURS))
def test_every_column_is_in_the_policy_and_no_other(label: str) -> None:
    assert set(TABLES[label]["columns"]) == _columns(OURS[label])


@pytest.mark.parametrize("label", sorted(TABLES))
def test_every_entry_uses_the_words_of_the_policy(label: str) -> None:
    assert TABLES[label]["retention"] in POLICY["retentions"]
    for classification, scrub in TABLES[label]["columns"].values():
        assert classification in POLICY["classifications"]
        assert scrub in POLICY["scrubs"]


@pytest.mark.parametrize("label", sorted(TABLES))
def test_secrets_and_free_text_never_leave_the_hospital(label: str) -> None:
    kept = [
        name
        for name, (classification, scrub) in TABLES[label]["columns"].items()
        if classification in {"secret", "sensitive"} and scrub == "keep"
    ]
    assert kept == []


@pytest.mark.parametrize("label", sorted(TABLES))
def test_what_names_a_person_is_personal_and_does_not_leave(label: str) -> None:
    for name, (classification, scrub) in TABLES[label]["columns"].items():
        if any(part in name for part in NAMES_OF_PEOPLE):
            assert classification in MUST_BE_EMPTIED
            assert scrub != "keep"


@pytest.mark.parametrize("label", sorted(TABLES))
def test_a_table_whose_rows_are_left_out_is_left_out_whole(label: str) -> None:
    scrubs = {scrub for _classification, scrub in TABLES[label]["columns"].values()}
    assert "drop" not in scrubs or scrubs == {"drop"}


@pytest.mark.parametrize("model", HISTORIES, ids=lambda model: model._meta.label)
def test_a_history_copies_no_secret(model: type[Event]) -> None:
    kept = model.pgh_tracked_model._meta.concrete_model  # type: ignore[attr-defined]
    secret = {
        name
        for name, (classification, _scrub) in TABLES.get(kept._meta.label, {})
        .get("columns", {})
        .items()
        if classification == "secret"
    }
    assert secret & _columns(model) == set()
