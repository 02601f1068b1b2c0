"""Pages where people and money meet: open an organization, take along what we hold about a person."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.current_organization import LoggedInRequest, choose, memberships_of
from accounts.organization_forms import OrganizationForm
from billing import welcome
from billing.personal_data import data_of


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new_organization(request: LoggedInRequest) -> HttpResponse:
    """Open an organization; somebody who belongs to none is told what else they may do."""
    form = OrganizationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        organization = welcome.open_own(request.user, name=form.cleaned_data["name"])
        choose(request, memberships_of(request.user).get(organization=organization))
        messages.success(request, _("%(organization)s is open.") % {"organization": organization.name})
        return redirect("dashboard")
    return render(request, "organizations/new.html", {"form": form})


@never_cache
@require_safe
@login_required
def export_data(request: LoggedInRequest) -> HttpResponse:
    """Send everything we hold about the person, as a JSON file."""
    answer = JsonResponse(data_of(request.user), json_dumps_params={"indent": 2, "ensure_ascii": False})
    answer["Content-Disposition"] = 'attachment; filename="your-data.json"'
    return answer
