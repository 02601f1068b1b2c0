"""The security log in the admin, to look at."""

from django.contrib import admin
from unfold.admin import ModelAdmin

from accounts.look_only import LookOnly
from accounts.security_models import SecurityEvent


@admin.register(SecurityEvent)
class SecurityEventAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]
    """Log-ins, failures, and changes of passwords, addresses and factors, by person or by address."""

    list_display = ("created", "event", "factor", "user", "address_key")
    list_filter = ("event", "factor", "created")
    list_select_related = ("user",)
    search_fields = ("user__email", "address_key")
    date_hierarchy = "created"
