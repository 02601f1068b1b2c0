"""Removal records for whoever runs the server: to look at, not to change."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from processing.models import DailyUsage, RemovalRecord


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """Nothing here is added, changed or deleted by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """No."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """No."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """No."""
        return False


@admin.register(RemovalRecord)
class RemovalRecordAdmin(ReadOnlyAdmin):
    """Find a request by the id a caller names."""

    list_display = ("created", "request_id", "organization", "status", "code", "credits_charged", "took_ms")
    list_filter = ("status", "code")
    search_fields = ("request_id", "organization__name", "organization__public_id")
    date_hierarchy = "created"
    list_select_related = ("organization",)


@admin.register(DailyUsage)
class DailyUsageAdmin(ReadOnlyAdmin):
    """What remains of old records."""

    list_display = ("day", "organization", "status", "requests", "credits_charged")
    list_filter = ("day", "status")
    list_select_related = ("organization",)
