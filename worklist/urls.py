"""Addresses of tasks."""

from django.urls import path

from worklist.views import about, inbox, notices, routing, scores, task

app_name = "worklist"
urlpatterns = [
    path("", inbox.my_tasks, name="my-tasks"),
    path("new/", task.task_new, name="task-new"),
    path("away/", routing.away, name="away"),
    path("away/<uuid:delegation_id>/end", routing.away_end, name="away-end"),
    path("about/<uuid:public_id>/", about.patient_tasks, name="patient-tasks"),
    path("due-times/", routing.due_times, name="due-times"),
    path("<uuid:public_id>/", task.task, name="task"),
    path("<uuid:public_id>/claim", task.task_claim, name="task-claim"),
    path("<uuid:public_id>/release", task.task_release, name="task-release"),
    path("<uuid:public_id>/done", task.task_done, name="task-done"),
    path("<uuid:public_id>/wake", task.task_wake, name="task-wake"),
    path("<uuid:public_id>/seen", task.task_seen, name="task-seen"),
    path("<uuid:public_id>/note", task.task_note, name="task-note"),
    path("<uuid:public_id>/hand-over/", task.task_hand_over, name="task-hand-over"),
    path("<uuid:public_id>/move/", task.task_move, name="task-move"),
    path("<uuid:public_id>/hold/", task.task_hold, name="task-hold"),
    path("<uuid:public_id>/void/", task.task_void, name="task-void"),
    path("bell/", notices.bell, name="bell"),
    path("notices/", notices.notices, name="notices"),
    path("notices/read/", notices.notices_read, name="notices-read"),
    path("notices/trial/", notices.notice_trial, name="notice-trial"),
    path("notices/choose/", notices.notice_choose, name="notice-choose"),
    path("notices/phone/", notices.phone_set, name="phone-set"),
    path("notices/phone/confirm/", notices.phone_confirm, name="phone-confirm"),
    path("notices/phone/remove/", notices.phone_remove, name="phone-remove"),
    path("notices/<uuid:public_id>/open/", notices.notice_open, name="notice-open"),
    path("deliveries/", notices.deliveries, name="deliveries"),
    path("deliveries/<uuid:public_id>/retry/", notices.delivery_retry, name="delivery-retry"),
    path("sms-report/", notices.sms_report, name="sms-report"),
    path("scores/", scores.scores, name="scores"),
    path("scores/<slug:rule>/review/", scores.rule_review, name="rule-review"),
    path("scores/<slug:rule>/set/", scores.rule_set, name="rule-set"),
]
