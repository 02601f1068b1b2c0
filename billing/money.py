"""Amounts as Stripe counts them: whole numbers of a currency's minor unit, which is not always a hundredth."""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from billing.bounds import LARGEST_PRICE

NO_DECIMALS = frozenset(
    ("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf")
)
THREE_DECIMALS = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])
# These lost their hundredths; Stripe still writes them, and they must be zero. Of thousandths the last must be.
_MULTIPLES = {**dict.fromkeys(("isk", "ugx"), 100), **dict.fromkeys(THREE_DECIMALS, 10)}
SMALLEST_PRICES = {
    **{"aed": 200, "bgn": 100, "czk": 1500, "dkk": 250, "gbp": 30, "hkd": 400, "huf": 17_500},
    **{"jpy": 50, "mxn": 1000, "myr": 200, "nok": 300, "pln": 200, "ron": 200, "sek": 300, "thb": 1000},
    **dict.fromkeys(("aud", "brl", "cad", "chf", "eur", "inr", "nzd", "sgd", "usd"), 50),
}
"""The least that Stripe charges, in minor units, where it names one; elsewhere it depends on the rate of exchange."""


def decimals_of(currency: str) -> int:
    """Return how many digits of an amount stand behind the decimal point."""
    if currency in NO_DECIMALS:
        return 0
    return 3 if currency in THREE_DECIMALS else 2


def check_amount(amount: int, currency: str) -> None:
    """Raise ValidationError for an amount that cannot be paid in this currency."""
    multiple = _MULTIPLES.get(currency, 1)
    if amount % multiple:
        raise ValidationError(
            _("An amount of %(currency)s must be a multiple of %(multiple)d."),
            params={"currency": currency.upper(), "multiple": multiple},
        )


def check_price(amount: int, currency: str) -> None:
    """Raise ValidationError for an amount that Stripe does not charge in this currency."""
    check_amount(amount, currency)
    least = SMALLEST_PRICES.get(currency, 1)
    if not least <= amount <= LARGEST_PRICE:
        raise ValidationError(
            _("Stripe charges between %(least)s and %(most)s."),
            params={"least": show(least, currency), "most": show(LARGEST_PRICE, currency)},
        )


def in_major_units(amount: int, currency: str) -> Decimal:
    """Return the amount as people count it: 500 is 5.00 in euros and 500 in yen."""
    return Decimal(amount).scaleb(-decimals_of(currency))


def show(amount: int, currency: str) -> str:
    """Write an amount of money with its currency, as the reader's language writes numbers."""
    places = decimals_of(currency)
    return f"{number_format(in_major_units(amount, currency), places, force_grouping=True)} {currency.upper()}"


def in_minor_units(amount: Decimal, currency: str) -> int:
    """Return an amount that people wrote as Stripe counts it; raise ValidationError for one that cannot be paid."""
    minor = amount.scaleb(decimals_of(currency))
    if minor != minor.to_integral_value():
        raise ValidationError(
            _("%(currency)s has %(places)d digits behind the point."),
            params={"currency": currency.upper(), "places": decimals_of(currency)},
        )
    check_amount(int(minor), currency)
    return int(minor)
