"""Free credits in the admin: requests that wait for an operator, and the daily budgets."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.decorators import display

from accounts.look_only import LookOnly
from accounts.models import User
from billing import free_credits
from billing.free_credit_models import FreeCreditDay, FreeCreditRequest
from billing.free_credits import Outcome

REQUEST_LABELS = {"waiting": "warning", "granted": "success", "refused": "info"}
MAY_MOVE = "billing.add_ledgerentry"


@admin.register(FreeCreditRequest)
class FreeCreditRequestAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]
    """Organizations whose free credits were not given at once; choose some and grant or refuse them."""

    list_display = ("created", "organization", "person", "reason", "shown_state", "decided_by", "decided_at")
    list_filter = ("state", "reason", "created")
    list_select_related = ("organization", "person", "decided_by")
    search_fields = ("organization__name", "organization__public_id", "person__email")
    fields = ("organization", "person", "reason", "state", "decided_by", "decided_at", "created")
    actions = ("grant", "refuse")

    @display(description="state", label=REQUEST_LABELS, ordering="state")
    def shown_state(self, request: FreeCreditRequest) -> tuple[str, str]:
        """Show the state in words."""
        return request.state, request.get_state_display()

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Let operators decide who may write in the ledger."""
        return request.user.has_perm(MAY_MOVE)

    @admin.action(description="Grant the free credits", permissions=["decide"])
    def grant(self, request: HttpRequest, requests: QuerySet[FreeCreditRequest]) -> None:
        """Give the free credits of the chosen requests that still wait; say how many were given."""
        operator = _operator(request)
        granted = 0
        for one in requests.select_related("organization"):
            outcome = free_credits.approve(one.pk, operator)
            granted += outcome == Outcome.GIVEN
            if outcome == Outcome.HAD_THEM:
                messages.warning(request, f"{one.organization}: this person had free credits before.")
            if outcome is not None:
                self.log_change(request, one, f"Decided on the free credits: {outcome}.")
        messages.success(request, f"Free credits were granted to {granted} organizations.")

    @admin.action(description="Refuse the free credits", permissions=["decide"])
    def refuse(self, request: HttpRequest, requests: QuerySet[FreeCreditRequest]) -> None:
        """Refuse the chosen requests that still wait; say how many."""
        operator = _operator(request)
        refused = [one for one in requests.select_related("organization") if free_credits.refuse(one.pk, operator)]
        for one in refused:
            self.log_change(request, one, "Refused the free credits.")
        messages.success(request, f"{len(refused)} requests were refused.")


@admin.register(FreeCreditDay)
class FreeCreditDayAdmin(LookOnly, ModelAdmin):  # type: ignore[misc]
    """What each address, network, mail domain and everyone got on a day, and how often a budget refused more."""

    list_display = ("day", "kind", "grants", "credits", "refused", "subject")
    list_filter = ("kind", "day")
    ordering = ("-day", "-refused", "-grants")


def _operator(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
