"""Pages where credits are seen and bought."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.abilities import Ability, can
from accounts.current_organization import PersonRequest, requires
from accounts.errors import ServiceError
from accounts.visiting import leads_to
from billing import statement
from billing.checkout import Purchase, find_unfinished, has_open_page, start_purchase
from billing.composition import composition_of
from billing.errors import StripeUnreachable
from billing.forms import PurchaseForm
from billing.landing import News, bring_up_to_date, look_at
from billing.levels import level_of
from billing.order_models import NOT_PAID_STATES, Order, OrderState
from billing.selectors import account_of, credits_of, topped_up_to
from billing.shelf import shelf_for

LATEST_MOVEMENTS, LATEST_ORDERS = 5, 3
REMEMBERED_S = 24 * 3600


@never_cache
@require_safe
@requires(Ability.SEE_MONEY)
def overview(request: PersonRequest) -> HttpResponse:
    """Show the credits of the organization, what they are made of, and the packs that can be bought."""
    return _show(request)


@never_cache
@requires(Ability.SPEND_MONEY)
@leads_to("billing")
def buy(request: PersonRequest) -> HttpResponse:
    """Lead to Stripe's page for a pack, or to the order's own where this click has been paid for already."""
    form = PurchaseForm(request.POST)
    if not form.is_valid():
        changed = form.non_field_errors()
        unknown = _("This cannot be bought here. Reload the page and choose again.")
        messages.error(request, str(changed[0]) if changed else unknown)
        return redirect("billing")
    try:
        purchase = _purchase(request, form)
    except StripeUnreachable as silence:
        context = {"tab": "billing", "billing_tab": "overview", "form": form, "problem": silence}
        answer = render(request, "billing/unreachable.html", context, status=silence.status)
        answer["Retry-After"] = str(silence.retry_after_s)
        return answer
    except ServiceError as refusal:
        messages.error(request, _(refusal.public_text))
        return _show(request, status=refusal.status)
    if purchase.url is None:
        return redirect("billing-order", purchase.order.public_id)
    return HttpResponseRedirect(purchase.url, status=303)


def _purchase(request: PersonRequest, form: PurchaseForm) -> Purchase:
    """Go on with what the person began before for the same pack, if it is still to be paid; else begin."""
    organization, actor = request.membership.organization, request.user
    pack, currency, click = (form.cleaned_data[name] for name in ("pack", "currency", "token"))
    remembered = f"click:{organization.pk}:{click}"
    click = cache.get(remembered, click)
    begun = find_unfinished(organization, pack, currency=currency, actor=actor)
    if begun is not None:
        bring_up_to_date(begun)
        if begun.state == OrderState.PENDING:
            click = begun.click_token
            # When that is paid, the button of the second tab leads to it, too.
            cache.set(remembered, click, REMEMBERED_S)
        elif begun.state not in NOT_PAID_STATES or begun.state == OrderState.AWAITING:
            return Purchase(begun, url=None)
    purchase = start_purchase(organization, pack, currency=currency, click_token=click, actor=actor)
    if purchase.order.click_token != click:
        cache.set(remembered, purchase.order.click_token, REMEMBERED_S)
    return purchase


def _show(request: PersonRequest, status: int = 200) -> HttpResponse:
    organization = request.membership.organization
    left = _left(request)  # first: Stripe may say that it was paid, which is then in all below
    account = account_of(organization)
    credits = credits_of(account.pk)
    full = max(topped_up_to(account.pk), credits.available)
    context: dict[str, Any] = {
        "tab": "billing",
        "billing_tab": "overview",
        "account": account,
        "credits": credits,
        "parts": composition_of(account),
        "full": full,
        "level": level_of(credits.available, full),
        "shelf": shelf_for(organization, asked=request.GET.get("currency", "")),
        "may_buy": can(request.membership.role, Ability.SPEND_MONEY) and not organization.is_suspended,
        "new_token": uuid.uuid4,
        "left": left,
        "movements": statement.latest_but_images(account.pk, count=LATEST_MOVEMENTS),
        "orders": Order.objects.filter(organization=organization).order_by("-pk")[:LATEST_ORDERS],
    }
    return render(request, "billing/overview.html", context, status=status)


def _left(request: PersonRequest) -> Order | None:
    """Return the order whose page somebody has just come back from without paying: in another tab they may have."""
    try:
        left = uuid.UUID(request.GET.get("left", ""))
    except ValueError:
        return None
    own = Order.objects.filter(organization=request.membership.organization, state=OrderState.PENDING)
    order = own.filter(public_id=left).first()
    is_known = order is not None and look_at(order) == News.FRESH
    return order if order is not None and is_known and has_open_page(order) else None
