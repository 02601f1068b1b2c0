"""What it costs: packs and plans as they stand in the database, one credit an image, and what is free."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from billing.selectors import plans_on_offer
from billing.shelf import shelf_for


@require_safe
def pricing(request: HttpRequest) -> HttpResponse:
    """Show the packs, the plans, the free credits and what a credit buys."""
    context = {
        "plans": plans_on_offer(),
        "shelf": shelf_for(None, asked=request.GET.get("currency", "")),
        "free_credits": settings.FREE_CREDITS,
        "signup_open": settings.SIGNUP_OPEN,
    }
    return render(request, "pricing.html", context)
