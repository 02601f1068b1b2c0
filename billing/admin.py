"""Plans, credits and the ledger, for support. Credits are only looked at here; a grant goes through the ledger."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from accounts.admin import OrganizationAdmin
from accounts.models import Organization, User
from billing import ledger, order_admin  # noqa: F401 - Django looks for admins here
from billing.forms import GrantForm
from billing.look_only import LookOnly
from billing.models import CreditAccount, CreditHold, CreditLot, IdempotencyClaim, KeyMonth, LedgerEntry, Plan
from billing.order_models import PlanPrice


class CreditAccountInline(LookOnly, admin.TabularInline):  # type: ignore[type-arg]
    """An organization's credits on its own page."""

    model = CreditAccount
    fields = readonly_fields = ("plan", "balance", "held", "debt")
    show_change_link = True


admin.site.unregister(Organization)


@admin.register(Organization)
class PayingOrganizationAdmin(OrganizationAdmin):
    """Organizations with their members and credits."""

    inlines = (*OrganizationAdmin.inlines, CreditAccountInline)

    def save_model(self, request: HttpRequest, obj: Organization, form: Any, change: bool) -> None:
        """Store it; a new one gets an empty account on the default plan."""
        super().save_model(request, obj, form, change)
        ledger.open_account(obj)


class PlanPriceInline(admin.TabularInline):  # type: ignore[type-arg]
    """What a plan costs a month, in each currency."""

    model = PlanPrice
    extra = 0


@admin.register(Plan)
class PlanAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """How fast each plan may call, what it brings and what it costs."""

    inlines = (PlanPriceInline,)
    list_display = (
        "name",
        "slug",
        "requests_per_minute",
        "requests_per_second",
        "megapixels_per_minute",
        "max_concurrency",
        "monthly_credits",
        "is_default",
    )


@admin.register(CreditAccount)
class CreditAccountAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The plan can be changed; credits come through the grant form."""

    list_display = ("organization", "plan", "balance", "held", "available", "debt")
    list_filter = ("plan",)
    list_select_related = ("organization", "plan")
    search_fields = ("organization__name", "organization__public_id")
    fields = (
        "organization",
        "plan",
        "balance",
        "held",
        "available",
        "debt",
        "low_credit_threshold",
        "low_credit_warned_at",
        "created",
    )
    readonly_fields = ("organization", "balance", "held", "available", "debt", "low_credit_warned_at", "created")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: an account is opened with its organization."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: CreditAccount | None = None) -> bool:
        """Refuse: entries stay."""
        return False

    def get_urls(self) -> list[URLPattern]:
        """Add the grant form beside each account."""
        grant = path(
            "<int:account_id>/grant/",
            self.admin_site.admin_view(self.grant_view),
            name="billing_creditaccount_grant",
        )
        return [grant, *super().get_urls()]

    def grant_view(self, request: HttpRequest, account_id: int) -> HttpResponse:
        """Give credits with a reason; the ledger records who did it."""
        if not request.user.has_perm("billing.add_ledgerentry"):
            raise PermissionDenied
        account = get_object_or_404(CreditAccount.objects.select_related("organization"), pk=account_id)
        form = GrantForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            self._grant(request, account, form)
            return HttpResponseRedirect(reverse("admin:billing_creditaccount_change", args=[account.pk]))
        context = {**self.admin_site.each_context(request), "title": "Grant credits", "account": account, "form": form}
        return TemplateResponse(request, "admin/billing/creditaccount/grant.html", context)

    def _grant(self, request: HttpRequest, account: CreditAccount, form: GrantForm) -> None:
        entry = ledger.grant(
            account,
            amount=form.cleaned_data["amount"],
            reference=f"admin:{form.cleaned_data['token']}",
            reason=form.cleaned_data["reason"],
            actor=request.user if isinstance(request.user, User) else None,
        )
        self.log_change(request, account, f"Granted {entry.amount} credits: {entry.reason}")
        self.message_user(request, f"{entry.amount} credits were granted.", level=messages.SUCCESS)


@admin.register(CreditHold)
class CreditHoldAdmin(LookOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """What is being worked on, and what became of it."""

    list_display = ("id", "account", "amount", "state", "owner", "created", "lease_expires_at", "settled_at")
    list_filter = ("state",)
    list_select_related = ("account__organization",)
    search_fields = ("account__organization__name", "account__organization__public_id")


@admin.register(KeyMonth)
class KeyMonthAdmin(LookOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """What each key used of a month's credits."""

    list_display = ("month", "api_key", "spent", "held")
    list_select_related = ("api_key",)
    search_fields = ("api_key__name", "api_key__prefix", "api_key__organization__public_id")
    date_hierarchy = "month"


@admin.register(LedgerEntry)
class LedgerEntryAdmin(LookOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Every movement of credits, for ever."""

    list_display = ("created", "account", "kind", "amount", "debt", "balance_after", "reference", "reason", "actor")
    list_filter = ("kind",)
    list_select_related = ("account__organization", "actor")
    search_fields = ("reference", "account__organization__name", "account__organization__public_id")
    date_hierarchy = "created"


@admin.register(IdempotencyClaim)
class IdempotencyClaimAdmin(LookOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Which retry names are taken, and until when they are free of charge."""

    list_display = ("key", "account", "state", "attempt", "created", "lease_expires_at", "expires_at")
    list_filter = ("state",)
    list_select_related = ("account__organization",)
    search_fields = ("key", "account__organization__public_id")


@admin.register(CreditLot)
class CreditLotAdmin(LookOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """What is left of the credits that each entry brought; uses are counted when lots change next."""

    list_display = ("entry", "account", "left", "expires_at", "warned_at")
    list_select_related = ("account__organization", "entry")
    search_fields = ("account__organization__name", "account__organization__public_id")
