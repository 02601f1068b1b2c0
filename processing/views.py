"""The first page of an organization."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.abilities import Ability
from accounts.current_organization import PersonRequest, requires
from processing.bar_chart import chart_of
from processing.overview import overview_of
from processing.sample_call import sample_call


@never_cache
@require_safe
@requires(Ability.USE)
def dashboard(request: PersonRequest) -> HttpResponse:
    """Show the organization at a glance, and what to do next."""
    overview = overview_of(request.membership.organization)
    context = {
        "tab": "overview",
        "overview": overview,
        "chart": chart_of(overview.days),
        "curl": sample_call("YOUR_KEY"),
        "try_url": _try_url(),
    }
    return render(request, "processing/dashboard.html", context)


def _try_url() -> str:
    """Return where photos are tried; the front page where there is no playground."""
    try:
        return reverse("try")
    except NoReverseMatch:
        return reverse("front")
