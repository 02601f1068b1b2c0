"""Addresses below /docs/."""

from django.urls import path

from removebg.documents import views
from removebg.migrating import page as migrating
from removebg.migrating import run_page, running

urlpatterns = [
    path("", views.docs, name="docs"),
    path("quickstart/", views.quickstart, name="docs-quickstart"),
    path("api/", views.api_index, name="docs-api"),
    path("api/<slug:slug>/", views.endpoint_page, name="docs-endpoint"),
    path("swagger/", views.Swagger.as_view(), name="docs-swagger"),
    path("errors/", views.error_index, name="error-index"),
    path("errors/<slug:slug>", views.error_page, name="error-page"),
    path("migrate/", migrating.check, name="docs-migrate"),
    path("migrate/keep/", run_page.keep, name="docs-migrate-keep"),
    path("migrate/run/", run_page.run_page, name="docs-migrate-run"),
    path("migrate/run/v1", running.RunV1.as_view(), name="docs-migrate-run-v1"),
    path("migrate/run/v1.0", running.RunV1_0.as_view(), name="docs-migrate-run-v1.0"),
    path("migrate-from-<slug:slug>/", views.guide, name="guide"),
]
