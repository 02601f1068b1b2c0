"""Do plans, their invoices and the ledger agree? Rules for `audit_ledger`, which asks nobody but the database."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from billing import payments, sales, subscriptions
from billing.disagreements import Disagreement
from billing.models import EntryKind, LedgerEntry
from billing.order_models import Payment
from billing.subscription_models import (
    BEGUN_STATES,
    OWED_INVOICE_STATES,
    ChangeState,
    PlanChange,
    PlanInvoice,
    Subscription,
)

INVOICE_PREFIX = "in_"


def paid_invoice_has_its_credits(now: datetime) -> Iterator[Disagreement]:
    """Each paid invoice brought its credits, to its own organization, once; no other invoice brought any."""
    any_entry = LedgerEntry.objects.filter(kind=EntryKind.PLAN, reference=OuterRef("invoice_id"))
    entry = any_entry.filter(amount=OuterRef("credits"), account__organization=OuterRef("subscription__organization"))
    paid_without = Q(paid_at__isnull=False, credits__gt=0) & ~Exists(entry)
    with_too_many = (Q(paid_at=None) | Q(credits=0)) & Exists(any_entry)
    for invoice in PlanInvoice.objects.filter(paid_without | with_too_many):
        facts = f"is {invoice.state} and did not bring just {invoice.credits} credits"
        yield Disagreement("paid_invoice_has_its_credits", f"invoice {invoice.invoice_id}", facts)


def plan_credits_have_their_invoice(now: datetime) -> Iterator[Disagreement]:
    """No month of a plan came without an invoice."""
    invoices = PlanInvoice.objects.filter(invoice_id=OuterRef("reference"))
    entries = LedgerEntry.objects.filter(kind=EntryKind.PLAN, reference__startswith=INVOICE_PREFIX)
    for entry in entries.filter(~Exists(invoices)):
        yield Disagreement("plan_credits_have_their_invoice", f"entry {entry.pk}", f"no invoice {entry.reference}")


def invoice_is_settled(now: datetime) -> Iterator[Disagreement]:
    """Refunds and disputes of a paid invoice took what they should, and its state says so."""
    moved = Payment.objects.filter(Q(amount_refunded__gt=0) | Q(disputes__isnull=False) | Q(refunds__isnull=False))
    touched = PlanInvoice.objects.filter(
        Q(payment_intent_id__in=moved.values("payment_intent_id")) | ~Q(state="paid"), paid_at__isnull=False
    )
    for invoice in touched.exclude(payment_intent_id=None):
        payment = Payment.objects.filter(payment_intent_id=invoice.payment_intent_id).first()
        entry = sales.entry_of(invoice)
        if payment is None or (entry is None and invoice.credits):
            continue  # another rule names it
        state = payments.state_of(invoice, payment)
        due = payments.due_back(invoice, payment)
        taken, expired = (payments.taken_back(entry), payments.expired_of(entry)) if entry else (0, 0)
        is_short = due > taken and due - taken > expired
        if is_short or due < taken or state != invoice.state:
            facts = f"{invoice.state} with {taken} credits taken back, should be {state} with {due}"
            yield Disagreement("invoice_is_settled", f"invoice {invoice.invoice_id}", facts)


def invoice_has_its_payment(now: datetime) -> Iterator[Disagreement]:
    """An invoice's payment is known, in its mode."""
    known = Payment.objects.filter(payment_intent_id=OuterRef("payment_intent_id"), livemode=OuterRef("livemode"))
    for invoice in PlanInvoice.objects.filter(~Exists(known)).exclude(payment_intent_id=None):
        facts = f"{invoice.payment_intent_id} is not known in its mode"
        yield Disagreement("invoice_has_its_payment", f"invoice {invoice.invoice_id}", facts)


def subscription_gives_its_plan(now: datetime) -> Iterator[Disagreement]:
    """State and plan of a subscription are what follows from what is known of it."""
    for subscription in Subscription.objects.select_related("paid_terms__plan").exclude(status="", paid_terms=None):
        state, plan = subscriptions.state_of(subscription), subscriptions.plan_due(subscription, now)
        grace_just_ended = subscription.grace_ends_at is not None and subscription.grace_ends_at <= now
        has_plan = plan is None or plan.pk == subscription.given_plan_id or grace_just_ended
        if state != subscription.state or not has_plan:
            facts = f"{subscription.state} with {subscription.given_plan}, should be {state} with {plan}"
            yield Disagreement("subscription_gives_its_plan", f"subscription {subscription.public_id}", facts)


def plan_goes_on_as_agreed(now: datetime) -> Iterator[Disagreement]:
    """What a running subscription costs next is something that we sell."""
    running = Subscription.objects.filter(state__in=BEGUN_STATES, next_terms=None).exclude(status="")
    for subscription in running:
        facts = "its price at Stripe is none of ours"
        yield Disagreement("plan_goes_on_as_agreed", f"subscription {subscription.public_id}", facts)


def waiting_change_is_owed(now: datetime) -> Iterator[Disagreement]:
    """A change that waits for its person waits for an invoice that can still be paid."""
    waiting = PlanChange.objects.filter(state=ChangeState.WAITING).exclude(invoice__state__in=OWED_INVOICE_STATES)
    for change in waiting.select_related("invoice"):
        yield Disagreement("waiting_change_is_owed", f"change {change.public_id}", f"waits for {change.invoice}")


def plan_has_no_problem(now: datetime) -> Iterator[Disagreement]:
    """What Stripe said about a plan that was not agreed waits for somebody to look."""
    for subscription in Subscription.objects.exclude(problem=""):
        row = f"subscription {subscription.public_id}"
        yield Disagreement("plan_has_no_problem", row, subscription.problem)
    for invoice in PlanInvoice.objects.exclude(problem=""):
        yield Disagreement("plan_has_no_problem", f"invoice {invoice.invoice_id}", invoice.problem)


RULES = (
    paid_invoice_has_its_credits,
    plan_credits_have_their_invoice,
    invoice_is_settled,
    invoice_has_its_payment,
    subscription_gives_its_plan,
    plan_goes_on_as_agreed,
    waiting_change_is_owed,
    plan_has_no_problem,
)
