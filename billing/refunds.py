"""Money that an operator gives back: asked for at Stripe once, whatever is clicked twice or gets lost on the way."""

import uuid

from django.conf import settings
from django.db import IntegrityError
from django.db.models import Sum
from django.utils import timezone

from accounts.errors import ServiceError
from accounts.models import User
from billing import payments, sales, stripe_gateway
from billing.errors import StripeRefused, StripeUnreachable
from billing.order_models import OrderState, Payment
from billing.refund_models import Refund, RefundRequest, RefundState
from billing.sales import Sale
from billing.stripe_objects import RefundFacts, Refunds
from billing.transactions import in_short_transaction

REFUNDABLE = (OrderState.PAID, OrderState.PARTLY_REFUNDED)
LONGEST_ERROR = 500
ASK_AGAIN = 409
"""Stripe is busy with the same request."""
OTHER_FORM = "This form was used for another payment. Open it anew."


class CannotBeRefunded(ServiceError):
    """There is less left of the payment, or a bank has it."""

    code, status, is_our_fault = "validation_error", 400, False

    def __init__(self, why: str) -> None:
        super().__init__(why)


def left_of(sale: Sale) -> int:
    """Return how much of a sale's money can still be returned; what got no answer counts as gone."""
    if sale.state not in REFUNDABLE or sale.payment_intent_id is None or sale.livemode != settings.STRIPE_IS_LIVE:
        return 0
    payment = Payment.objects.filter(payment_intent_id=sale.payment_intent_id).first()
    returned = payments.returned_of(payment) if payment is not None else 0
    asked = sale.refund_requests.filter(state=RefundState.ASKED).aggregate(sum=Sum("amount"))["sum"] or 0
    return max(0, sale.amount - returned - asked)


def find(sale: Sale, token: uuid.UUID) -> RefundRequest | None:
    """Return what was asked for with this form, of this sale."""
    found: RefundRequest | None = sale.refund_requests.filter(public_id=token).first()
    return found


def refund(sale: Sale, *, amount: int, reason: str, actor: User, token: uuid.UUID) -> RefundRequest:
    """Write down what is wanted, and ask Stripe for it; the same token again is the same refund and asks nothing.

    Raise CannotBeRefunded where there is less left. Raise StripeUnreachable where no answer came: the request stays,
    and `send` asks again. Raise StripeRefused where Stripe does not do it.
    """
    try:
        request, is_new = in_short_transaction(lambda: _write_down(sale, amount, reason, actor, token))
    except IntegrityError:  # the same form, sent twice at once: the other one asks
        known = find(sale, token)
        if known is None:
            raise CannotBeRefunded(OTHER_FORM) from None
        return known
    if is_new:
        send(request)
        request.refresh_from_db()
    return request


def send(request: RefundRequest) -> None:
    """Ask Stripe, and take back the credits at once; asked again, it is the same refund."""
    try:
        told = stripe_gateway.create_refund(request)
    except StripeRefused as refusal:
        if getattr(refusal.__cause__, "http_status", None) == ASK_AGAIN:
            raise StripeUnreachable from refusal
        open_one = RefundRequest.objects.filter(pk=request.pk, state=RefundState.ASKED)
        why = str(refusal.__cause__)[:LONGEST_ERROR]
        open_one.update(state=RefundState.FAILED, error=why, settled_at=timezone.now())
        raise
    in_short_transaction(lambda: _note_answer(*told))


def note(facts: RefundFacts) -> Sale | None:
    """Take note of one refund and what became of its request; None while nothing that was sold is known for it."""
    return in_short_transaction(lambda: _note(facts))


def _write_down(sale: Sale, amount: int, reason: str, actor: User, token: uuid.UUID) -> tuple[RefundRequest, bool]:
    locked = sales.lock(sale)
    known = find(locked, token)
    if known is not None:
        return known, False
    if not 0 < amount <= left_of(locked):
        raise CannotBeRefunded("There is not so much left of this payment to return.")
    wanted = {"public_id": token, "amount": amount, "reason": reason, "actor": actor}
    return locked.refund_requests.create(**wanted), True


def _note_answer(facts: RefundFacts, charge: Refunds | None) -> None:
    _note(facts)
    if charge is not None:
        payments.note_refunds(charge)


def _note(facts: RefundFacts) -> Sale | None:
    sale = payments.note_refund(facts)
    if facts.request_id is not None:
        found = RefundRequest.objects.filter(public_id=facts.request_id)
        settled = {"refund_id": facts.id, "settled_at": timezone.now()}
        if facts.has_failed:
            found.update(**settled, state=RefundState.FAILED, error=facts.failure)
        elif not Refund.objects.filter(refund_id=facts.id, has_failed=True).exists():  # else it is old news
            found.update(**settled, state=RefundState.TAKEN, error="")
    return sale
