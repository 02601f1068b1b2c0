"""Plans, credits and the ledger, for support. Credits are only looked at here; a grant goes through the ledger."""

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action

from accounts.admin import OrganizationAdmin
from accounts.admin_pages import address_of, ask, find_row, joined, link_to, list_where
from accounts.look_only import LookOnly
from accounts.models import Organization, User
from billing import (  # noqa: F401 - the admin modules register theirs
    audit,
    free_credit_admin,
    ledger,
    order_admin,
    plan_admin,
    reasons,
    recharge_admin,
)
from billing.errors import InsufficientCredits
from billing.models import CreditAccount, CreditHold, CreditLot, IdempotencyClaim, KeyMonth, LedgerEntry, Plan
from billing.operator_forms import AdjustForm, GrantForm, PlanPriceForm
from billing.order_models import PlanPrice
from billing.recharge_models import AutoRecharge
from billing.sales import brought

SHOWN_ORDERS = 10
MAY_MOVE = "billing.add_ledgerentry"


class CreditAccountInline(LookOnly, TabularInline):  # type: ignore[misc]
    """An organization's credits on its own page."""

    model = CreditAccount
    fields = readonly_fields = ("plan", "balance", "held", "debt")
    show_change_link = True


admin.site.unregister(Organization)


@admin.register(Organization)
class PayingOrganizationAdmin(OrganizationAdmin):
    """Organizations with their members and credits."""

    inlines = (*OrganizationAdmin.inlines, CreditAccountInline)
    fields = (*OrganizationAdmin.fields, "credits", "orders", "plans", "recharge", "customers")
    readonly_fields = fields[1:]

    @admin.display(description="credits")
    def credits(self, organization: Organization) -> str:
        """Lead to what it has, where credits are granted."""
        return link_to(CreditAccount.objects.filter(organization=organization).first())

    @admin.display(description="orders")
    def orders(self, organization: Organization) -> str:
        """Lead to what it bought lately, and to all of it where that is more."""
        orders = organization.orders.order_by("-pk")
        links = [link_to(order) for order in orders[:SHOWN_ORDERS]]
        if orders.count() > SHOWN_ORDERS:
            links.append(list_where("all", "billing_order_changelist", q=str(organization.public_id)))
        return joined(links)

    @admin.display(description="plans")
    def plans(self, organization: Organization) -> str:
        """Lead to what it subscribed to."""
        return joined([link_to(one) for one in organization.subscriptions.order_by("-pk")[:SHOWN_ORDERS]])

    @admin.display(description="auto-recharge")
    def recharge(self, organization: Organization) -> str:
        """Lead to how packs are bought by themselves."""
        return link_to(AutoRecharge.objects.filter(organization=organization).first())

    @admin.display(description="at Stripe")
    def customers(self, organization: Organization) -> str:
        """Lead to who it is at Stripe."""
        return joined([link_to(customer) for customer in organization.stripe_customers.all()])

    def save_model(self, request: HttpRequest, obj: Organization, form: Any, change: bool) -> None:
        """Store it; a new one gets an empty account on the default plan."""
        super().save_model(request, obj, form, change)
        ledger.open_account(obj)


class PlanPriceInline(TabularInline):  # type: ignore[misc]
    """What a plan costs a month, in each currency."""

    model = PlanPrice
    form = PlanPriceForm
    extra = 0


@admin.register(Plan)
class PlanAdmin(ModelAdmin):  # type: ignore[misc]
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
        "costs",
        "is_default",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Plan]:
        """Read the prices along."""
        plans: QuerySet[Plan] = super().get_queryset(request)
        return plans.prefetch_related("prices")

    @admin.display(description="price a month")
    def costs(self, plan: Plan) -> str:
        """Show what it costs in each currency."""
        return order_admin.prices_of(plan)


class Owing(admin.FieldListFilter):
    """Accounts that owe credits."""

    title = "debt"

    def expected_parameters(self) -> list[str | None]:
        """Return what it adds to the address."""
        return ["debt__gt"]

    def choices(self, changelist: Any) -> Any:
        """Offer all, and those that owe."""
        chosen = bool(self.used_parameters)
        yield {
            "selected": not chosen,
            "query_string": changelist.get_query_string(remove=["debt__gt"]),
            "display": "All",
        }
        yield {"selected": chosen, "query_string": changelist.get_query_string({"debt__gt": 0}), "display": "Owes"}


@admin.register(CreditAccount)
class CreditAccountAdmin(ModelAdmin):  # type: ignore[misc]
    """The plan can be changed; credits come through the grant form."""

    list_display = ("organization", "plan", "balance", "held", "available", "debt")
    list_filter = ("plan", ("debt", Owing))
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

    actions_detail = ("grant", "adjust")

    def has_move_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Let those move credits who may write in the ledger."""
        return request.user.has_perm(MAY_MOVE)

    @action(description="Grant credits", url_path="grant", icon="redeem", permissions=["move"])
    def grant(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Give credits with a reason; the ledger records who did it."""
        account = self._account(object_id)
        if known := _sent_before(request):
            return self._say_it_was_done(request, account, known)
        form = GrantForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            days = form.cleaned_data["days"]
            entry = ledger.grant(
                account,
                amount=form.cleaned_data["amount"],
                reference=f"{reasons.BY_HAND}{form.cleaned_data['token']}",
                reason=form.cleaned_data["reason"],
                actor=_operator(request),
                expires_at=None if days is None else timezone.now() + timedelta(days=days),
            )
            self.log_change(request, account, f"Granted {entry.amount} credits: {entry.reason}")
            messages.success(request, f"{entry.amount} credits were granted.")
            return HttpResponseRedirect(address_of(account))
        return self._ask(request, account, form, "Grant credits", "They are a gift, and pay no debt.")

    @action(description="Adjust", url_path="adjust", icon="tune", permissions=["move"])
    def adjust(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Correct the balance with a reason; the ledger records who did it."""
        account = self._account(object_id)
        if known := _sent_before(request):
            return self._say_it_was_done(request, account, known)
        form = AdjustForm(account, request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                entry = ledger.adjust(
                    account,
                    amount=form.cleaned_data["amount"],
                    reference=f"{reasons.BY_HAND}{form.cleaned_data['token']}",
                    reason=form.cleaned_data["reason"],
                    actor=_operator(request),
                )
            except InsufficientCredits:  # used in between
                form.add_error("amount", "So many are not available any more.")
            else:
                self.log_change(request, account, f"Adjusted by {entry.amount:+d} credits: {entry.reason}")
                messages.success(request, f"The balance was adjusted by {entry.amount:+d}.")
                return HttpResponseRedirect(address_of(account))
        said = "Corrects what is wrong. Money is returned from an order's page, which takes its credits by itself."
        return self._ask(request, account, form, "Adjust credits", said)

    def _say_it_was_done(self, request: HttpRequest, account: CreditAccount, known: LedgerEntry) -> HttpResponse:
        """Answer a form that was sent before, by a double click or from the page that Back showed: nothing is moved."""
        done = f"This form was sent before, and moved {known.amount:+,d} credits then. Nothing was done now."
        messages.warning(request, f"{done} Open it anew to move more.")
        return HttpResponseRedirect(address_of(account))

    def _account(self, account_id: int) -> CreditAccount:
        account = find_row(CreditAccount, account_id)
        if account is None:
            raise Http404
        return account

    def _ask(self, request: HttpRequest, account: CreditAccount, form: Any, title: str, said: str) -> HttpResponse:
        has = f"{account.organization.name} has {account.available:,} credits available, {account.held:,} held"
        words = (f"{has} and owes {account.debt:,}.", said)
        return ask(self, request, account, title=title, button=title, form=form, words=words)


def _sent_before(request: HttpRequest) -> LedgerEntry | None:
    """Return what a form that moves credits did when it was sent the first time."""
    return LedgerEntry.objects.filter(reference=f"{reasons.BY_HAND}{request.POST.get('token')}").first()


def _operator(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


@admin.register(CreditHold)
class CreditHoldAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]
    """What is being worked on, and what became of it."""

    list_display = ("id", "account", "amount", "state", "owner", "created", "lease_expires_at", "settled_at")
    list_filter = ("state", "created")
    list_select_related = ("account__organization",)
    search_fields = ("account__organization__name", "account__organization__public_id")
    show_full_result_count = False


@admin.register(KeyMonth)
class KeyMonthAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]
    """What each key used of a month's credits."""

    list_display = ("month", "api_key", "spent", "held")
    list_select_related = ("api_key",)
    search_fields = ("api_key__name", "api_key__prefix", "api_key__organization__public_id")
    date_hierarchy = "month"


@admin.register(LedgerEntry)
class LedgerEntryAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]
    """Every movement of credits, for ever. Days are chosen in the filter: a hierarchy of them would read every row."""

    list_display = ("created", "account", "kind", "amount", "debt", "balance_after", "reference", "reason", "actor")
    list_filter = ("kind", "created", ("actor", admin.EmptyFieldListFilter))
    list_select_related = ("account__organization", "actor")
    search_fields = ("reference", "reason", "account__organization__name", "account__organization__public_id")
    show_full_result_count = False
    fields = (
        *(
            "account",
            "kind",
            "amount",
            "balance_after",
            "debt",
            "reference",
            "reason",
            "actor",
            "created",
            "expires_at",
        ),
        *("origin", "followed_by", "sale"),
    )

    @admin.display(description="followed by")
    def followed_by(self, entry: LedgerEntry) -> str:
        """Lead to the entries that take or give back some of these credits."""
        return joined([link_to(consequence) for consequence in entry.consequences.order_by("pk")])

    @admin.display(description="paid for by")
    def sale(self, entry: LedgerEntry) -> str:
        """Lead to the order, or the plan's invoice, that brought these credits."""
        return link_to(brought(entry))

    def get_urls(self) -> list[URLPattern]:
        """Add the page that checks the books."""
        check = path("check/", self.admin_site.admin_view(self.check_view), name="billing_audit")
        return [check, *super().get_urls()]

    def check_view(self, request: HttpRequest) -> HttpResponse:
        """Do what `manage.py audit_ledger` does, where that is asked for: it reads everything."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        asked = request.method == "POST"
        context = {
            **self.admin_site.each_context(request),
            "title": "Check the books",
            "asked": asked,
            "disagreements": audit.find_disagreements() if asked else [],
            "rows": audit.count_rows() if asked else {},
        }
        return TemplateResponse(request, "admin/billing/check.html", context)


@admin.register(IdempotencyClaim)
class IdempotencyClaimAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]
    """Which retry names are taken, and until when they are free of charge."""

    list_display = ("key", "account", "state", "attempt", "replays", "created", "lease_expires_at", "expires_at")
    list_filter = ("state",)
    list_select_related = ("account__organization",)
    search_fields = ("key", "account__organization__public_id")


@admin.register(CreditLot)
class CreditLotAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]
    """What is left of the credits that each entry brought; uses are counted when lots change next."""

    list_display = ("entry", "account", "left", "expires_at", "warned_at")
    list_filter = (("expires_at", admin.EmptyFieldListFilter), "entry__kind")
    list_select_related = ("account__organization", "entry")
    search_fields = ("account__organization__name", "account__organization__public_id")
