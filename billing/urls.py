"""Pages about credits."""

from django.urls import path

from billing import views

urlpatterns = [path("credits/warning/", views.credit_warning, name="credit-warning")]
