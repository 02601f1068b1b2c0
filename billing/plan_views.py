"""The page of the plan: what runs, what can be chosen, and what a change means before somebody agrees to it."""

import logging
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.abilities import Ability, can
from accounts.current_organization import PersonRequest, requires
from accounts.errors import ServiceError
from accounts.visiting import leads_to
from billing import plan_changes, stripe_gateway, subscribing, subscriptions, waiting_upgrades
from billing.landing import ASKED_AT_MOST_EVERY_S
from billing.order_views import PAUSES_S, looks_of
from billing.plan_errors import ChangeRefused, PlanNotFulfilled
from billing.plan_forms import CancelForm, ClickForm, SubscribeForm, WantedForm, seal, unseal
from billing.plan_reconciliation import catch_up
from billing.plan_shelf import Act, goes_lower, plan_shelf_for
from billing.selectors import account_of
from billing.subscription_models import ChangeKind, ChangeState, PlanChange, Subscription, SubscriptionState

logger = logging.getLogger(__name__)


@never_cache
@require_safe
@requires(Ability.SEE_MONEY)
def plan(request: PersonRequest) -> HttpResponse:
    """Show the plan that runs and those that can be chosen; while one waits to be paid it looks again by itself."""
    organization = request.membership.organization
    subscription = subscriptions.running_of(organization.pk)
    is_silent = subscription is not None and not _bring_up_to_date(subscription)
    subscription = subscriptions.running_of(organization.pk)
    if subscription is not None and subscriptions.has_no_page(subscription):
        subscription = None  # Stripe did not answer that click: there is nothing to go on with
    upgrade = waiting_upgrades.find_waiting(subscription) if subscription is not None else None
    is_waiting = upgrade is not None or (subscription is not None and subscription.state == SubscriptionState.PENDING)
    looks = looks_of(request)
    looking = {"pause_s": PAUSES_S[looks] if is_waiting and looks < len(PAUSES_S) else None, "next_look": looks + 1}
    if request.headers.get("HX-Request"):
        return render(request, "billing/plan_look.html", looking) if is_waiting else _reload()
    shelf = plan_shelf_for(subscription, asked=request.GET.get("currency", ""))
    may_spend = can(request.membership.role, Ability.SPEND_MONEY)
    is_behind = subscription is not None and subscription.state == SubscriptionState.PAST_DUE
    context: dict[str, Any] = {
        "tab": "billing",
        "billing_tab": "plan",
        "account": account_of(organization),
        "subscription": subscription,
        "upgrade": upgrade,
        "unpaid": subscriptions.unpaid_invoice_of(subscription) if subscription and is_behind else None,
        "goes_lower": subscription is not None and goes_lower(subscription),
        "shelf": shelf,
        "may_spend": may_spend,
        "may_keep": may_spend and any(offer.act == Act.KEEP for offer in shelf.offers),
        "credits_failed": subscription is not None and subscriptions.has_unfulfilled_invoice(subscription),
        "has_left": "left" in request.GET,
        "is_silent": is_silent,
        "new_token": uuid.uuid4,
    }
    return render(request, "billing/plan.html", {**context, **looking})


@never_cache
@requires(Ability.SPEND_MONEY)
@leads_to("billing-plan")
def subscribe(request: PersonRequest) -> HttpResponse:
    """Lead to Stripe's page for a plan."""
    form = SubscribeForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("This cannot be bought here. Reload the page and choose again."))
        return redirect("billing-plan")
    wanted, currency, token = (form.cleaned_data[name] for name in ("plan", "currency", "token"))
    organization, actor = request.membership.organization, request.user
    try:
        begun = subscribing.subscribe(organization, wanted, currency=currency, click_token=token, actor=actor)
    except ServiceError as refusal:
        messages.error(request, _(refusal.public_text))
        return redirect("billing-plan")
    if begun.state != SubscriptionState.PENDING or not begun.checkout_url:
        return redirect("billing-plan")
    return HttpResponseRedirect(begun.checkout_url, status=303)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Ability.SPEND_MONEY)
def change(request: PersonRequest) -> HttpResponse:
    """Show what another plan costs now and brings, and change to it once somebody agrees."""
    running = subscriptions.running_of(request.membership.organization.pk)
    if running is None:
        return redirect("billing-plan")
    if request.method == "POST":
        return _agree(request, running)
    form = WantedForm(request.GET)
    if not form.is_valid():
        raise Http404
    try:
        quote = plan_changes.quote(running, form.cleaned_data["plan"])
    except ServiceError as refusal:
        messages.error(request, _(refusal.public_text))
        return redirect("billing-plan")
    context = {"quote": quote, "sealed": seal(quote, running), "now_paid": running.paid_terms}
    return render(request, "billing/plan_change.html", {**_of_the_tab(running), **context})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Ability.SPEND_MONEY)
def cancel(request: PersonRequest) -> HttpResponse:
    """Ask before a plan ends with its month, then let it."""
    running = subscriptions.running_of(request.membership.organization.pk)
    if running is None or running.paid_terms is None or running.cancel_at_period_end:
        return redirect("billing-plan")
    form = CancelForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "billing/plan_cancel.html", {**_of_the_tab(running), "new_token": uuid.uuid4})
    click = partial(
        plan_changes.cancel,
        running,
        at_once=form.cleaned_data["at_once"],
        click_token=form.cleaned_data["token"],
        actor=request.user,
    )
    return _do(request, click)


@never_cache
@requires(Ability.SPEND_MONEY)
@leads_to("billing-plan")
def resume(request: PersonRequest) -> HttpResponse:
    """Let a plan that was to end go on."""
    running = subscriptions.running_of(request.membership.organization.pk)
    form = ClickForm(request.POST)
    if running is None or not form.is_valid():
        return redirect("billing-plan")
    click = partial(plan_changes.resume, running, click_token=form.cleaned_data["token"], actor=request.user)
    return _do(request, click)


@never_cache
@requires(Ability.SPEND_MONEY)
@leads_to("billing-plan")
def drop(request: PersonRequest) -> HttpResponse:
    """Let go of an upgrade that waits for the bank; one that was paid in this moment is made."""
    running = subscriptions.running_of(request.membership.organization.pk)
    upgrade = None if running is None else waiting_upgrades.find_waiting(running)
    if running is None or upgrade is None:
        return redirect("billing-plan")
    return _do(request, partial(waiting_upgrades.drop, upgrade))


def _said_of(change: PlanChange) -> str:
    """Return what a change that is made means now."""
    match change.kind:
        case ChangeKind.UPGRADE if change.state == ChangeState.GIVEN_UP:
            return _("The plan goes on as it is. Nothing is charged now.")
        case ChangeKind.UPGRADE:
            return _("The plan is changed.")
        case ChangeKind.DOWNGRADE:
            return _("The plan changes when the month is over.")
        case ChangeKind.CANCEL:
            if change.subscription.state == SubscriptionState.ENDED:
                return _("The plan has ended. Nothing more is charged.")
            return _("The plan ends with its month. Until then nothing changes.")
    return _("The plan goes on.")


def _agree(request: PersonRequest, running: Subscription) -> HttpResponse:
    agreed = unseal(request.POST.get("agreed", ""), running)
    if agreed is None:
        messages.error(request, _("The price that was shown is too old. Look at the new one, then agree to it."))
        return redirect("billing-plan")
    click = partial(
        plan_changes.change_plan,
        running,
        agreed.quote,
        click_token=agreed.click_token,
        actor=request.user,
    )
    return _do(request, click)


def _do(request: PersonRequest, click: Callable[[], PlanChange]) -> HttpResponse:
    """Change a plan and say what came of it, on its page; where the bank wants the person, lead to Stripe's."""
    try:
        change = click()
    except ServiceError as refusal:
        messages.error(request, _(refusal.public_text))
        return redirect("billing-plan")
    if change.state == ChangeState.WAITING and change.invoice is not None and change.invoice.page_url:
        return HttpResponseRedirect(change.invoice.page_url, status=303)
    change.subscription.refresh_from_db()
    if change.state == ChangeState.DONE and not plan_changes.is_in_force(change):
        messages.error(request, _(ChangeRefused.public_text))
        return redirect("billing-plan")
    messages.success(request, _said_of(change))
    return redirect("billing-plan")


def _reload() -> HttpResponse:
    """Let the page that looks again show what is new."""
    return HttpResponse(headers={"HX-Refresh": "true"})


def _of_the_tab(subscription: Subscription) -> dict[str, Any]:
    return {"tab": "billing", "billing_tab": "plan", "subscription": subscription}


def _bring_up_to_date(subscription: Subscription) -> bool:
    """Ask Stripe about what is not paid as far as we know, or in doubt; tell whether it answered."""
    is_waiting = subscription.state == SubscriptionState.PENDING or subscription.has_doubt
    is_waiting = is_waiting or waiting_upgrades.find_waiting(subscription) is not None
    if not is_waiting or not stripe_gateway.is_configured():
        return True
    if cache.add(f"plan-asked:{subscription.pk}", 1, ASKED_AT_MOST_EVERY_S) is False:
        return True
    try:
        catch_up(subscription)
    except ServiceError as error:
        # The page shows what is known; events and the periodic job bring the rest.
        logger.warning("plan_not_looked_up", extra={"subscription_id": subscription.pk, "reason": str(error)})
        return isinstance(error, PlanNotFulfilled)  # Stripe answered; the page says what failed
    return True
