"""People, organizations and keys, for support."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts import api_keys
from accounts.forms import ApiKeyForm, NewUserForm, UserForm
from accounts.models import ApiKey, Membership, Organization, User
from accounts.vouching import vouch_for


class MembershipInline(admin.TabularInline):  # type: ignore[type-arg]
    """Who is in an organization, and which organizations a person is in."""

    model = Membership
    extra = 0
    autocomplete_fields = ("user", "organization")


@admin.register(User)
class PersonAdmin(UserAdmin):  # type: ignore[type-arg]
    """People by e-mail address."""

    form = UserForm
    add_form = NewUserForm
    inlines = (MembershipInline,)
    ordering = ("email",)
    list_display = ("email", "first_name", "last_name", "is_active", "is_staff", "last_login")
    search_fields = ("email", "first_name", "last_name")
    fieldsets = (
        (None, {"fields": ("email", "password", "first_name", "last_name", "language")}),
        ("Permissions", {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "usable_password", "password1", "password2")}),)
    readonly_fields = ("last_login", "date_joined")

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Store the person; staff stand for the address they type."""
        super().save_model(request, obj, form, change)
        if not change or "email" in form.changed_data:
            vouch_for(obj)


@admin.register(Organization)
class OrganizationAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Organizations and who is in them. They are suspended, not deleted: their ledger stays."""

    inlines: ClassVar[tuple[Any, ...]] = (MembershipInline,)
    list_display = ("name", "public_id", "is_suspended", "created")
    search_fields = ("name", "public_id")
    readonly_fields = ("public_id", "created")

    @admin.display(boolean=True)
    def is_suspended(self, organization: Organization) -> bool:
        """Show whether its keys are refused."""
        return organization.is_suspended

    def has_delete_permission(self, request: HttpRequest, obj: Organization | None = None) -> bool:
        """Refuse: suspend it instead."""
        return False


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Issue and revoke keys. The secret is shown once, when the key is issued."""

    form = ApiKeyForm
    actions = ("revoke_keys",)
    list_display = (
        "name",
        "organization",
        "shown",
        "is_test",
        "is_active",
        "expires_at",
        "monthly_credit_cap",
        "last_used_at",
        "last_used_from",
    )
    list_filter = ("is_test",)
    list_select_related = ("organization",)
    search_fields = ("name", "prefix", "last_four", "organization__name", "organization__public_id")
    autocomplete_fields = ("organization",)
    facts = (
        "organization",
        "shown",
        "is_test",
        "rotated_from",
        "created_by",
        "created",
        "revoked_at",
        "last_used_at",
        "last_used_from",
    )

    @admin.display(description="key")
    def shown(self, api_key: ApiKey) -> str:
        """Show what recognises the key."""
        return f"{api_key.prefix}...{api_key.last_four}"

    @admin.display(boolean=True)
    def is_active(self, api_key: ApiKey) -> bool:
        """Show whether the key works now."""
        return api_key.is_active_now

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        """Let a stored key change its name, scopes, expiry, cap and networks only."""
        return self.facts if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        """Refuse: revoke it instead, so that its name stays beside its use."""
        return False

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        """Issue a new key and show its secret once, or store a change."""
        if change:
            super().save_model(request, obj, form, change)
            return
        issued = api_keys.issue(
            obj.organization,
            name=obj.name,
            scopes=obj.scopes,
            created_by=request.user if isinstance(request.user, User) else None,
            expires_at=obj.expires_at,
            is_test=obj.is_test,
            monthly_credit_cap=obj.monthly_credit_cap,
            allowed_networks=obj.allowed_networks or (),
        )
        obj.__dict__.update(issued.api_key.__dict__)
        request.issued_key = issued  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        """Show the secret in this answer and nowhere else: a message would lie in a cookie or a session until shown."""
        context = {**self.admin_site.each_context(request), "title": "The new key", "opts": self.opts}
        context["issued"] = request.issued_key  # type: ignore[attr-defined]
        return render(request, "admin/accounts/apikey/issued.html", context)

    @admin.action(description="Revoke the selected keys", permissions=["change"])
    def revoke_keys(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """Refuse these keys from now on."""
        for api_key in queryset:
            api_keys.revoke(api_key)
            self.log_change(request, api_key, "Revoked.")
        self.message_user(request, f"{len(queryset)} keys are revoked.", level=messages.SUCCESS)
