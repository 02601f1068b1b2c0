"""What operators did to organizations and people, to look at."""

from django.contrib import admin
from unfold.admin import ModelAdmin

from accounts.look_only import LookOnly
from accounts.support_models import SupportVisit, Suspension


@admin.register(SupportVisit)
class SupportVisitAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]
    """Who looked at the site as whom, and why."""

    list_display = ("created", "operator", "person", "reason", "ended_at", "expires_at")
    list_select_related = ("operator", "person")
    search_fields = ("operator__email", "person__email", "reason")
    date_hierarchy = "created"


@admin.register(Suspension)
class SuspensionAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]
    """Which organization was suspended or let go on, by whom and why."""

    list_display = ("created", "organization", "suspends", "reason", "actor")
    list_filter = ("suspends",)
    list_select_related = ("organization", "actor")
    search_fields = ("organization__name", "organization__public_id", "reason")
    date_hierarchy = "created"
