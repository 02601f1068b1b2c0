"""Pages about the work: what is left, who may call, what was asked lately."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.abilities import Ability
from accounts.current_organization import PersonRequest, requires
from processing.selectors import overview_of

RECENT_REQUESTS = 20


@never_cache
@require_safe
@requires(Ability.USE)
def dashboard(request: PersonRequest) -> HttpResponse:
    """Show the organization: credits, keys and its latest requests."""
    overview = overview_of(request.membership.organization, RECENT_REQUESTS)
    return render(request, "processing/dashboard.html", {"tab": "overview", "overview": overview})
