"""What it costs: packs and plans as they stand in the database, one credit an image, and what is free."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.free_credit_offer import offered_free_credits
from billing import stripe_gateway
from billing.plan_shelf import NO_PLANS, plan_shelf_for
from billing.selectors import plans_on_offer
from billing.shelf import shelf_for


@require_safe
def pricing(request: HttpRequest) -> HttpResponse:
    """Show the packs, the plans and what is paid for them, the free credits and what a credit buys."""
    currency = request.GET.get("currency", "")
    plan_shelf = plan_shelf_for(None, asked=currency) if stripe_gateway.is_configured() else NO_PLANS
    offers = {offer.plan.pk: offer for offer in plan_shelf.offers}
    context = {
        "plans": [(plan, offers.get(plan.pk)) for plan in plans_on_offer()],
        "plan_shelf": plan_shelf,
        "shelf": shelf_for(None, asked=currency),
        "free_credits": offered_free_credits(),
        "signup_open": settings.SIGNUP_OPEN,
    }
    return render(request, "pricing.html", context)
