"""Pages about orders: all of them, one of them - where Stripe sends people back to - and its receipt."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.abilities import Ability, can
from accounts.current_organization import PersonRequest, choose, memberships_of, requires
from accounts.errors import ServiceError
from billing import stripe_gateway
from billing.checkout import has_open_page
from billing.landing import look_at
from billing.order_models import OPEN_STATES, Order
from billing.selectors import account_of, credits_of

PAGE_LENGTH = 25
PAUSES_S = (1, 2, 3, 5, 8, 13, 20, 30, *[60] * 52)
"""Between two looks of a page that waits for news; after the last one, in about an hour, it waits for a reload."""


@never_cache
@require_safe
@requires(Ability.SEE_MONEY)
def order_list(request: PersonRequest) -> HttpResponse:
    """List the orders of the organization, newest first."""
    orders = Order.objects.filter(organization=request.membership.organization).order_by("-pk")
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit():
        orders = orders.filter(pk__lt=min(int(before), 2**63 - 1))
    shown = list(orders.select_related("actor")[: PAGE_LENGTH + 1])
    context = {
        "tab": "billing",
        "billing_tab": "orders",
        "orders": shown[:PAGE_LENGTH],
        "is_first_page": not before,
        "older": shown[PAGE_LENGTH - 1].pk if len(shown) > PAGE_LENGTH else None,
    }
    return render(request, "billing/orders.html", context)


@never_cache
@require_safe
@requires(Ability.SEE_MONEY)
def order_page(request: PersonRequest, order: UUID) -> HttpResponse:
    """Show where an order is, after asking Stripe; while it is open the page looks again by itself, less and less."""
    if _is_of_another_organization(request, order):
        return redirect("billing-order", order)
    found = _own_order(request, order)
    news = look_at(found)
    looks = looks_of(request)
    waits = found.state in OPEN_STATES and looks < len(PAUSES_S)
    context = {
        "tab": "billing",
        "billing_tab": "orders",
        "order": found,
        "news": news,
        "pause_s": PAUSES_S[looks] if waits else None,
        "next_look": looks + 1,
        "may_buy": can(request.membership.role, Ability.SPEND_MONEY) and not found.organization.is_suspended,
        "has_open_page": has_open_page(found) and found.credits_failed_at is None,
        "credits": credits_of(account_of(request.membership.organization).pk),
    }
    if not request.headers.get("HX-Request"):
        return render(request, "billing/order.html", context)
    context["is_news"] = request.GET.get("seen") != f"{found.state}-{news}"
    return render(request, "billing/order_look.html", context)


@never_cache
@require_safe
@requires(Ability.SEE_MONEY)
def receipt(request: PersonRequest, order: UUID) -> HttpResponse:
    """Lead to Stripe's receipt, whose address is asked for each time: the ones of before stop working."""
    found = _own_order(request, order)
    address = None
    if found.payment_intent_id is not None and found.livemode == settings.STRIPE_IS_LIVE:
        try:
            address = stripe_gateway.receipt_of(found.payment_intent_id)
        except ServiceError as error:
            messages.error(request, _(error.public_text))
            return redirect("billing-order", found.public_id)
    if address is None:
        messages.error(request, _("There is no receipt of this order."))
        return redirect("billing-order", found.public_id)
    return HttpResponseRedirect(address)


def _is_of_another_organization(request: PersonRequest, public_id: UUID) -> bool:
    """Change to the organization of an order where Stripe leads somebody back who works in another by now."""
    here = request.membership.organization
    others = memberships_of(request.user).exclude(organization=here)
    membership = others.filter(organization__orders__public_id=public_id).first()
    if membership is None or not can(membership.role, Ability.SEE_MONEY):
        return False
    choose(request, membership)
    messages.info(request, _("You work in %(organization)s now.") % {"organization": membership.organization.name})
    return True


def _own_order(request: PersonRequest, public_id: UUID) -> Order:
    return get_object_or_404(Order, organization=request.membership.organization, public_id=public_id)


def looks_of(request: PersonRequest) -> int:
    """Return how often this page has looked already."""
    looks = request.GET.get("looks", "")
    return min(int(looks[:9]), len(PAUSES_S)) if looks.isascii() and looks.isdigit() else 0
