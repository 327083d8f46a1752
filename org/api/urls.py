"""API routes of people and places."""

from django.urls import path

from org.api import views

urlpatterns = [
    path("me/", views.MeView.as_view(), name="me"),
    path("units/", views.UnitsView.as_view(), name="units"),
    path("units/<uuid:public_id>/", views.UnitView.as_view(), name="unit"),
]
