"""Pages where people and money meet."""

from django.urls import path

from billing import buying_views, views

urlpatterns = [
    path("organizations/new/", views.new_organization, name="organization-new"),
    path("credits/warning/", views.credit_warning, name="credit-warning"),
    path("billing/", buying_views.overview, name="billing"),
]
