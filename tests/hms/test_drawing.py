"""Migrations draw fewer models anew; code in a migration still meets all of them as they are."""

import inspect

from django.db import models
from django.db.migrations.state import ModelState, ProjectState

from hms.database.drawing import drawn_alone


def state() -> ProjectState:
    """Two models, the second pointing at the first, both drawn."""
    made = ProjectState()
    made.add_model(ModelState("probe", "One", [("id", models.BigAutoField(primary_key=True))]))
    link = models.ForeignKey("probe.One", models.CASCADE)
    fields = [("id", models.BigAutoField(primary_key=True)), ("one", link)]
    made.add_model(ModelState("probe", "Two", fields))
    assert made.apps.get_model("probe", "Two")
    return made


def grown(made: ProjectState) -> tuple[bool, bool]:
    """Add a plain field to the first model: say whether each of the two was drawn anew."""
    before = [made.apps.get_model("probe", name) for name in ("One", "Two")]
    made.add_field("probe", "one", "text", models.TextField(default=""), preserve_default=True)
    after = [made.apps.get_model("probe", name) for name in ("One", "Two")]
    one, two = (old is not new for old, new in zip(before, after, strict=True))
    return one, two


def test_django_still_asks_as_it_did() -> None:
    asked = inspect.signature(ProjectState._find_reload_model)  # type: ignore[attr-defined]
    assert list(asked.parameters) == ["self", "app_label", "model_name", "delay"]


def test_what_points_at_a_model_is_drawn_again_only_outside() -> None:
    assert grown(state()) == (True, True)
    with drawn_alone():
        assert grown(state()) == (True, False)
    assert grown(state()) == (True, True)


def test_code_in_a_migration_meets_models_that_know_each_other() -> None:
    made = state()
    with drawn_alone():
        grown(made)
        made.clear_delayed_apps_cache()
    one = made.apps.get_model("probe", "One")
    two = made.apps.get_model("probe", "Two")
    assert two._meta.get_field("one").related_model is one
    assert one._meta.get_field("text")


def test_a_relation_draws_all_that_it_touches() -> None:
    made = state()
    before = made.apps.get_model("probe", "Two")
    link = models.ForeignKey("probe.Two", models.CASCADE, null=True, related_name="+")
    with drawn_alone():
        made.add_field("probe", "one", "two", link, preserve_default=True)
    assert made.apps.get_model("probe", "Two") is not before
