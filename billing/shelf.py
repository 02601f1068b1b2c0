"""The packs that can be bought, in a currency that suits who looks."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Protocol

from django.conf import settings
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy, ngettext

from accounts.abilities import Ability, can
from accounts.models import Membership, Organization
from billing import stripe_gateway
from billing.money import decimals_of, in_major_units, show
from billing.order_models import Order, Pack, PackPrice

OFFER_CHANGED = gettext_lazy("What this pack costs or brings has changed. Look at it again.")


class Brings(Protocol):
    """What says how many credits are bought and for how long: a pack, or what was agreed about one."""

    credits: int
    expires_after_days: int | None


def as_shown(pack: Brings, amount: int) -> str:
    """Return what people saw of a pack before they chose it; forms send it along, so that they get that or nothing."""
    return f"{amount}-{pack.credits}-{pack.expires_after_days or 0}"


def in_words(pack: Brings) -> str:
    """Say what a pack brings."""
    words: dict[str, object] = {"credits": number_format(pack.credits, force_grouping=True)}
    days = pack.expires_after_days
    if days:
        words["days"] = number_format(days, force_grouping=True)
        dated = ngettext(
            "%(credits)s credits, to be used within %(days)s day.",
            "%(credits)s credits, to be used within %(days)s days.",
            days,
        )
        return dated % words
    lasting = ngettext("%(credits)s credit that never expires.", "%(credits)s credits that never expire.", pack.credits)
    return lasting % words


@dataclass(frozen=True, slots=True)
class Offer:
    """A pack with its price in one currency."""

    pack: Pack
    amount: int
    currency: str

    @property
    def shown(self) -> str:
        """The terms, as a form sends them along."""
        return as_shown(self.pack, self.amount)

    @property
    def brings(self) -> str:
        """How many credits, and for how long, in words."""
        return in_words(self.pack)

    @property
    def price(self) -> str:
        """The price in words."""
        return show(self.amount, self.currency)

    @property
    def price_per_image(self) -> str:
        """What one image costs, with the digits that it takes, two more than the currency has at the most."""
        usual = decimals_of(self.currency)
        finest = Decimal(1).scaleb(-usual - 2)
        exact = (in_major_units(self.amount, self.currency) / self.pack.credits).quantize(finest, ROUND_HALF_UP)
        places = usual + len(str(exact)[-2:].rstrip("0"))
        return f"{number_format(exact, places, force_grouping=True)} {self.currency.upper()}"


@dataclass(frozen=True, slots=True)
class Shelf:
    """What is on offer in one currency, from small to large, and the currencies there are."""

    currency: str
    currencies: Sequence[str]
    offers: Sequence[Offer]

    @property
    def suggested(self) -> Offer | None:
        """The pack in the middle, which stands out a little."""
        return self.offers[len(self.offers) // 2] if self.offers else None

    def smallest_with(self, credits: int) -> Offer | None:
        """Return the smallest pack with so many credits; None where none has them."""
        return next((offer for offer in self.offers if offer.pack.credits >= credits), None)


NOTHING = Shelf("", (), ())


def shelf_for(organization: Organization | None, *, asked: str = "") -> Shelf:
    """Return the packs in the currency that was asked for, else that of the last order, else the house's.

    Empty where nothing is sold.
    """
    if not stripe_gateway.is_configured():
        return NOTHING
    prices = list(PackPrice.objects.filter(pack__is_active=True).select_related("pack"))
    currencies = sorted({price.currency for price in prices})
    if not currencies:
        return NOTHING
    currency = _choose(prices, (asked, _last_of(organization) if len(currencies) > 1 else "", settings.CURRENCY))
    offers = [Offer(price.pack, price.amount, currency) for price in prices if price.currency == currency]
    offers.sort(key=lambda offer: (offer.pack.credits, offer.amount, offer.pack.pk))
    return Shelf(currency, currencies, offers)


def shelf_of_buyer(membership: Membership) -> Shelf:
    """Return the packs that this person may buy for the organization they work in; empty for who may not."""
    may_buy = can(membership.role, Ability.SPEND_MONEY) and not membership.organization.is_suspended
    return shelf_for(membership.organization) if may_buy else NOTHING


def _choose(prices: Sequence[PackPrice], wishes: Sequence[str]) -> str:
    """Return the first wish that can be met, else the currency in which most is sold."""
    counts = Counter(price.currency for price in prices)
    met = (wish for wish in wishes if wish in counts)
    return next(met, min(counts, key=lambda currency: (-counts[currency], currency)))


def _last_of(organization: Organization | None) -> str:
    if organization is None:
        return ""
    orders = Order.objects.filter(organization=organization).order_by("-pk")
    return orders.values_list("currency", flat=True).first() or ""
