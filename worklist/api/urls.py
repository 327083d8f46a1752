"""API routes of tasks."""

from django.urls import path

from worklist.api import views

urlpatterns = [
    path("tasks/", views.TasksView.as_view(), name="tasks"),
    path("tasks/counts", views.CountsView.as_view(), name="task-counts"),
    path("tasks/<uuid:public_id>/", views.TaskView.as_view(), name="task"),
    path("tasks/<uuid:public_id>/claim", views.ClaimView.as_view(), name="task-claim"),
    path("tasks/<uuid:public_id>/release", views.ReleaseView.as_view(), name="task-release"),
    path("tasks/<uuid:public_id>/done", views.DoneView.as_view(), name="task-done"),
    path("tasks/<uuid:public_id>/hand-over", views.HandOverView.as_view(), name="task-hand-over"),
    path("tasks/<uuid:public_id>/move", views.MoveView.as_view(), name="task-move"),
    path("tasks/<uuid:public_id>/hold", views.HoldView.as_view(), name="task-hold"),
    path("tasks/<uuid:public_id>/wake", views.WakeView.as_view(), name="task-wake"),
    path("tasks/<uuid:public_id>/void", views.VoidView.as_view(), name="task-void"),
    path("tasks/<uuid:public_id>/notes", views.NotesView.as_view(), name="task-notes"),
    path("delegations/", views.DelegationsView.as_view(), name="delegations"),
    path(
        "delegations/<uuid:delegation_id>/end",
        views.DelegationEndView.as_view(),
        name="delegation-end",
    ),
]
