"""Addresses of people and places."""

from django.urls import path

from org.views import (
    accounts,
    activation,
    assignments,
    passwords,
    people,
    people_import,
    roles,
    screen,
    security,
    session,
    sessions,
    sign_in,
    sites,
    units,
)

app_name = "org"
urlpatterns = [
    path("sign-in/", sign_in.sign_in, name="sign-in"),
    path("sign-in/passkey/", sign_in.passkey, name="sign-in-passkey"),
    path("password/forgotten/", passwords.forgotten, name="password-forgotten"),
    path("password/change/", passwords.change, name="password-change"),
    path("password/choose/", passwords.choose, name="password-choose"),
    path("security/", security.security, name="security"),
    path("security/app/", security.app_add, name="app-add"),
    path("security/passkey/", security.passkey_add, name="passkey-add"),
    path("security/codes/", security.recovery_codes, name="recovery-codes"),
    path("security/remove/", security.factor_remove, name="factor-remove"),
    path("people/<uuid:public_id>/factors/", accounts.person_factors, name="person-factors"),
    path("people/<uuid:public_id>/unlock/", accounts.person_unlock, name="person-unlock"),
    path("sign-out/", session.sign_out, name="sign-out"),
    path("lock/", screen.lock, name="lock"),
    path("unlock/", screen.unlock, name="unlock"),
    path("stay/", screen.stay, name="stay"),
    path("sessions/", sessions.sessions, name="sessions"),
    path("sessions/end/", sessions.sessions_end, name="sessions-end"),
    path("sessions/pin/", sessions.quick_pin, name="quick-pin"),
    path("sessions/<uuid:public_id>/end/", sessions.session_end, name="session-end"),
    path("people/<uuid:public_id>/sessions/", sessions.person_sessions, name="person-sessions"),
    path("unit-switch/", session.unit_switch, name="unit-switch"),
    path("preferences/", session.preferences, name="preferences"),
    path("units/", units.units, name="units"),
    path("units/new/", units.unit_new, name="unit-new"),
    path("units/<uuid:public_id>/", units.unit, name="unit"),
    path("units/<uuid:public_id>/edit/", units.unit_edit, name="unit-edit"),
    path("units/<uuid:public_id>/close/", units.unit_close, name="unit-close"),
    path("units/<uuid:public_id>/reopen/", units.unit_reopen, name="unit-reopen"),
    path("units/<uuid:public_id>/hours/", sites.unit_hours, name="unit-hours"),
    path("sites/", sites.sites, name="sites"),
    path("sites/new/", sites.site_new, name="site-new"),
    path("sites/<uuid:public_id>/", sites.site, name="site"),
    path("sites/<uuid:public_id>/edit/", sites.site_edit, name="site-edit"),
    path("people/", people.people, name="people"),
    path("people/new/", people.person_new, name="person-new"),
    path("people/import/", people_import.person_import, name="person-import"),
    path("people/<uuid:public_id>/", people.person, name="person"),
    path("people/<uuid:public_id>/edit/", people.person_edit, name="person-edit"),
    path("people/<uuid:public_id>/link/", accounts.person_link, name="person-link"),
    path("people/<uuid:public_id>/activate/", accounts.person_activate, name="person-activate"),
    path("people/<uuid:public_id>/suspend/", accounts.person_suspend, name="person-suspend"),
    path("people/<uuid:public_id>/leave/", accounts.person_leave, name="person-leave"),
    path("people/<uuid:public_id>/profession/", people.practitioner_edit, name="practitioner-edit"),
    path("people/<uuid:public_id>/assign/", assignments.assignment_new, name="assignment-new"),
    path("assignments/<uuid:public_id>/end/", assignments.assignment_end, name="assignment-end"),
    path("roles/", roles.roles, name="roles"),
    path("roles/<slug:code>/", roles.role, name="role"),
    path("modules/", activation.activation, name="activation"),
    path("modules/history/", activation.activation_history, name="activation-history"),
    path(
        "modules/<uuid:public_id>/<slug:module>/", activation.activation_set, name="activation-set"
    ),
]

# allauth sends people to these by names of its own.
entrance = [
    path("sign-in/", sign_in.sign_in, name="account_login"),
    path("sign-in/code/", sign_in.second_factor, name="mfa_authenticate"),
    path("account/confirm/", sign_in.again, name="account_reauthenticate"),
]
