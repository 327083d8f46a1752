"""Suspicions that two records are one person, and merges with everything to take them apart."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from core.models import BaseModel, kept_history
from patients.models.identity import Patient
from patients.states import MergeState, MoveHow, PairState


@kept_history()
class DuplicatePair(BaseModel):
    """The suspicion that two records are one person; `one` has the smaller number (ROW-A6).

    `found_by` is who registered somebody although this was likely; nobody: the nightly scan.
    """

    # What is said of two records, not of the person, goes with neither.
    stays_at_merge: ClassVar[bool] = True

    one = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    two = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=PairState, default=PairState.OPEN)
    score = models.DecimalField(max_digits=6, decimal_places=2)
    reasons = models.JSONField()
    # Of what was compared: a dismissal holds until it is another.
    compared = models.CharField(max_length=64)
    found_at = models.DateTimeField()
    found_by = models.ForeignKey(
        "org.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    note = models.CharField(max_length=300, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        "org.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(one__lt=F("two")), name="duplicatepair_ordered"),
            models.UniqueConstraint(fields=["one", "two"], name="duplicatepair_once"),
            models.CheckConstraint(
                condition=Q(state__in=PairState.values), name="duplicatepair_state_known"
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-score", "-id"], name="duplicatepair_list"),
        ]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.one_id} = {self.two_id}?"


@kept_history("snapshot", "notes_before_sealed")
class MergeCase(BaseModel):
    """The merging of one record (loser) into another (winner), done by a second person (ROW-A4)."""

    stays_at_merge: ClassVar[bool] = True

    winner = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    loser = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=MergeState, default=MergeState.PROPOSED)
    reason = models.CharField(max_length=300)
    proposed_at = models.DateTimeField()
    proposed_by = models.ForeignKey("org.User", on_delete=models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.ForeignKey(
        "org.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    executed_at = models.DateTimeField(null=True, blank=True)
    executed_by = models.ForeignKey(
        "org.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reversed_at = models.DateTimeField(null=True, blank=True)
    reversed_by = models.ForeignKey(
        "org.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    rejected_at = models.DateTimeField(null=True, blank=True)
    rejected_by = models.ForeignKey(
        "org.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # Both records' own columns before it, what was filled in, rows counted and left behind.
    snapshot = models.JSONField(default=dict)
    # The winner's notes of special care before it, sealed: they are in no snapshot (SEC-Z5).
    notes_before_sealed = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(winner=F("loser")), name="mergecase_two_records"),
            models.CheckConstraint(
                condition=Q(state__in=MergeState.values), name="mergecase_state_known"
            ),
            models.CheckConstraint(
                condition=Q(reviewed_by__isnull=True) | ~Q(reviewed_by=F("proposed_by")),
                name="mergecase_second_person_reviews",
            ),
            models.CheckConstraint(
                condition=Q(executed_by__isnull=True) | ~Q(executed_by=F("proposed_by")),
                name="mergecase_second_person_merges",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["executed", "reversed"]) | Q(executed_at__isnull=False),
                name="mergecase_merged_some_time",
            ),
            models.UniqueConstraint(
                fields=["loser"],
                condition=Q(state__in=["proposed", "reviewed", "executed"]),
                name="mergecase_one_per_loser",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-id"], name="mergecase_list"),
            models.Index(fields=["winner"], name="mergecase_winner"),
        ]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.loser_id} -> {self.winner_id}"


class MergeMove(models.Model):
    """One row that a merge took from the loser: which, by which column, and what it was before."""

    id = models.BigAutoField(primary_key=True)
    case = models.ForeignKey(MergeCase, on_delete=models.PROTECT, related_name="moves")
    table = models.CharField(max_length=80)
    column = models.CharField(max_length=60)
    row = models.CharField(max_length=40)
    how = models.CharField(max_length=8, choices=MoveHow, default=MoveHow.MOVED)
    # Further columns that had to change, or the whole of a row that was dropped.
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "table", "column", "row"], name="mergemove_once"
            ),
            models.CheckConstraint(condition=Q(how__in=MoveHow.values), name="mergemove_how_known"),
        ]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.table} {self.row}"
