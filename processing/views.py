"""The first page of an organization, and what somebody takes along who leaves."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.abilities import Ability
from accounts.current_organization import LoggedInRequest, PersonRequest, requires
from processing.bar_chart import chart_of
from processing.overview import overview_of
from processing.personal_data import data_of
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


@never_cache
@require_safe
@login_required
def export_data(request: LoggedInRequest) -> HttpResponse:
    """Send everything we hold about the person, as a JSON file."""
    answer = JsonResponse(data_of(request.user), json_dumps_params={"indent": 2, "ensure_ascii": False})
    answer["Content-Disposition"] = 'attachment; filename="your-data.json"'
    return answer


def _try_url() -> str:
    """Return where photos are tried; the front page where there is no playground."""
    try:
        return reverse("try")
    except NoReverseMatch:
        return reverse("front")
