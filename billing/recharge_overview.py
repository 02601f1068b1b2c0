"""What the page of auto-recharge shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from accounts.models import Organization
from billing import money
from billing.order_models import OPEN_STATES, Order, OrderKind
from billing.recharge_models import AutoRecharge, RechargeState, SavedCard, StopReason
from billing.recharge_switch import card_of
from billing.recharging import bought_this_month


@dataclass(frozen=True, slots=True)
class Overview:
    """Where auto-recharge stands for one organization, and what it did in this month of UTC."""

    recharge: AutoRecharge | None
    card: SavedCard | None
    waiting: Order | None
    """What a person can confirm with the card there is."""
    orders: Sequence[Order]
    bought: int
    now: datetime

    @property
    def is_on(self) -> bool:
        """Whether packs are bought by themselves."""
        return self.recharge is not None and self.recharge.state == RechargeState.ON

    @property
    def stopped_because(self) -> str:
        """Why it stopped by itself; empty where it did not."""
        if self.recharge is None or self.recharge.state != RechargeState.STOPPED:
            return ""
        return str(StopReason(self.recharge.stop_reason).label)

    @property
    def most_money(self) -> str:
        """The most that a month can cost, in words."""
        consent = self.recharge.consent if self.recharge else None
        return money.show(consent.most_per_month * consent.amount, consent.currency) if consent else ""

    @property
    def rests_until(self) -> datetime | None:
        """Until when nothing is charged, where that is so, and where it is not a person that is waited for."""
        if self.waiting is not None:
            return None
        until = self.recharge.not_before if self.recharge else None
        return until if until is not None and until > self.now else None


def overview_of(organization: Organization, now: datetime) -> Overview:
    """Return all of it."""
    first = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    recharges = Order.objects.filter(organization=organization, kind=OrderKind.RECHARGE)
    card = card_of(organization)
    return Overview(
        recharge=AutoRecharge.objects.select_related("consent").filter(organization=organization).first(),
        card=card,
        waiting=waiting_for_person(organization) if card is not None else None,
        orders=list(recharges.filter(created__gte=first).order_by("-pk")[:20]),
        bought=bought_this_month(organization.pk, now),
        now=now,
    )


def waiting_for_person(organization: Organization) -> Order | None:
    """Return the recharge whose bank wants to see the card's holder."""
    waiting = Order.objects.filter(organization=organization, kind=OrderKind.RECHARGE, state__in=OPEN_STATES)
    return waiting.exclude(needs_person_at=None).exclude(payment_intent_id=None).first()
