"""The plans that can be subscribed to, each with what a person may do about it now."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from django.conf import settings
from django.utils.formats import number_format

from billing.models import Plan
from billing.money import decimals_of, in_major_units, show
from billing.order_models import PlanPrice
from billing.subscription_models import PlanTerms, Subscription, SubscriptionState


class Act(StrEnum):
    """What the card of a plan leads to."""

    SUBSCRIBE = "subscribe"
    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"
    KEEP = "keep"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class PlanOffer:
    """A plan with its price in one currency. Who has it sees the price that was agreed."""

    plan: Plan
    amount: int
    currency: str
    credits: int
    rollover: str
    act: Act
    is_current: bool = False
    is_next: bool = False

    @property
    def price(self) -> str:
        """The price of a month in words."""
        return show(self.amount, self.currency)

    @property
    def price_per_image(self) -> str:
        """What one image costs, with at most two digits more than the currency has; empty where nothing comes along."""
        if not self.credits:
            return ""
        usual = decimals_of(self.currency)
        exact = in_major_units(self.amount, self.currency) / self.credits
        exact = exact.quantize(Decimal(1).scaleb(-usual - 2), ROUND_HALF_UP)
        places = usual + len(str(exact)[-2:].rstrip("0"))
        return f"{number_format(exact, places, force_grouping=True)} {self.currency.upper()}"


@dataclass(frozen=True, slots=True)
class PlanShelf:
    """Plans on offer in one currency, from small to large, and the currencies there are."""

    currency: str
    currencies: Sequence[str]
    offers: Sequence[PlanOffer]


NO_PLANS = PlanShelf("", (), ())


def plan_shelf_for(subscription: Subscription | None, *, asked: str = "") -> PlanShelf:
    """Return the plans in the currency of the one that runs, else in the one asked for, else the house's."""
    prices = list(PlanPrice.objects.filter(plan__is_default=False).select_related("plan"))
    paid = subscription.paid_terms if subscription is not None else None
    counts = Counter(price.currency for price in prices)
    if paid is not None:
        currency, currencies = paid.currency, [paid.currency]
    elif counts:
        usual = min(counts, key=lambda one: (-counts[one], one))
        currency = next((wish for wish in (asked, settings.CURRENCY) if wish in counts), usual)
        currencies = sorted(counts)
    else:
        return NO_PLANS
    offers = [_offer_of(price, subscription) for price in prices if price.currency == currency]
    if subscription is not None and paid is not None:
        offers = [offer for offer in offers if offer.plan.pk != paid.plan_id]
        offers.append(_offer_of_own(subscription))
    offers.sort(key=lambda offer: (offer.amount, offer.credits, offer.plan.pk))
    return PlanShelf(currency, currencies, offers)


def _offer_of(price: PlanPrice, subscription: Subscription | None) -> PlanOffer:
    plan = price.plan
    next_terms = _next_terms_of(subscription)
    is_next = next_terms is not None and next_terms.plan_id == plan.pk
    act = Act.SUBSCRIBE
    if subscription is not None and subscription.paid_terms is not None:
        act = _act_on(subscription, price.amount, is_next=is_next)
    return PlanOffer(
        plan, price.amount, price.currency, plan.monthly_credits, plan.rollover, act, is_current=False, is_next=is_next
    )


def _act_on(subscription: Subscription, amount: int, *, is_next: bool) -> Act:
    paid = subscription.paid_terms
    if paid is None or subscription.state != SubscriptionState.ACTIVE or is_next:
        return Act.NOTHING
    if amount <= paid.amount:
        return Act.DOWNGRADE
    return Act.NOTHING if goes_lower(subscription) else Act.UPGRADE


def _offer_of_own(subscription: Subscription) -> PlanOffer:
    paid = subscription.paid_terms
    assert paid is not None  # noqa: S101 - for the type checker
    is_next = not goes_lower(subscription) and _next_terms_of(subscription) is not None
    act = Act.KEEP if goes_lower(subscription) and subscription.state == SubscriptionState.ACTIVE else Act.NOTHING
    return PlanOffer(
        paid.plan, paid.amount, paid.currency, paid.credits, paid.rollover, act, is_current=True, is_next=is_next
    )


def goes_lower(subscription: Subscription) -> bool:
    """Tell whether another plan follows the one that is paid for."""
    following, paid = _next_terms_of(subscription), subscription.paid_terms
    return following is not None and paid is not None and following != paid


def _next_terms_of(subscription: Subscription | None) -> PlanTerms | None:
    """Return what the next period costs; nothing follows a plan that is to end."""
    if subscription is None or subscription.cancel_at_period_end:
        return None
    return subscription.next_terms
