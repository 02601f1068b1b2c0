"""Pages about the work: what is left, who may call, what was asked lately."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from processing.selectors import overviews_for

RECENT_REQUESTS = 20


@never_cache
@require_safe
@login_required
def dashboard(request: HttpRequest) -> HttpResponse:
    """Show each organization of the person: credits, keys and its latest requests."""
    return render(request, "processing/dashboard.html", {"overviews": overviews_for(request.user, RECENT_REQUESTS)})
