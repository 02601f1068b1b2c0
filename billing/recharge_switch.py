"""Turning auto-recharge on, off, and stopping it. The account's threshold follows in the same transaction.

Whoever changes both locks the account first, here as where payments are settled: nobody waits in a circle.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import Organization, User
from billing import recharge_bell
from billing.buyers import lock_buyer, require_buyer
from billing.errors import PurchaseRefused
from billing.ledger import open_account
from billing.models import CreditAccount
from billing.order_models import PackPrice
from billing.recharge_models import (
    AutoRecharge,
    News,
    RechargeConsent,
    RechargeNews,
    RechargeState,
    SavedCard,
    StopReason,
)
from billing.shelf import as_shown
from billing.transactions import in_short_transaction

CONSENT_VERSION = "2026-11"


@dataclass(frozen=True, slots=True)
class Terms:
    """What somebody chooses: which pack, below how many credits, and how often in a month at the most."""

    price: PackPrice
    threshold: int
    most_per_month: int


def consent_text() -> str:
    """Return the words that are agreed to, in the reader's language. Changed words are another CONSENT_VERSION."""
    return _(
        "I allow %(product)s to charge the saved card with the price of the pack chosen here, without asking me each "
        "time, whenever fewer credits are left than chosen here, and no more often in a month than chosen here. This "
        "holds until somebody who may spend money for this organization turns it off or removes the card. Each charge "
        "is told by mail."
    ) % {"product": settings.PRODUCT_NAME}


def record_consent(organization: Organization, terms: Terms, *, actor: User, click_token: UUID) -> RechargeConsent:
    """Store what was agreed to, for ever; the same click again is the same consent."""
    pack = terms.price.pack
    require_buyer(organization)
    if not pack.is_active:
        raise PurchaseRefused

    def movement() -> RechargeConsent:
        lock_buyer(organization.pk)
        consent: RechargeConsent = RechargeConsent.objects.create(
            organization=organization,
            actor=actor,
            click_token=click_token,
            livemode=settings.STRIPE_IS_LIVE,
            version=CONSENT_VERSION,
            language=translation.get_language() or settings.LANGUAGE_CODE,
            text=consent_text(),
            threshold=terms.threshold,
            pack=pack,
            pack_name=pack.name,
            credits=pack.credits,
            amount=terms.price.amount,
            currency=terms.price.currency,
            expires_after_days=pack.expires_after_days,
            most_per_month=terms.most_per_month,
        )
        return consent

    try:
        return in_short_transaction(movement)
    except IntegrityError:
        return _given_before(organization, terms, click_token)


def turn_on(consent: RechargeConsent) -> bool:
    """Let a consent take effect, unless a newer one has, or it was turned off since; tell whether it is in effect."""

    def movement() -> bool:
        recharge = _lock(consent)
        if recharge.consent_id > consent.pk:
            return False
        if recharge.ended_at is not None and recharge.ended_at > consent.created:
            return False
        if recharge.consent_id == consent.pk and recharge.state != RechargeState.OFF:
            return recharge.state == RechargeState.ON  # told again; what has stopped since stays so
        recharge.consent = consent
        recharge.state, recharge.stop_reason = RechargeState.ON, ""
        recharge.declines, recharge.not_before = 0, None
        recharge.save()
        _show_threshold(recharge.organization_id, consent.threshold)
        transaction.on_commit(recharge_bell.ring)  # there may be too few credits already
        return True

    return in_short_transaction(movement)


def is_on(organization: Organization) -> bool:
    """Tell whether packs are bought by themselves."""
    return AutoRecharge.objects.filter(organization=organization, state=RechargeState.ON).exists()


def turn_off(organization: Organization) -> bool:
    """End it at somebody's wish; tell whether there was anything to end. Consents from before are void."""

    def movement() -> bool:
        _lock_account(organization.pk)
        recharge = AutoRecharge.objects.select_for_update().filter(organization=organization).first()
        if recharge is None:
            return False
        was_off = recharge.state == RechargeState.OFF
        recharge.state, recharge.stop_reason = RechargeState.OFF, ""
        recharge.ended_at = timezone.now()
        recharge.save()
        _show_threshold(organization.pk, None)
        return not was_off

    return in_short_transaction(movement)


def stop(organization_id: int, reason: StopReason, *, now: datetime | None = None) -> bool:
    """Stop it because it cannot go on, and let that be told; tell whether it was on."""

    def movement() -> bool:
        _lock_account(organization_id)
        running = AutoRecharge.objects.filter(organization=organization_id, state=RechargeState.ON)
        moment = now or timezone.now()
        if not running.update(state=RechargeState.STOPPED, stop_reason=reason, changed_at=moment):
            return False
        _show_threshold(organization_id, None)
        owe_news(organization_id, News.STOPPED, about=f"{reason} {moment.isoformat()}")
        return True

    return in_short_transaction(movement)


def owe_news(organization_id: int, kind: News, *, about: str, order_id: int | None = None) -> None:
    """Write down that something is to be told by mail; the same thing once."""
    RechargeNews.objects.get_or_create(
        organization_id=organization_id, kind=kind, about=about, defaults={"order_id": order_id}
    )


def card_of(organization: Organization) -> SavedCard | None:
    """Return the organization's card in the mode of our key, with what Stripe calls it."""
    cards = SavedCard.objects.filter(organization=organization, livemode=settings.STRIPE_IS_LIVE, removed_at=None)
    return cards.exclude(payment_method_id=None).first()


def _given_before(organization: Organization, terms: Terms, click_token: UUID) -> RechargeConsent:
    consent = RechargeConsent.objects.get(organization=organization, click_token=click_token)
    price = terms.price
    now = (price.pack_id, as_shown(price.pack, price.amount), price.currency, terms.threshold, terms.most_per_month)
    then = (
        consent.pack_id,
        as_shown(consent, consent.amount),
        consent.currency,
        consent.threshold,
        consent.most_per_month,
    )
    if now != then:
        raise PurchaseRefused(_("This button was used for another purchase. Reload the page and choose again."))
    return consent


def _lock(consent: RechargeConsent) -> AutoRecharge:
    open_account(consent.organization)
    _lock_account(consent.organization_id)
    AutoRecharge.objects.get_or_create(organization=consent.organization, defaults={"consent": consent})
    return AutoRecharge.objects.select_for_update().get(organization=consent.organization)


def _lock_account(organization_id: int) -> None:
    CreditAccount.objects.select_for_update().filter(organization=organization_id).first()


def _show_threshold(organization_id: int, threshold: int | None) -> None:
    CreditAccount.objects.filter(organization=organization_id).update(auto_recharge_threshold=threshold)
