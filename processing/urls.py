"""Pages about the work."""

from django.urls import path

from processing import views

urlpatterns = [path("dashboard/", views.dashboard, name="dashboard")]
