"""Do orders, payments and the ledger agree? Rules for `audit_ledger`, which asks nobody but the database."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Case, CharField, Exists, F, OuterRef, Q, When

from accounts.models import Organization
from billing import payments, recharge_audit
from billing.disagreements import Disagreement
from billing.models import EntryKind, LedgerEntry
from billing.order_models import Order, OrderKind, Payment
from billing.refund_models import RefundRequest, RefundState
from billing.subscription_models import PlanInvoice

SESSION_PREFIX, PAYMENT_PREFIX = "cs_", "pi_"
ANSWERED_WITHIN = timedelta(hours=1)
PURCHASE_REFERENCE = Case(
    When(kind=OrderKind.RECHARGE, then=F("payment_intent_id")),
    default=F("checkout_session_id"),
    output_field=CharField(),
)
"""`Order.purchase_reference`, in the database's words."""


def paid_order_has_its_purchase(now: datetime) -> Iterator[Disagreement]:
    """Each paid order brought its credits, to its own organization, once; no other order brought any."""
    any_purchase = LedgerEntry.objects.filter(kind=EntryKind.PURCHASE, reference=OuterRef("brings_as"))
    purchase = any_purchase.filter(amount=OuterRef("credits"), account__organization=OuterRef("organization"))
    paid_without = Q(paid_at__isnull=False) & ~Exists(purchase)
    unpaid_with = Q(paid_at=None) & Exists(any_purchase)
    for order in Order.objects.annotate(brings_as=PURCHASE_REFERENCE).filter(paid_without | unpaid_with):
        facts = f"is {order.state} and brought no {order.credits} credits"
        if order.paid_at is None:
            facts = f"is {order.state} and brought credits"
        yield Disagreement("paid_order_has_its_purchase", f"order {order.public_id}", facts)


def purchase_has_its_order(now: datetime) -> Iterator[Disagreement]:
    """Nothing was bought at Stripe that no order asked for."""
    orders = Order.objects.annotate(brings_as=PURCHASE_REFERENCE).filter(brings_as=OuterRef("reference"))
    at_stripe = Q(reference__startswith=SESSION_PREFIX) | Q(reference__startswith=PAYMENT_PREFIX)
    bought = LedgerEntry.objects.filter(at_stripe, kind=EntryKind.PURCHASE)
    for entry in bought.filter(~Exists(orders)):
        yield Disagreement("purchase_has_its_order", f"entry {entry.pk}", f"no order has {entry.reference}")


def order_is_settled(now: datetime) -> Iterator[Disagreement]:
    """Refunds and disputes of a paid order took what they should, and its state says so."""
    moved = Payment.objects.filter(Q(amount_refunded__gt=0) | Q(disputes__isnull=False) | Q(refunds__isnull=False))
    touched = Order.objects.filter(
        Q(payment_intent_id__in=moved.values("payment_intent_id")) | ~Q(state="paid"), paid_at__isnull=False
    )
    for order in touched.exclude(payment_intent_id=None):
        purchase = LedgerEntry.objects.filter(kind=EntryKind.PURCHASE, reference=order.purchase_reference).first()
        payment = Payment.objects.filter(payment_intent_id=order.payment_intent_id).first()
        if purchase is None or payment is None:
            continue  # another rule names it
        due, taken = payments.due_back(order, payment), payments.taken_back(purchase)
        state = payments.state_of(order, payment)
        is_short = due > taken and due - taken > payments.expired_of(purchase)
        if is_short or due < taken or state != order.state:
            facts = f"{order.state} with {taken} credits taken back, should be {state} with {due}"
            yield Disagreement("order_is_settled", f"order {order.public_id}", facts)


def order_has_its_payment(now: datetime) -> Iterator[Disagreement]:
    """An order's payment is known, in its mode."""
    known = Payment.objects.filter(payment_intent_id=OuterRef("payment_intent_id"), livemode=OuterRef("livemode"))
    for order in Order.objects.filter(~Exists(known)).exclude(payment_intent_id=None):
        facts = f"{order.payment_intent_id} is not known in its mode"
        yield Disagreement("order_has_its_payment", f"order {order.public_id}", facts)


def keys_rest_while_disputed(now: datetime) -> Iterator[Disagreement]:
    """Keys rest exactly while a dispute asks for it."""
    concerned = Organization.objects.filter(
        Q(keys_frozen_at__isnull=False)
        | Exists(
            PlanInvoice.objects.filter(
                subscription__organization=OuterRef("pk"),
                payment_intent_id__in=Payment.objects.filter(disputes__isnull=False).values("payment_intent_id"),
            )
        )
        | Exists(
            Order.objects.filter(
                organization=OuterRef("pk"),
                payment_intent_id__in=Payment.objects.filter(disputes__isnull=False).values("payment_intent_id"),
            )
        )
    )
    for organization in concerned:
        rests = organization.keys_frozen_at is not None
        if payments.must_rest(organization) != rests:
            facts = "keys rest and need not" if rests else "keys do not rest and must"
            yield Disagreement("keys_rest_while_disputed", f"organization {organization.public_id}", facts)


def order_has_no_problem(now: datetime) -> Iterator[Disagreement]:
    """What Stripe said about an order that was not agreed waits for somebody to look."""
    for order in Order.objects.exclude(problem=""):
        yield Disagreement("order_has_no_problem", f"order {order.public_id}", order.problem)


def refund_was_answered(now: datetime) -> Iterator[Disagreement]:
    """What an operator asked to be returned is not without an answer for long: it can be asked for again."""
    for request in RefundRequest.objects.filter(state=RefundState.ASKED, created__lte=now - ANSWERED_WITHIN):
        yield Disagreement("refund_was_answered", f"refund request {request.public_id}", "Stripe did not answer")


RULES = (
    paid_order_has_its_purchase,
    purchase_has_its_order,
    order_is_settled,
    order_has_its_payment,
    keys_rest_while_disputed,
    order_has_no_problem,
    *recharge_audit.RULES,
    refund_was_answered,
)
