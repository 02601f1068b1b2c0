"""Cards that Stripe keeps for an organization: saved on a page of Stripe's, named here, forgotten on both sides."""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.closing import organization_closed
from accounts.errors import ServiceError
from accounts.models import Organization, User
from accounts.organization_lock import lock_organization
from billing import free_credits, ledger, recharge_switch, stripe_gateway, stripe_gateway_cards
from billing.checkout import STRIPE_NEEDS, keep_for_buyer
from billing.errors import PurchaseRefused, StripeRefused, StripeUnreachable
from billing.recharge_models import RechargeConsent, SavedCard, StopReason
from billing.stripe_customers import call_for_customer
from billing.stripe_objects import CardDetails, CardSetup
from billing.transactions import in_short_transaction

logger = logging.getLogger(__name__)

FINISHED_AT_ONCE = 20


def open_page(consent: RechargeConsent, actor: User) -> str:
    """Return the address of Stripe's page where the card of this consent is saved; asked again it is the same page.

    Raise PurchaseRefused where the consent is too old for a page, and StripeUnreachable.
    """
    if timezone.now() > consent.created + timedelta(minutes=settings.CHECKOUT_OPEN_MINUTES) - STRIPE_NEEDS:
        raise PurchaseRefused(_("This purchase was begun too long ago. Reload the page and choose again."))
    session = call_for_customer(
        consent.organization,
        actor,
        lambda customer_id: stripe_gateway_cards.create_card_page(
            consent,
            customer_id=customer_id,
            return_url=f"{settings.PUBLIC_URL}/billing/auto-recharge/?saved={{CHECKOUT_SESSION_ID}}",
            cancel_url=f"{settings.PUBLIC_URL}/billing/auto-recharge/",
        ),
    )
    if not session.url:
        raise StripeRefused
    keep_for_buyer(consent.organization_id, session, lambda: None)
    return session.url


def note_page(session_id: str, organization: Organization) -> SavedCard | None:
    """Ask about the page somebody comes back from, and store the card that was saved there; None where none was."""
    setup = stripe_gateway_cards.get_card_setup(session_id)
    consent = None if setup is None else _find_consent(setup)
    if setup is None or consent is None or consent.organization_id != organization.pk:
        return None
    return note_setup(setup)


def note_setup(setup: CardSetup) -> SavedCard | None:
    """Store a card that was saved, once, and let its consent take effect; None where it is none of ours.

    What is told of it may be told in parts, twice and in any order.
    """
    if not setup.is_done or setup.livemode != settings.STRIPE_IS_LIVE:
        return None
    consent = _find_consent(setup)
    if consent is None:
        return None
    return in_short_transaction(lambda: _store(consent, setup))


def note_detached(payment_method_id: str) -> SavedCard | None:
    """Charge a card no more that Stripe let go; None where it is none of ours."""
    card = SavedCard.objects.filter(payment_method_id=payment_method_id).first()
    if card is not None:
        in_short_transaction(lambda: _note_detached(card))
    return card


def remove(organization: Organization) -> None:
    """Forget the organization's card, which turns auto-recharge off; Stripe is told now, or as soon as it answers."""

    def movement() -> list[SavedCard]:
        recharge_switch.turn_off(organization)
        now = timezone.now()
        SavedCard.objects.filter(organization=organization, removed_at=None).update(removed_at=now)
        return list(SavedCard.objects.filter(organization=organization, removed_at=now))

    for card in in_short_transaction(movement):
        if card.livemode == settings.STRIPE_IS_LIVE and stripe_gateway.is_configured():
            _finish_or_report(card)


def finish(now: datetime) -> int:
    """Ask Stripe what is not known of a card yet, and tell it of those that were removed; return how many were done."""
    if not stripe_gateway.is_configured():
        return 0
    unfinished = Q(removed_at__isnull=False, detached_at=None) | Q(removed_at=None, last4="")
    cards = SavedCard.objects.filter(unfinished, livemode=settings.STRIPE_IS_LIVE).order_by("pk")
    return sum(_finish_or_report(card) for card in cards[:FINISHED_AT_ONCE])


@receiver(organization_closed, dispatch_uid="forget_cards")
def _forget_with_its_organization(organization: Organization, **kwargs: object) -> None:
    """Turn it off and mark the cards; the periodic job tells Stripe, because this is inside a transaction."""
    recharge_switch.turn_off(organization)
    SavedCard.objects.filter(organization=organization, removed_at=None).update(removed_at=timezone.now())


def _note_detached(card: SavedCard) -> None:
    lock_organization(card.organization_id)
    now = timezone.now()
    SavedCard.objects.filter(pk=card.pk, detached_at=None).update(detached_at=now, removed_at=card.removed_at or now)
    if card.removed_at is None:
        recharge_switch.stop(card.organization_id, StopReason.CARD_GONE)


def _store(consent: RechargeConsent, setup: CardSetup) -> SavedCard:
    # One at a time for an organization: of two cards the one with the newer consent is kept.
    organization = lock_organization(consent.organization_id)
    ledger.lock(ledger.open_account(organization).pk)
    card = SavedCard.objects.filter(setup_intent_id=setup.id).first()
    if card is None:
        card = _add(consent, setup, is_closed=organization.closed_at is not None)
    if card.payment_method_id is None and setup.payment_method_id is not None:
        card.payment_method_id = setup.payment_method_id
        card.save(update_fields=["payment_method_id"])
    if setup.card is not None:
        _describe(card, setup.card)
    if card.removed_at is None:
        recharge_switch.turn_on(consent)
    if card.payment_method_id is not None:
        free_credits.note_card(consent.organization)
    return card


def _add(consent: RechargeConsent, setup: CardSetup, *, is_closed: bool) -> SavedCard:
    now = timezone.now()
    others = SavedCard.objects.filter(organization=consent.organization, livemode=setup.livemode)
    others.filter(removed_at=None, consent__lt=consent).update(removed_at=now)
    is_old = others.filter(removed_at=None).exists() or is_closed
    return SavedCard.objects.create(
        organization=consent.organization,
        livemode=setup.livemode,
        consent=consent,
        setup_intent_id=setup.id,
        removed_at=now if is_old else None,
    )


def _describe(card: SavedCard, details: CardDetails) -> None:
    card.brand, card.last4 = details.brand[:30], details.last4[:4]
    card.exp_month, card.exp_year = details.exp_month, details.exp_year
    card.save(update_fields=["brand", "last4", "exp_month", "exp_year"])


def _finish_or_report(card: SavedCard) -> bool:
    """Finish one card; one that cannot be finished must not keep the others waiting."""
    try:
        return _finish(card)
    except StripeUnreachable:
        return False
    except ServiceError:
        logger.exception("card_not_finished", extra={"card_id": card.pk})
        return False


def _finish(card: SavedCard) -> bool:
    if card.payment_method_id is None or (card.removed_at is None and not card.last4):
        setup = stripe_gateway_cards.get_setup(card.setup_intent_id)
        note_setup(setup)
        card.refresh_from_db()
    if card.removed_at is not None and card.payment_method_id is not None:
        stripe_gateway_cards.forget_card(card)
        SavedCard.objects.filter(pk=card.pk, detached_at=None).update(detached_at=timezone.now())
    return True


def _find_consent(setup: CardSetup) -> RechargeConsent | None:
    try:
        reference = UUID(setup.consent_reference or "")
    except ValueError:
        return None
    consents = RechargeConsent.objects.filter(public_id=reference, livemode=setup.livemode)
    return consents.select_related("organization").first()
