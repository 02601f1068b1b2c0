"""Are the refunds of a payment at Stripe those that we know of? What was missed is made up for, the rest is named."""

from collections.abc import Iterator

from billing import payments, stripe_gateway
from billing import refunds as refund_requests
from billing.disagreements import Disagreement
from billing.order_models import Payment


def compare_refunds(payment: Payment, row: str) -> Iterator[Disagreement]:
    """Hear of each refund of a paid payment, and name what is still not as Stripe says. `row` says whose it is."""
    told = stripe_gateway.get_refunds(payment.payment_intent_id)
    if told is None:
        yield Disagreement("payment_is_at_stripe", row, "was paid for with nothing")
        return
    if told.amount_refunded == payments.returned_of(payment):
        return
    for facts in stripe_gateway.refunds_of(payment.payment_intent_id, livemode=payment.livemode):
        refund_requests.note(facts)
    if told.amount_refunded > payments.returned_of(payment):
        payments.note_refunds(told)
    returned = payments.returned_of(Payment.objects.get(pk=payment.pk))
    if returned != told.amount_refunded:
        facts_of_both = f"{returned} were returned by what we know, {told.amount_refunded} by Stripe"
        yield Disagreement("refunds_are_at_stripe", row, facts_of_both)
