"""API routes of people and places."""

from django.urls import path

from org.api.views import activation, assignments, clients, me, people, roster, sites, units

urlpatterns = [
    path("me/", me.MeView.as_view(), name="me"),
    path("me/sessions/", me.SessionsView.as_view(), name="sessions"),
    path("me/sessions/<uuid:public_id>/end", me.SessionEndView.as_view(), name="session-end"),
    path("me/apps/", me.AppsView.as_view(), name="apps"),
    path("me/apps/end", me.AppsEndView.as_view(), name="apps-end"),
    path("me/apps/<uuid:public_id>/end", me.AppEndView.as_view(), name="app-end"),
    path("clients/", clients.ClientsView.as_view(), name="clients"),
    path("clients/<uuid:public_id>/", clients.ClientView.as_view(), name="client"),
    path(
        "clients/<uuid:public_id>/secret", clients.ClientSecretView.as_view(), name="client-secret"
    ),
    path("clients/<uuid:public_id>/close", clients.ClientCloseView.as_view(), name="client-close"),
    path("sites/", sites.SitesView.as_view(), name="sites"),
    path("sites/<uuid:public_id>/", sites.SiteView.as_view(), name="site"),
    path("units/", units.UnitsView.as_view(), name="units"),
    path("units/<uuid:public_id>/", units.UnitView.as_view(), name="unit"),
    path("units/<uuid:public_id>/hours", sites.UnitHoursView.as_view(), name="unit-hours"),
    path("units/<uuid:public_id>/invite", units.UnitInviteView.as_view(), name="unit-invite"),
    path("units/<uuid:public_id>/close", units.UnitCloseView.as_view(), name="unit-close"),
    path("units/<uuid:public_id>/reopen", units.UnitReopenView.as_view(), name="unit-reopen"),
    path("people/", people.PeopleView.as_view(), name="people"),
    path("people/<uuid:public_id>/", people.PersonView.as_view(), name="person"),
    path(
        "people/<uuid:public_id>/activate",
        people.PersonActivateView.as_view(),
        name="person-activate",
    ),
    path(
        "people/<uuid:public_id>/suspend", people.PersonSuspendView.as_view(), name="person-suspend"
    ),
    path("people/<uuid:public_id>/leave", people.PersonLeaveView.as_view(), name="person-leave"),
    path("people/<uuid:public_id>/invite", people.PersonInviteView.as_view(), name="person-invite"),
    path("people/<uuid:public_id>/reset", people.PersonResetView.as_view(), name="person-reset"),
    path("people/<uuid:public_id>/unlock", people.PersonUnlockView.as_view(), name="person-unlock"),
    path(
        "people/<uuid:public_id>/sessions/",
        people.PersonSessionsView.as_view(),
        name="person-sessions",
    ),
    path(
        "people/<uuid:public_id>/sessions/end",
        people.PersonSessionsEndView.as_view(),
        name="person-sessions-end",
    ),
    path("roles/", me.RolesView.as_view(), name="roles"),
    path("assignments/", assignments.AssignmentsView.as_view(), name="assignments"),
    path("assignments/<uuid:public_id>/", assignments.AssignmentView.as_view(), name="assignment"),
    path(
        "assignments/<uuid:public_id>/end",
        assignments.AssignmentEndView.as_view(),
        name="assignment-end",
    ),
    path("roster/", roster.RosterView.as_view(), name="roster"),
    path("roster/now", roster.OnNowView.as_view(), name="roster-now"),
    path("roster/copy", roster.RosterCopyView.as_view(), name="roster-copy"),
    path("roster/<uuid:public_id>/", roster.RosterEntryView.as_view(), name="roster-entry"),
    path("roster/<uuid:public_id>/move", roster.RosterMoveView.as_view(), name="roster-move"),
    path("roster/<uuid:public_id>/remove", roster.RosterRemoveView.as_view(), name="roster-remove"),
    path("shifts/", roster.ShiftsView.as_view(), name="shifts"),
    path("shifts/<uuid:public_id>/", roster.ShiftView.as_view(), name="shift"),
    path("absences/", roster.AbsencesView.as_view(), name="absences"),
    path("absences/<uuid:public_id>/end", roster.AbsenceEndView.as_view(), name="absence-end"),
    path("activation/", activation.LevelsView.as_view(), name="levels"),
    path("activation/history/", activation.LevelHistoryView.as_view(), name="level-history"),
    path(
        "activation/<uuid:public_id>/<slug:module>/", activation.LevelView.as_view(), name="level"
    ),
]
