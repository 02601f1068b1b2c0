"""The organization a person works in: which one, who is in it."""

from django.urls import path

from accounts import views

urlpatterns = [
    path("organizations/new/", views.new_organization, name="organization-new"),
    path("organizations/switch/", views.switch, name="organization-switch"),
]
