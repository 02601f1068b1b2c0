"""Pages where credits are seen and bought."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.abilities import Ability
from accounts.current_organization import PersonRequest, requires
from billing.selectors import account_of, credits_of


@never_cache
@require_safe
@requires(Ability.SEE_MONEY)
def overview(request: PersonRequest) -> HttpResponse:
    """Show the credits of the organization."""
    account = account_of(request.membership.organization)
    context = {"tab": "billing", "billing_tab": "overview", "credits": credits_of(account.pk)}
    return render(request, "billing/overview.html", context)
