"""People, organizations and keys, for support."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action
from unfold.forms import AdminPasswordChangeForm

from accounts import (  # noqa: F401 - Django looks for admins here
    api_keys,
    operator_actions,
    security_admin,
    support_admin,
    support_visits,
    suspension,
)
from accounts.access_admin import AccessActions, deactivate, link_to_keys, own_session
from accounts.admin_pages import ReasonForm, address_of, ask, find_row
from accounts.forms import ApiKeyForm, NewUserForm, UserForm
from accounts.models import ApiKey, Membership, Organization, User
from accounts.security_log import record
from accounts.security_models import Event
from accounts.support_visits import CannotBeVisited
from accounts.vouching import vouch_for


def may_touch(request: HttpRequest, person: User | None) -> bool:
    """Tell whether who asks may change what lets this person in: of staff, superusers alone."""
    is_superuser = isinstance(request.user, User) and request.user.is_superuser
    return is_superuser or person is None or not (person.is_staff or person.is_superuser)


class MembershipInline(TabularInline):  # type: ignore[misc]
    """Who is in an organization, and which organizations a person is in."""

    model = Membership
    extra = 0
    autocomplete_fields = ("user", "organization")


@admin.register(User)
class PersonAdmin(AccessActions, UserAdmin, ModelAdmin):  # type: ignore[misc,type-arg]
    """People by e-mail address. A superuser can look at the site as one of them sees it."""

    form = UserForm
    add_form = NewUserForm
    change_password_form = AdminPasswordChangeForm
    actions = ("end_sessions_of_selected",)
    actions_detail = ("visit", "end_sessions", "revoke_keys")
    inlines = (MembershipInline,)
    ordering = ("email",)
    list_display = ("email", "first_name", "last_name", "is_active", "is_staff", "last_login")
    search_fields = ("email", "first_name", "last_name")
    fieldsets = (
        (None, {"fields": ("email", "password", "first_name", "last_name", "language")}),
        ("Permissions", {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        ("API keys they made", {"fields": ("api_keys_made",)}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "usable_password", "password1", "password2")}),)
    readonly_fields = ("last_login", "date_joined", "api_keys_made")
    filter_horizontal = ()
    powers = ("is_staff", "is_superuser", "groups", "user_permissions")

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Let superusers alone say who runs the server."""
        may = isinstance(request.user, User) and request.user.is_superuser
        return self.readonly_fields if may else (*self.readonly_fields, *self.powers)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Let superusers alone change staff: whoever sets the password of one may do all that they may."""
        return super().has_change_permission(request, obj) and (obj == request.user or may_touch(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Let superusers alone delete staff."""
        return super().has_delete_permission(request, obj) and may_touch(request, obj)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Store the person; staff stand for the address they type. A new address ends what the old ones opened."""
        super().save_model(request, obj, form, change)
        if not change:
            vouch_for(obj)
        elif "email" in form.changed_data:
            self._replace_address(request, obj, old=form.initial["email"])
        if change and "is_active" in form.changed_data and not obj.is_active:
            deactivate(request, obj)

    def _replace_address(self, request: HttpRequest, person: User, *, old: str) -> None:
        operator_actions.replace_addresses(person, keep=own_session(request, person))

        def send_mails() -> None:
            for address in operator_actions.mail_new_address(person, old):
                messages.warning(request, f"The mail to {address} about the new address could not be sent.")

        transaction.on_commit(send_mails)

    @admin.display(description="working now")
    def api_keys_made(self, person: User) -> str:
        """Show how many keys of theirs work, and lead to all of them."""
        return link_to_keys(person)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Set the password, and write that to the security log."""
        person = find_row(User, id)
        answer: HttpResponse = super().user_change_password(request, id, form_url)
        if person is not None and User.objects.filter(pk=person.pk).exclude(password=person.password).exists():
            record(Event.PASSWORD_CHANGED, user=person, request=None)
        return answer

    def has_visit_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Let superusers look, and only at people who are no staff."""
        person = find_row(User, object_id)
        return isinstance(request.user, User) and person is not None and support_visits.may_visit(request.user, person)

    @action(description="Log in as this person", url_path="visit", icon="visibility", permissions=["visit"])
    def visit(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask why; then show the site as the person sees it."""
        person = get_object_or_404(User, pk=object_id)
        form = ReasonForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                support_visits.begin(request, person, reason=form.cleaned_data["reason"])
            except CannotBeVisited as refusal:
                raise PermissionDenied(refusal.public_text) from None
            self.log_change(request, person, f"Logged in as them: {form.cleaned_data['reason']}")
            return HttpResponseRedirect(reverse("dashboard"))
        words = (
            "You will see the pages of their organizations as they see them, and can change nothing. Their account, "
            "with addresses, passwords and second factors, stays closed to you.",
            "Among their sessions they are shown when you did this, and the reason you give. It is kept for ever.",
        )
        title = button = f"Log in as {person.email}"
        return ask(self, request, person, title=title, button=button, form=form, words=words)

    def get_urls(self) -> list[URLPattern]:
        """Add the way back from a visit."""
        leave = path("leave/", self.admin_site.admin_view(self.leave_view), name="accounts_user_leave")
        return [leave, *super().get_urls()]

    def leave_view(self, request: HttpRequest) -> HttpResponse:
        """End the visit, where the button was sent, and go back to the person's page."""
        visit = support_visits.leave(request) if request.method == "POST" else None
        if visit is None:
            return HttpResponseRedirect(reverse("admin:index"))
        messages.success(request, f"You see the site as yourself again, no longer as {visit.person}.")
        return HttpResponseRedirect(address_of(visit.person))


@admin.register(Organization)
class OrganizationAdmin(ModelAdmin):  # type: ignore[misc]
    """Organizations and who is in them. They are suspended, not deleted: their ledger stays."""

    inlines: ClassVar[tuple[Any, ...]] = (MembershipInline,)
    list_display = ("name", "public_id", "is_suspended", "keys_frozen_at", "closed_at", "created")
    list_filter = (
        ("suspended_at", admin.EmptyFieldListFilter),
        ("keys_frozen_at", admin.EmptyFieldListFilter),
        ("closed_at", admin.EmptyFieldListFilter),
    )
    search_fields = ("name", "public_id", "memberships__user__email")
    fields: tuple[str, ...] = (
        "name",
        "public_id",
        "suspended_at",
        "why_suspended",
        "keys_frozen_at",
        "closed_at",
        "created",
    )
    readonly_fields: tuple[str, ...] = fields[1:]
    actions_detail: ClassVar[tuple[str, ...]] = ("suspend", "let_go_on")

    @admin.display(boolean=True)
    def is_suspended(self, organization: Organization) -> bool:
        """Show whether its keys are refused."""
        return organization.is_suspended

    @admin.display(description="reason of the suspension")
    def why_suspended(self, organization: Organization) -> str:
        """Show what its people are told."""
        return suspension.reason_of(organization)

    def has_delete_permission(self, request: HttpRequest, obj: Organization | None = None) -> bool:
        """Refuse: suspend it instead."""
        return False

    def has_suspend_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Offer it for those that are not suspended."""
        return self._may_change(request, object_id, is_suspended=False)

    def has_release_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Offer it for those that are suspended, and not closed by their owner."""
        return self._may_change(request, object_id, is_suspended=True)

    def _may_change(self, request: HttpRequest, object_id: Any, *, is_suspended: bool) -> bool:
        if not request.user.has_perm("accounts.change_organization"):
            return False
        found = find_row(Organization, object_id)
        return found is not None and found.closed_at is None and found.is_suspended == is_suspended

    @action(description="Suspend", url_path="suspend", icon="block", permissions=["suspend"])
    def suspend(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask why; then refuse the organization's keys. Its people are shown the reason."""
        words = (
            "Its API keys are refused from then on. Its people still log in, and read the reason on their pages.",
            "Nothing new can be bought for it. A plan that runs is paid each month until somebody cancels it.",
        )
        organization = get_object_or_404(Organization, pk=object_id)
        return self._ask_and_do(request, organization, suspension.suspend, title=f"Suspend {organization}", words=words)

    @action(description="Let it go on", url_path="let-go-on", icon="play_arrow", permissions=["release"])
    def let_go_on(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask why; then let the organization's keys work again."""
        words = ("Its API keys work again from then on.",)
        organization = get_object_or_404(Organization, pk=object_id)
        title = f"Let {organization} go on"
        return self._ask_and_do(request, organization, suspension.let_go_on, title=title, words=words)

    def _ask_and_do(
        self, request: HttpRequest, organization: Organization, act: Any, *, title: str, words: tuple[str, ...]
    ) -> HttpResponse:
        form = ReasonForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            reason = form.cleaned_data["reason"]
            if act(organization, actor=request.user, reason=reason):
                self.log_change(request, organization, f"{title}: {reason}")
                messages.success(request, f"{title}: done.")
            return HttpResponseRedirect(address_of(organization))
        takes = act is suspension.suspend
        return ask(self, request, organization, title=title, button=title, form=form, words=words, takes=takes)


@admin.register(ApiKey)
class ApiKeyAdmin(ModelAdmin):  # type: ignore[misc]
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
        "requests_per_minute",
        "last_used_at",
        "last_used_from",
    )
    list_filter = ("is_test", ("created_by", admin.RelatedOnlyFieldListFilter))
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
        """Let a stored key change its name, scopes, expiry, limits and networks only."""
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
            requests_per_minute=obj.requests_per_minute,
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
