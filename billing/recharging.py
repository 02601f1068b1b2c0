"""Buying a pack by itself: who is due, one order at a time for each account, and the card charged outside of it all."""

import logging
import uuid
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import IntegrityError
from django.db.models import F, Q

from accounts.models import Organization
from accounts.organization_lock import lock_organization
from billing import ledger, recharge_outcomes, stripe_customers, stripe_gateway, stripe_gateway_cards
from billing.errors import CardRefused, CustomerMissing, StripeRefused, StripeUnreachable
from billing.models import CreditAccount
from billing.order_models import OPEN_STATES, Order, OrderKind, OrderState, PackPrice, StripeCustomer
from billing.recharge_models import AutoRecharge, News, RechargeConsent, RechargeState, SavedCard, StopReason
from billing.recharge_switch import card_of, owe_news, stop
from billing.transactions import in_short_transaction

logger = logging.getLogger(__name__)

STARTED_AT_ONCE = 20


def start_due(now: datetime) -> int:
    """Buy for every account that has fallen below its threshold; return how many cards were charged, or tried.

    Several processes and threads may do so side by side: for one account one of them buys.
    """
    if not stripe_gateway.is_configured():
        return 0
    tried = 0
    for account in _fallen(now)[:STARTED_AT_ONCE]:
        order = place_order(account.pk, now)
        if order is None:
            continue
        tried += 1
        try:
            charge(order)
        except StripeUnreachable:
            logger.warning("recharge_left_open", extra={"order_id": order.pk})
            break  # the others would wait as long for nothing
        except Exception:
            logger.exception("recharge_failed", extra={"order_id": order.pk})
    return tried


def place_order(account_id: int, now: datetime) -> Order | None:
    """Return a new order where one is due; None where it is not, or another process was faster."""
    try:
        return in_short_transaction(lambda: _begin(account_id, now))
    except IntegrityError:  # the account's lock has seen to it before; this is the database's word
        return None


def charge(order: Order) -> None:
    """Charge the card of an order and bring the order to what the bank said. It stays open on StripeUnreachable.

    Nothing is charged, and the order expires, where auto-recharge was turned off since the order was placed. Safe to do
    again: Stripe knows the order by its id.
    """
    customer_id = in_short_transaction(lambda: _allow_charge(order))
    if customer_id is None:
        return
    try:
        intent = stripe_gateway_cards.charge_saved_card(order, customer_id=customer_id)
    except CustomerMissing:  # its cards went with it
        stripe_customers.note_deleted(customer_id)
        recharge_outcomes.expire(order)
        return
    except CardRefused as refusal:
        if refusal.payment_intent_id is None:
            recharge_outcomes.give_up(order)
            return
        intent = stripe_gateway_cards.get_payment(refusal.payment_intent_id)
    except StripeRefused:  # the request itself was wrong: nothing was charged, somebody has to look
        recharge_outcomes.give_up(order)
        return
    recharge_outcomes.follow(intent)


def is_still_wanted(order: Order) -> bool:
    """Tell whether a card that Stripe was never asked to charge may still be charged."""
    card, organization = order.saved_card, order.organization
    is_on = AutoRecharge.objects.filter(organization=organization, state=RechargeState.ON).exists()
    return bool(is_on and _may_be_charged(organization) and card is not None and card.removed_at is None)


def bought_this_month(organization_id: int, now: datetime) -> int:
    """Return how many recharges of this month of UTC were paid, or may still be."""
    first = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    recharges = Order.objects.filter(organization=organization_id, kind=OrderKind.RECHARGE, created__gte=first)
    return recharges.exclude(state__in=(OrderState.FAILED, OrderState.EXPIRED)).count()


def _fallen(now: datetime) -> list[CreditAccount]:
    """Return the accounts below their threshold that may be charged now, as far as can be seen without a lock."""
    fallen = CreditAccount.objects.filter(
        Q(organization__auto_recharge__not_before=None) | Q(organization__auto_recharge__not_before__lte=now),
        auto_recharge_threshold__gt=F("balance") - F("held"),
        organization__suspended_at=None,
        organization__closed_at=None,
        organization__keys_frozen_at=None,
    )
    is_open = Order.objects.filter(kind=OrderKind.RECHARGE, state__in=OPEN_STATES).values("organization")
    return list(fallen.exclude(organization__in=is_open).order_by("pk")[:STARTED_AT_ONCE])


def _begin(account_id: int, now: datetime) -> Order | None:
    """Place the order that is due; None where it is not due, which is looked at again under the locks."""
    lock_organization(CreditAccount.objects.get(pk=account_id).organization_id)
    account = ledger.lock(account_id)
    recharge = (
        AutoRecharge.objects.select_related("consent__pack", "organization")
        .filter(organization=account.organization_id, state=RechargeState.ON, consent__livemode=settings.STRIPE_IS_LIVE)
        .first()
    )
    if recharge is None or not _is_wanted(recharge, account, now):
        return None
    consent, card = recharge.consent, card_of(recharge.organization)
    if card is None:
        return None  # Stripe has not said yet what it calls the card
    if not _is_still_sold(consent):
        stop(account.organization_id, StopReason.OFFER_CHANGED, now=now)
        return None
    if bought_this_month(account.organization_id, now) >= consent.most_per_month:
        _rest_until_next_month(recharge, now)
        return None
    recharge.last_attempt_at = now
    recharge.not_before = now + timedelta(seconds=settings.RECHARGE_COOL_DOWN_S)
    recharge.save(update_fields=["last_attempt_at", "not_before"])
    return _store_order(consent, card)


def _is_wanted(recharge: AutoRecharge, account: CreditAccount, now: datetime) -> bool:
    organization = recharge.organization
    rests = recharge.not_before is not None and recharge.not_before > now
    waits = Order.objects.filter(organization=organization, kind=OrderKind.RECHARGE, state__in=OPEN_STATES).exists()
    return _may_be_charged(organization) and not rests and not waits and account.available < recharge.consent.threshold


def _may_be_charged(organization: Organization) -> bool:
    return not (organization.suspended_at or organization.closed_at or organization.keys_frozen_at)


def _allow_charge(order: Order) -> str | None:
    """Return the customer to charge; None, and the order expires, if its card may not be charged any more.

    The account's lock is the one under which auto-recharge is turned off.
    """
    locked = Order.objects.select_for_update().get(pk=order.pk)
    lock_organization(order.organization_id)
    ledger.lock(ledger.open_account(order.organization).pk)
    customer = StripeCustomer.objects.filter(organization=order.organization_id, livemode=order.livemode).first()
    now = Order.objects.select_related("organization", "saved_card").get(pk=locked.pk)
    if customer is None or customer.customer_id is None or not is_still_wanted(now):
        recharge_outcomes.expire(order)
        return None
    return customer.customer_id


def _is_still_sold(consent: RechargeConsent) -> bool:
    """Tell whether the pack is what it was when somebody agreed to buy it: no other price is ever charged."""
    same = PackPrice.objects.filter(
        pack=consent.pack_id,
        currency=consent.currency,
        amount=consent.amount,
        pack__credits=consent.credits,
        pack__expires_after_days=consent.expires_after_days,
        pack__is_active=True,
    )
    return same.exists()


def _rest_until_next_month(recharge: AutoRecharge, now: datetime) -> None:
    month = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    recharge.not_before = (month + timedelta(days=32)).replace(day=1)
    recharge.save(update_fields=["not_before"])
    owe_news(recharge.organization_id, News.CAP_REACHED, about=f"{month:%Y-%m} {recharge.consent_id}")


def _store_order(consent: RechargeConsent, card: SavedCard) -> Order:
    return Order.objects.create(
        kind=OrderKind.RECHARGE,
        organization=consent.organization,
        pack=consent.pack,
        pack_name=consent.pack_name,
        click_token=uuid.uuid4(),
        actor=consent.actor,
        credits=consent.credits,
        amount=consent.amount,
        currency=consent.currency,
        expires_after_days=consent.expires_after_days,
        livemode=consent.livemode,
        saved_card=card,
    )
