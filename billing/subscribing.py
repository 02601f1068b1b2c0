"""Beginning a plan: a subscription of ours first, then a page of Stripe's to pay it on; one page at a time."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Organization, User
from billing import stripe_gateway, stripe_gateway_plans, subscriptions
from billing.buyers import lock_buyer, require_buyer
from billing.checkout import STRIPE_NEEDS, keep_for_buyer
from billing.errors import PaymentsNotConfigured, PurchaseRefused, StripeRefused
from billing.models import Plan
from billing.plan_errors import AlreadySubscribed
from billing.stripe_customers import call_for_customer
from billing.stripe_objects import CheckoutSession
from billing.subscription_models import PlanTerms, Subscription, SubscriptionState
from billing.transactions import in_short_transaction


def subscribe(organization: Organization, plan: Plan, *, currency: str, click_token: UUID, actor: User) -> Subscription:
    """Begin a plan and open the page to pay it on; the same click again is the same subscription and the same page.

    A page that was opened for another plan is closed first. Raise PurchaseRefused, PaymentsNotConfigured, or
    StripeUnreachable: the subscription then stays, and the same click may be tried again.
    """
    if not stripe_gateway.is_configured():
        raise PaymentsNotConfigured
    require_buyer(organization)
    subscription = Subscription.objects.filter(organization=organization, click_token=click_token).first()
    if subscription is None:
        terms = terms_of(plan, currency)
        _leave_what_was_not_paid(organization)
        subscription = _store(organization, terms, click_token=click_token, actor=actor)
    if (subscription.terms.plan_id, subscription.terms.currency, subscription.livemode) != (
        plan.pk,
        currency,
        settings.STRIPE_IS_LIVE,
    ):
        raise PurchaseRefused(_("This button was used for another purchase. Reload the page and choose again."))
    if subscription.state == SubscriptionState.PENDING and subscription.checkout_session_id is None:
        _open_page(subscription, actor)
    return subscription


def terms_of(plan: Plan, currency: str) -> PlanTerms:
    """Return what a plan is sold for now, in our mode: the terms of before where nothing has changed."""
    price = plan.prices.filter(currency=currency).first()
    if price is None or plan.is_default:
        raise PurchaseRefused
    terms, _is_new = PlanTerms.objects.get_or_create(
        plan=plan,
        plan_name=plan.name,
        currency=price.currency,
        amount=price.amount,
        credits=plan.monthly_credits,
        rollover=plan.rollover,
        livemode=settings.STRIPE_IS_LIVE,
    )
    return terms


def price_of(terms: PlanTerms) -> str:
    """Return what Stripe calls the price of these terms; Stripe is told when it does not know yet."""
    if terms.price_id is None:
        terms.price_id = stripe_gateway_plans.create_price(terms)
        in_short_transaction(lambda: terms.save(update_fields=["price_id"]))
    return terms.price_id


def _leave_what_was_not_paid(organization: Organization) -> None:
    """Close the page of an earlier click; raise AlreadySubscribed where there is a plan, or was paid just now."""
    earlier = subscriptions.running_of(organization.pk)
    if earlier is None:
        return
    if earlier.state != SubscriptionState.PENDING or earlier.subscription_id is not None:
        raise AlreadySubscribed
    session_id = earlier.checkout_session_id or in_short_transaction(lambda: _give_up(earlier))
    if session_id is None:
        return
    try:
        closed = stripe_gateway.close_page(session_id)
    except StripeRefused:  # it is over already, one way or the other
        closed = stripe_gateway.get_session(session_id)
    after = in_short_transaction(lambda: subscriptions.note_session(closed))
    if after is None or after.state != SubscriptionState.LEFT:
        raise AlreadySubscribed


def _give_up(subscription: Subscription) -> str | None:
    """Let a click open no page any more, since nobody was sent to one; return the page that it has opened meanwhile."""
    locked = subscriptions.lock(subscription.pk)
    if locked.checkout_session_id is None:
        locked.page_is_over = True
        locked.save(update_fields=["page_is_over"])
        subscriptions.follow(locked)
    return locked.checkout_session_id


def _store(organization: Organization, terms: PlanTerms, *, click_token: UUID, actor: User) -> Subscription:
    def movement() -> Subscription:
        lock_buyer(organization.pk)
        return Subscription.objects.create(
            organization=organization,
            terms=terms,
            click_token=click_token,
            actor=actor,
            livemode=settings.STRIPE_IS_LIVE,
        )

    try:
        return in_short_transaction(movement)
    except IntegrityError:  # the same click twice at once, or another one that was faster
        stored = Subscription.objects.filter(organization=organization, click_token=click_token).first()
        if stored is None:
            raise AlreadySubscribed from None
        return stored


def _open_page(subscription: Subscription, actor: User) -> None:
    lasts = timedelta(minutes=settings.CHECKOUT_OPEN_MINUTES)
    if timezone.now() > subscription.created + lasts - STRIPE_NEEDS:
        raise PurchaseRefused(_("This purchase was begun too long ago. Reload the page and choose again."))
    session = call_for_customer(
        subscription.organization,
        actor,
        lambda customer_id: stripe_gateway_plans.create_subscribe_page(
            subscription,
            customer_id=customer_id,
            price_id=price_of(subscription.terms),
            return_url=f"{settings.PUBLIC_URL}/billing/plan/",
            cancel_url=f"{settings.PUBLIC_URL}/billing/plan/?left=1",
        ),
    )
    if session.livemode != subscription.livemode or not session.url:
        raise StripeRefused
    keep_for_buyer(subscription.organization_id, session, lambda: _note_page(subscription, session))
    subscription.refresh_from_db()


def _note_page(subscription: Subscription, session: CheckoutSession) -> None:
    """Keep the page; raise AlreadySubscribed where another window gave its click up meanwhile.

    Two clicks at once got the same page, by the row's key; a webhook may have been faster still.
    """
    ours = Subscription.objects.select_for_update().filter(pk=subscription.pk)
    if ours.get().state == SubscriptionState.LEFT:
        raise AlreadySubscribed
    ours.filter(checkout_session_id=None).update(checkout_session_id=session.id)
    ours.filter(checkout_session_id=session.id).update(checkout_url=session.url or "")
