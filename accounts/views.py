"""Pages about the organization a person works in: change to another, rename it, close it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import closing
from accounts.abilities import Ability
from accounts.current_organization import PersonRequest, choose, memberships_of, requires
from accounts.organization_forms import CloseForm, OrganizationForm
from accounts.visiting import leads_to


@login_required
@leads_to("dashboard")
def switch(request: HttpRequest) -> HttpResponse:
    """Work in another of one's organizations from now on."""
    membership = get_object_or_404(
        memberships_of(request.user), organization__public_id=request.POST.get("organization", "")
    )
    choose(request, membership)
    return redirect("dashboard")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Ability.MANAGE_ORGANIZATION)
def organization_settings(request: PersonRequest) -> HttpResponse:
    """Show how the organization is called, and rename it."""
    form = OrganizationForm(request.POST or None, instance=request.membership.organization)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("organization-settings")
    return render(request, "organizations/settings.html", {"tab": "people", "form": form})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Ability.OWN)
def close(request: PersonRequest) -> HttpResponse:
    """Say what closing means, and close it for who types its name."""
    organization = request.membership.organization
    form = CloseForm(request.POST or None, organization=organization)
    if request.method == "POST" and form.is_valid():
        closing.close_organization(organization)
        messages.success(request, _("%(organization)s is closed.") % {"organization": organization.name})
        return redirect("dashboard")
    context = {
        "tab": "people",
        "form": form,
        "keys": organization.api_keys.filter(revoked_at=None).count(),
        "others": organization.memberships.exclude(user=request.user).count(),
    }
    return render(request, "organizations/close.html", context)
