"""Pages where people and money meet: open an organization, be warned."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.abilities import Ability
from accounts.current_organization import LoggedInRequest, PersonRequest, choose, memberships_of, requires
from accounts.errors import TooManyOrganizations
from accounts.organization_forms import NewOrganizationForm
from billing import welcome
from billing.forms import WarningForm
from billing.low_credits import choose_threshold
from billing.selectors import account_of


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new_organization(request: LoggedInRequest) -> HttpResponse:
    """Open an organization; somebody who belongs to none is told what else they may do."""
    form = NewOrganizationForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "organizations/new.html", {"form": form})
    if form.is_first_time():
        try:
            organization = welcome.open_own(request.user, name=form.cleaned_data["name"], request=request)
        except TooManyOrganizations as refusal:
            messages.error(request, _(refusal.words) % refusal.values)
            return redirect("organization-new")
        choose(request, memberships_of(request.user).get(organization=organization))
        messages.success(request, _("%(organization)s is open.") % {"organization": organization.name})
    return redirect("dashboard")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Ability.MANAGE_ORGANIZATION)
def credit_warning(request: PersonRequest) -> HttpResponse:
    """Choose at how many credits the owners and admins are told."""
    account = account_of(request.membership.organization)
    initial = {"threshold": account.low_credit_threshold}
    form = WarningForm(request.POST if request.method == "POST" else None, initial=initial)
    if not form.is_valid():
        return render(request, "billing/warning.html", {"tab": "overview", "form": form, "account": account})
    threshold = form.cleaned_data["threshold"]
    choose_threshold(account, threshold)
    told = ngettext("A mail is sent at %(count)d credit.", "A mail is sent at %(count)d credits.", threshold or 0)
    messages.success(request, _("No mail is sent.") if threshold is None else told % {"count": threshold})
    return redirect("dashboard")
