"""How an organization pays, as Stripe knows it; what can be changed is changed on Stripe's own pages."""

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.abilities import Ability, can
from accounts.current_organization import PersonRequest, requires
from accounts.errors import ServiceError
from accounts.visiting import leads_to
from billing import customer_details, stripe_gateway
from billing.customer_details import AskedJustNow
from billing.errors import CustomerMissing
from billing.order_models import StripeCustomer
from billing.shown_invoices import shown
from billing.stripe_customers import call_for_customer, note_deleted


@never_cache
@require_safe
@requires(Ability.SEE_MONEY)
def details(request: PersonRequest) -> HttpResponse:
    """Show whom Stripe writes to, tax ids, saved cards and invoices."""
    customer = _find_customers(request).first()
    facts, problem = None, None
    if customer is not None and customer.customer_id and stripe_gateway.is_configured():
        try:
            facts = customer_details.fetch_details(customer)
        except CustomerMissing:
            note_deleted(customer.customer_id)
        except ServiceError as error:
            problem = error
    context = {
        "tab": "billing",
        "billing_tab": "details",
        "facts": facts,
        "invoices": shown(facts.invoices) if facts is not None else (),
        "problem": problem,
        "is_being_asked": isinstance(problem, AskedJustNow),
        "may_change": can(request.membership.role, Ability.SPEND_MONEY),
    }
    return render(request, "billing/details.html", context)


@requires(Ability.SPEND_MONEY)
@leads_to("billing-details")
def portal(request: PersonRequest) -> HttpResponse:
    """Lead to the page of Stripe's where cards, invoices, e-mail and tax ids are seen to."""
    try:
        back = settings.PUBLIC_URL + reverse("billing-details")
        address = call_for_customer(
            request.membership.organization,
            request.user,
            lambda customer_id: stripe_gateway.open_portal(customer_id, return_url=back),
        )
    except ServiceError as error:
        messages.error(request, _(error.public_text))
        return redirect("billing-details")
    for customer in _find_customers(request):
        customer_details.forget(customer)
    return HttpResponseRedirect(address, status=303)


def _find_customers(request: PersonRequest) -> "QuerySet[StripeCustomer]":
    return StripeCustomer.objects.filter(organization=request.membership.organization, livemode=settings.STRIPE_IS_LIVE)
