"""An alert comes once, is answered once, and noisy rules come before somebody who decides."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from core.errors import Invalid
from tests.factories import patients, tasks
from tests.factories.org import STARTED, Hospital
from tests.factories.sessions import sign_in
from tests.fixtures.rivals import race
from worklist import selectors, services
from worklist.models import AlertEvent, AlertReview
from worklist.services.alerts import setting_of

NOW = STARTED + timedelta(days=10)
RULE = "dose_limit"


def fire(number: int = 1, **rest: object) -> services.Fired:
    values = {"rule": RULE, "at": NOW, "by": None, "subject": ("test.order", str(number))}
    return services.alert_fire(**(values | rest))


def answer(found: services.Fired, by: int, response: str = "accepted", **rest: object) -> None:
    values = {"response": response, "by": by, "at": NOW + timedelta(minutes=4)}
    services.alert_answer(found.event, **(values | rest))


def test_the_same_alert_comes_again_only_when_it_is_worse_or_time_has_passed(
    hospital: Hospital,
) -> None:
    assert fire(value=Decimal(5)).is_new
    assert not fire(value=Decimal(5)).is_new
    assert not fire(value=Decimal(4)).is_new
    assert fire(value=Decimal(6)).is_new
    assert not fire(at=NOW + timedelta(hours=7)).is_new
    assert fire(at=NOW + timedelta(hours=9)).is_new
    assert list(AlertEvent.objects.order_by("pk").values_list("response", flat=True)) == [
        "expired",
        "expired",
        "",
    ]


def test_alerts_of_one_patient_and_rule_are_one_whatever_they_are_about(
    hospital: Hospital,
) -> None:
    patient = patients.patient(hospital.ward, hospital.person("front_desk"))
    assert fire(1, patient_id=patient.pk).is_new
    assert not fire(2, patient_id=patient.pk).is_new
    assert fire(2, patient_id=patient.pk, rule="duplicate_order").is_new


def test_an_override_needs_a_coded_reason_and_an_alert_is_answered_once(
    hospital: Hospital,
) -> None:
    found, doctor = fire(), hospital.person("doctor").pk
    with pytest.raises(Invalid):
        answer(found, doctor, "overridden")
    with pytest.raises(Invalid):
        answer(found, doctor, "overridden", reason="because")
    answer(found, doctor, "overridden", reason="known")
    with pytest.raises(services.AlertAnswered):
        answer(found, doctor)
    assert not fire().is_new


def test_what_nobody_answers_runs_out(hospital: Hospital) -> None:
    fire()
    assert services.alerts_expire(at=NOW + timedelta(hours=23)) == 0
    assert services.alerts_expire(at=NOW + timedelta(hours=25)) == 1
    assert AlertEvent.objects.get().response == "expired"


def test_an_unknown_rule_is_refused_and_a_rule_that_is_off_is_silent(hospital: Hospital) -> None:
    with pytest.raises(services.UnknownRule):
        fire(rule="guess")
    services.alert_rule_set(
        rule=RULE, values={"is_on": False}, version=0, by=hospital.admin.pk, at=NOW
    )
    assert fire().event is None


def noisy(hospital: Hospital) -> None:
    """Of twenty alerts fifteen are overridden, four acted on after 4 minutes, one runs out."""
    doctor = hospital.person("doctor").pk
    for number in range(20):
        found = fire(number)
        if number < 15:
            answer(found, doctor, "overridden", reason="too_often")
        elif number < 19:
            answer(found, doctor)
    services.alerts_expire(at=NOW + timedelta(hours=25))


def test_a_score_card_counts_what_became_of_the_alerts(hospital: Hospital) -> None:
    noisy(hospital)
    score = selectors.alert_score(RULE, at=NOW + timedelta(days=2))
    assert (score.fired, score.acted, score.overridden, score.expired) == (20, 4, 15, 1)
    assert (score.patients, score.acted_percent, score.overridden_percent) == (0, 20, 75)
    assert score.minutes == pytest.approx(4.0)
    assert selectors.alert_score(RULE, at=NOW + timedelta(days=91)).fired == 0


def test_a_noisy_rule_comes_up_until_somebody_decides(hospital: Hospital) -> None:
    noisy(hospital)
    at = NOW + timedelta(days=2)
    (score,) = selectors.to_review(selectors.alert_scores(at=at), at=at)
    assert score.rule == RULE
    services.alert_rule_review(
        rule=RULE,
        verdict="off",
        reason="Nobody acts on it",
        fired=20,
        overridden=15,
        by=hospital.admin.pk,
        at=at,
    )
    assert selectors.to_review(selectors.alert_scores(at=at), at=at) == []
    assert not setting_of(RULE).is_on


def test_kinds_of_tasks_have_scores_too(hospital: Hospital) -> None:
    made = tasks.task(hospital.ward, at=NOW)
    tasks.task(hospital.ward, at=NOW)
    services.task_done(made, by=hospital.person("nurse").pk, at=NOW + timedelta(minutes=30))
    (score,) = selectors.task_scores(at=NOW + timedelta(days=1))
    assert (score.kind, score.opened, score.done, score.minutes) == ("request", 2, 1, 30.0)


def test_an_administrator_decides_on_the_page_with_the_figures_before_them(
    hospital: Hospital,
) -> None:
    noisy(hospital)
    client = sign_in(Client(), hospital.admin)
    page = client.get(reverse("worklist:rule-review", args=[RULE])).content.decode()
    assert "Dose outside of the limits" in page
    sent = {"verdict": "change", "reason": ""}
    refused = client.post(reverse("worklist:rule-review", args=[RULE]), sent)
    assert refused.status_code == 422
    sent["reason"] = "Limits of children"
    assert client.post(reverse("worklist:rule-review", args=[RULE]), sent).status_code == 303
    assert AlertReview.objects.get().verdict == "change"


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_sixteen_at_once_show_one_alert(committed_hospital: Hospital) -> None:
    result = race(lambda _client: fire())
    assert result.broken == []
    assert sum(found.is_new for found in result.won) == 1
    assert AlertEvent.objects.filter(response="").count() == 1
