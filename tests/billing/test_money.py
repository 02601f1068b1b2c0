"""Minor units are not hundredths everywhere."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from billing import money
from billing.order_models import PackPrice


@pytest.mark.parametrize(
    ("amount", "currency", "major", "shown"),
    [
        (1000, "eur", "10.00", "10.00 EUR"),
        (1500, "jpy", "1500", "1,500 JPY"),
        (12340, "kwd", "12.340", "12.340 KWD"),
        (123456789, "usd", "1234567.89", "1,234,567.89 USD"),
        (1, "usd", "0.01", "0.01 USD"),
        (500, "isk", "5.00", "5.00 ISK"),
    ],
)
def test_amounts_are_shown_in_major_units(amount, currency, major, shown):
    assert money.in_major_units(amount, currency) == Decimal(major)
    with translation.override("en"):
        assert money.show(amount, currency) == shown


@pytest.mark.parametrize(("amount", "currency"), [(550, "isk"), (1, "ugx"), (12345, "kwd")])
def test_a_price_that_nobody_could_pay_is_refused(amount, currency):
    with pytest.raises(ValidationError, match="multiple"):
        PackPrice(amount=amount, currency=currency).clean()


@pytest.mark.parametrize(("amount", "currency"), [(500, "isk"), (50, "jpy"), (12340, "kwd"), (50, "eur")])
def test_a_price_that_can_be_paid_is_taken(amount, currency):
    PackPrice(amount=amount, currency=currency).clean()
