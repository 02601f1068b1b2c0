"""Upgrades whose payment the bank wants their person to confirm: they wait at Stripe, and nothing is given meanwhile.

What becomes of one follows from its invoice (`plan_invoices.end_what_waited`): paid, the upgrade is made; void, it is
given up, as Stripe does after a day.
"""

from django.db.models import QuerySet
from django.utils import timezone

from billing import plan_invoices, stripe_gateway_plans, subscriptions
from billing.plan_errors import ChangeRefused
from billing.stripe_plan_objects import InvoiceFacts, SubscriptionFacts
from billing.subscription_models import ChangeState, PlanChange, Subscription, SubscriptionState
from billing.transactions import in_short_transaction


def find_waiting(subscription: Subscription) -> PlanChange | None:
    """Return the upgrade of a subscription that waits for its person."""
    waiting = PlanChange.objects.filter(subscription=subscription, state=ChangeState.WAITING)
    return waiting.filter(waits_until__gt=timezone.now()).select_related("invoice", "to_terms").first()


def begin(change: PlanChange) -> None:
    """Let an upgrade wait at Stripe for its person; where the bank asks for nobody this time, it is made."""
    facts, bill = stripe_gateway_plans.ask_for_person(change)
    in_short_transaction(lambda: subscriptions.note_subscription(facts))
    if facts.update_waits_until is not None:
        in_short_transaction(lambda: _wait(change, facts, bill))
    else:
        _end_as_told(change, facts)
    change.refresh_from_db()


def drop(change: PlanChange) -> PlanChange:
    """Let Stripe forget an upgrade that waits; return it given up, or done where it was paid before."""
    assert change.invoice is not None  # noqa: S101 - what waits has one
    drop_bill(change.invoice.invoice_id)
    change.refresh_from_db()
    return change


def drop_whatever_waits(subscription: Subscription) -> None:
    """Let nobody pay any more for a subscription that ends; raise ChangeRefused where its month was paid just now."""
    waiting = find_waiting(subscription)
    if waiting is not None:
        drop(waiting)
    unpaid = subscriptions.unpaid_invoice_of(subscription)
    if subscription.state == SubscriptionState.PAST_DUE and unpaid is not None:
        drop_bill(unpaid.invoice_id)
        unpaid.refresh_from_db()
        if unpaid.paid_at is not None:
            raise ChangeRefused


def drop_bill(invoice_id: str) -> None:
    """Void an invoice unless it was paid, and note where it is then."""
    bill = stripe_gateway_plans.drop_invoice(invoice_id)
    in_short_transaction(lambda: plan_invoices.note_invoice(bill))


def note_expired(facts: SubscriptionFacts) -> None:
    """Give up the upgrade whose invoice a subscription names, because Stripe dropped it."""
    waiting = PlanChange.objects.filter(state=ChangeState.WAITING, invoice__invoice_id=facts.latest_invoice_id)
    waiting.update(state=ChangeState.GIVEN_UP)


def give_up_dropped(subscription: Subscription) -> None:
    """Give up what Stripe must have dropped by now, although nobody told us."""
    waiting = PlanChange.objects.filter(subscription=subscription, state=ChangeState.WAITING)
    waiting.filter(waits_until__lte=timezone.now()).update(state=ChangeState.GIVEN_UP)


def _wait(change: PlanChange, facts: SubscriptionFacts, bill: InvoiceFacts) -> None:
    invoice = plan_invoices.note_invoice(bill)
    assert invoice is not None  # noqa: S101 - the subscription is ours, and so is what it costs
    _begun(change).update(state=ChangeState.WAITING, invoice=invoice, waits_until=facts.update_waits_until)
    plan_invoices.end_what_waited(invoice)


def _end_as_told(change: PlanChange, facts: SubscriptionFacts) -> None:
    """End a change that Stripe was asked for before, and that does not wait any more."""
    is_made = change.to_terms is not None and facts.price_id == change.to_terms.price_id
    _begun(change).update(state=ChangeState.DONE if is_made else ChangeState.GIVEN_UP)


def _begun(change: PlanChange) -> QuerySet[PlanChange]:
    return PlanChange.objects.filter(pk=change.pk, state=ChangeState.BEGUN)
