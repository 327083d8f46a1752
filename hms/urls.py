"""Every address of the site."""

from django.urls import include, path

from hms import backups, mailbox, operations, views
from hms.api_docs import ApiDocsView, SchemaView
from org.urls import entrance
from org.views import oauth

urlpatterns = [
    path("", views.home, name="home"),
    path("search/", views.search_results, name="search"),
    path("keys/", views.keys, name="keys"),
    path("gallery/", views.gallery, name="gallery"),
    path("resume/<slug:name>/", views.resume, name="resume"),
    path("logo", views.logo, name="logo"),
    path("operations/", operations.overview, name="operations"),
    path("operations/mode", operations.mode_set, name="operations-mode"),
    path("operations/deliveries/<int:delivery_id>/retry", operations.retry, name="delivery-retry"),
    path("operations/backups/", backups.overview, name="backups"),
    path("operations/backups/now", backups.full_ask, name="backup-ask"),
    path("operations/backups/drill", backups.drill_ask, name="drill-ask"),
    path("operations/backups/<uuid:public_id>/", backups.report, name="backup-drill"),
    path("demo/mailbox/", mailbox.mailbox, name="demo-mailbox"),
    path("livez", views.livez, name="livez"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", views.numbers, name="metrics"),
    path("", include("org.urls")),
    path("audit/", include("audit.urls")),
    path("patients/", include("patients.urls")),
    path("tasks/", include("worklist.urls")),
    path("oauth/authorize", oauth.authorize, name="oauth-authorize"),
    path("oauth/token", oauth.token, name="oauth-token"),
    path("oauth/revoke", oauth.revoke, name="oauth-revoke"),
    path("oauth/introspect", oauth.introspect, name="oauth-introspect"),
    path(".well-known/oauth-authorization-server", oauth.metadata, name="oauth-metadata"),
    path("", include(entrance)),
    path("api/v1/", include("hms.api_v1")),
    path("api/schema/", SchemaView.as_view(), name="schema"),
    path("api/docs/", ApiDocsView.as_view(), name="api-docs"),
]

handler400 = views.bad_request
handler403 = views.denied
handler404 = views.not_found
handler500 = views.broken
