"""Models of packages we use, in the admin's look: how people come in, and what staff changed. Most only to look at."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from accounts.admin import may_touch
from accounts.look_only import LookOnly
from accounts.models import User

for model in (EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken, UserSession, Group):
    admin.site.unregister(model)  # apps and tokens of providers come from the environment, and are nobody's to read


@admin.register(EmailAddress)
class AddressAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]
    """Whose address is verified. People change theirs themselves; the primary one changes on the person's page."""

    list_display = ("email", "user", "primary", "verified")
    list_filter = ("primary", "verified")
    list_select_related = ("user",)
    search_fields = ("email", "user__email")


@admin.register(Authenticator)
class SecondFactorAdmin(ModelAdmin):  # type: ignore[misc]
    """Passkeys, apps and codes, without their secrets. Who lost all of theirs is let in again by taking them away."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    list_select_related = ("user",)
    search_fields = ("user__email",)
    fields = readonly_fields = ("user", "type", "created_at", "last_used_at")

    def has_add_permission(self, request: object) -> bool:
        """Refuse: people set up their own."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Authenticator | None = None) -> bool:
        """Let superusers alone take them from staff."""
        may: bool = super().has_delete_permission(request, obj)
        return may and may_touch(request, None if obj is None else obj.user)


@admin.register(SocialAccount)
class AccountElsewhereAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]
    """Who comes in with an account elsewhere."""

    list_display = ("user", "provider", "uid", "last_login")
    list_filter = ("provider",)
    list_select_related = ("user",)
    search_fields = ("uid", "user__email")
    fields = ("user", "provider", "uid", "last_login", "date_joined")


@admin.register(UserSession)
class SessionAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]
    """Where people are logged in."""

    list_display = ("user", "ip", "user_agent", "created_at", "last_seen_at")
    list_select_related = ("user",)
    search_fields = ("user__email", "ip")
    fields = ("user", "ip", "user_agent", "created_at", "last_seen_at")


@admin.register(Group)
class StaffGroupAdmin(GroupAdmin, ModelAdmin):  # type: ignore[misc]
    """What groups of staff may do. Superusers alone say so: who is in one of them would give it to themselves."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let superusers alone make groups."""
        return _is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """Let superusers alone change groups."""
        return _is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """Let superusers alone delete groups."""
        return _is_superuser(request)


@admin.register(LogEntry)
class LogEntryAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]
    """What staff did in the admin."""

    list_display = ("action_time", "user", "content_type", "object_repr", "get_change_message")
    list_filter = ("action_flag", "content_type")
    list_select_related = ("user", "content_type")
    search_fields = ("object_repr", "change_message", "user__email")
    date_hierarchy = "action_time"


def _is_superuser(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.is_superuser
