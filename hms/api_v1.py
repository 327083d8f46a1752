"""Every route of the REST API, version 1."""

from django.urls import include, path

from hms import backups_api as api

app_name = "api"
urlpatterns = [
    path("org/", include("org.api.urls")),
    path("audit/", include("audit.api.urls")),
    path("patients/", include("patients.api.urls")),
    path("worklist/", include("worklist.api.urls")),
    path("worklist/", include("worklist.api.notice_urls")),
    path("operations/backups/", api.BackupStateView.as_view(), name="backup-state"),
    path("operations/backups/fulls/", api.FullsView.as_view(), name="backups"),
    path("operations/backups/drills/", api.DrillsView.as_view(), name="drills"),
    path("operations/backups/drills/<uuid:public_id>/", api.DrillView.as_view(), name="drill"),
]
