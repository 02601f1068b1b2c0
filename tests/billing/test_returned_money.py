"""How much of a payment went back, from what single refunds and the charge say, whichever of them is behind."""

import pytest

from billing import payments
from billing.order_models import Payment

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("stood", "failed", "charge_says", "returned"),
    [
        ([], [], 0, 0),
        ([305], [], 305, 305),
        ([305, 200], [], 0, 505),  # the charge is behind
        ([200], [], 500, 500),  # 300 were returned in the dashboard, and their own event did not come
        ([], [305], 305, 0),
        ([200], [305], 505, 200),
        ([], [305], 805, 500),
        ([200], [305], 200, 200),  # the charge says less after a failure
    ],
)
def test_the_larger_of_two_sums_went_back(stood, failed, charge_says, returned):
    payment = Payment.objects.create(payment_intent_id="pi_1", livemode=False, amount_refunded=charge_says)
    for number, (amount, has_failed) in enumerate([(one, False) for one in stood] + [(one, True) for one in failed]):
        payment.refunds.create(refund_id=f"re_{number}", amount=amount, has_failed=has_failed)

    assert payments.returned_of(payment) == returned
