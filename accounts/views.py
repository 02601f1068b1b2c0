"""Pages about organizations: open one, change to another."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.current_organization import choose, memberships_of


@never_cache
@require_safe
@login_required
def new_organization(request: HttpRequest) -> HttpResponse:
    """Tell somebody without an organization what to do."""
    return render(request, "organizations/new.html")


@require_POST
@login_required
def switch(request: HttpRequest) -> HttpResponse:
    """Work in another of one's organizations from now on."""
    membership = get_object_or_404(
        memberships_of(request.user), organization__public_id=request.POST.get("organization", "")
    )
    choose(request, membership)
    return redirect("dashboard")
