"""Addresses of people and places."""

from django.urls import path

from org.views import session

app_name = "org"
urlpatterns = [
    path("sign-in/", session.sign_in, name="sign-in"),
    path("sign-out/", session.sign_out, name="sign-out"),
    path("unit-switch/", session.unit_switch, name="unit-switch"),
    path("preferences/", session.preferences, name="preferences"),
]
