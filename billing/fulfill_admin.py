"""Following Stripe's news of a sale again, from its page in the admin, once the cause of a failure is fixed."""

from typing import Any

from django.contrib import messages
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils import timezone
from unfold.decorators import action

from accounts.admin_pages import address_of, ask, find_row
from accounts.errors import ServiceError
from billing import plan_reconciliation, reconciliation, stripe_gateway
from billing.order_models import Order
from billing.sales import Sale

CHANGE_PERMISSIONS = {"order": "billing.change_order", "planinvoice": "billing.change_planinvoice"}


class FulfillableSales:
    """The part of a sale's page that asks Stripe about it and gives its credits."""

    model: type[Any]

    def has_fulfill_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Offer it for sales with a problem, to operators who may change sales, where Stripe is set up."""
        if not request.user.has_perm(CHANGE_PERMISSIONS[self.model._meta.model_name]):
            return False
        sale = find_row(self.model, object_id) if stripe_gateway.is_configured() else None
        return sale is not None and (request.method == "POST" or bool(sale.problem))

    @action(description="Fulfil again", url_path="fulfil", icon="replay", permissions=["fulfill"])
    def fulfill_again(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask Stripe about the sale and give its credits if it is paid; credits are never given twice."""
        sale = get_object_or_404(self.model, pk=object_id)
        if request.method != "POST":
            words = (f"The problem is: {sale.problem}", "Stripe is asked again. Credits are never given twice.")
            return ask(self, request, sale, title="Fulfil again", button="Fulfil again", words=words)
        try:
            _ask_about(sale)
        except (ServiceError, OperationalError) as failure:
            messages.error(request, f"It failed again: {failure}")
        else:
            _say_what_became(request, self.model.objects.get(pk=sale.pk))
        self.log_change(request, sale, "Asked Stripe again and fulfilled what was paid.")  # type: ignore[attr-defined]
        return HttpResponseRedirect(address_of(sale))


def _ask_about(sale: Sale) -> None:
    """Follow what Stripe says; the problem of a sale that is paid and followed without a failure is cleared."""
    if isinstance(sale, Order):
        reconciliation.ask_about(sale, timezone.now())
    elif sale.subscription is not None:
        plan_reconciliation.catch_up(sale.subscription)
    type(sale)._default_manager.filter(pk=sale.pk, paid_at__isnull=False).update(problem="")


def _say_what_became(request: HttpRequest, sale: Sale) -> None:
    if sale.paid_at is not None:
        messages.success(request, "It is paid, and its credits are given.")
    else:
        messages.warning(request, f"Stripe answered; it is {sale.get_state_display()}.")
