"""Removal records for whoever runs the server: to look at, not to change."""

from django.contrib import admin

from billing.admin import LookOnly
from processing.models import DailyUsage, RemovalRecord


@admin.register(RemovalRecord)
class RemovalRecordAdmin(LookOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Find a request by the id a caller names."""

    list_display = ("created", "request_id", "organization", "status", "code", "credits_charged", "took_ms")
    list_filter = ("status", "code")
    search_fields = ("request_id", "organization__name", "organization__public_id")
    date_hierarchy = "created"
    list_select_related = ("organization",)


@admin.register(DailyUsage)
class DailyUsageAdmin(LookOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """What remains of old records."""

    list_display = ("day", "organization", "status", "requests", "credits_charged")
    list_filter = ("day", "status")
    list_select_related = ("organization",)
