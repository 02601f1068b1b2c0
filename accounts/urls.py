"""Logging in and out."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from accounts.views import LogIn

urlpatterns = [
    path("login/", LogIn.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
]
