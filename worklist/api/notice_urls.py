"""API routes of notices and score cards."""

from django.urls import path

from worklist.api import notices

urlpatterns = [
    path("notices/", notices.NoticesView.as_view(), name="notices"),
    path("notices/read", notices.NoticesReadView.as_view(), name="notices-read"),
    path("notices/choice", notices.NoticeChoiceView.as_view(), name="notice-choice"),
    path("notices/<uuid:public_id>/read", notices.NoticeReadView.as_view(), name="notice-read"),
    path("deliveries/", notices.DeliveriesView.as_view(), name="deliveries"),
    path(
        "deliveries/<uuid:public_id>/retry",
        notices.DeliveryRetryView.as_view(),
        name="notice-retry",
    ),
    path("scores/", notices.ScoresView.as_view(), name="scores"),
    path("scores/<slug:rule>/", notices.RuleView.as_view(), name="score"),
    path("scores/<slug:rule>/review", notices.RuleReviewView.as_view(), name="score-review"),
]
