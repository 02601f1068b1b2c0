"""From a plan's invoice to credits, once, by our own terms; webhook, page and reconciliation all come through here.

Each line of an invoice names a price, which is ours and stands for terms that never change. So what an invoice brings
does not depend on what is known of the subscription when it comes.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import OperationalError, transaction

from accounts.organization_lock import lock_organization
from billing import free_credits, ledger, paid_after_closing, payments, reasons, subscriptions
from billing.errors import LedgerBusy, StripeUnreachable
from billing.models import EntryKind, Rollover
from billing.order_problems import LONGEST_PROBLEM
from billing.plan_errors import PlanDisagrees, PlanNotFulfilled
from billing.stripe_plan_objects import InvoiceFacts, InvoicePaymentFacts, LineFacts
from billing.subscription_models import (
    OWED_INVOICE_STATES,
    ChangeState,
    InvoiceReason,
    InvoiceState,
    PlanInvoice,
    PlanTerms,
    Subscription,
)

logger = logging.getLogger(__name__)

ROUNDING = 2
"""By how many minor units the parts of a month may be rounded up: each of the two lines by one."""


class NotSold(Exception):
    """An invoice is for something that we do not sell."""


@dataclass(frozen=True, slots=True)
class Bill:
    """What an invoice is for, by our terms."""

    terms: PlanTerms
    credits: int
    start: datetime
    end: datetime


def note_invoice(facts: InvoiceFacts) -> PlanInvoice | None:
    """Keep what is told of an invoice and give its credits once it is paid; None where it is none of ours.

    Raise PlanDisagrees, and give nothing, where it is not what was agreed, and PlanNotFulfilled where anything else
    fails. The caller writes both on the invoice (`subscriptions.note_problem`) outside its own transaction.
    """
    try:
        return _note_invoice(facts)
    except (PlanNotFulfilled, LedgerBusy, OperationalError, StripeUnreachable):
        raise
    except Exception as error:
        logger.exception("plan_not_fulfilled", extra={"invoice_id": facts.id})
        raise _not_fulfilled(facts, error) from error


@transaction.atomic
def _note_invoice(facts: InvoiceFacts) -> PlanInvoice | None:
    found = subscriptions.find(facts.subscription_id, facts.reference)
    if found is None or facts.subscription_id is None:
        return None
    invoice = lock_invoice(facts.id, livemode=facts.livemode)
    payment = None
    if invoice.payment_intent_id is not None:
        payment = payments.lock_payment(invoice.payment_intent_id, livemode=facts.livemode)
    subscription = subscriptions.lock(found.pk)
    organization = lock_organization(subscription.organization_id)
    subscriptions.adopt(subscription, facts.subscription_id)
    _keep(invoice, subscription, facts)
    if facts.is_paid and invoice.paid_at is None:
        _note_paid(invoice, subscription, facts)
        paid_after_closing.report(invoice, organization)
    invoice.save()
    end_what_waited(invoice)
    if invoice.paid_at is not None:
        _give_credits(invoice, subscription)
        if payment is not None:
            payments.settle(invoice, payment)
        payments.freeze_or_thaw(subscription.organization)
    subscriptions.follow(subscription)
    return invoice


@transaction.atomic
def note_payment(facts: InvoicePaymentFacts) -> PlanInvoice | None:
    """Keep which payment an invoice was paid with, and take back what was returned of it; None while it is nobody's."""
    if not facts.is_paid or facts.payment_intent_id is None:
        return None
    invoice = lock_invoice(facts.invoice_id, livemode=facts.livemode)
    if invoice.payment_intent_id is None:
        invoice.payment_intent_id = facts.payment_intent_id
        invoice.save(update_fields=["payment_intent_id"])
    elif invoice.payment_intent_id != facts.payment_intent_id:
        raise _disagrees(invoice, invoice.subscription, f"was paid twice, also by {facts.payment_intent_id}")
    payment = payments.lock_payment(facts.payment_intent_id, livemode=facts.livemode)
    if invoice.paid_at is not None:
        payments.settle(invoice, payment)
    return None if invoice.subscription is None else invoice


def end_what_waited(invoice: PlanInvoice) -> None:
    """Let a change that waited for an invoice end with it, whichever of the two was known first."""
    if invoice.reason != InvoiceReason.UPGRADE:
        return
    if invoice.paid_at is not None:
        invoice.changes.update(state=ChangeState.DONE)
    elif invoice.state == InvoiceState.VOID:
        invoice.changes.filter(state=ChangeState.WAITING).update(state=ChangeState.GIVEN_UP)


def lock_invoice(invoice_id: str, *, livemode: bool) -> PlanInvoice:
    """Return what is known of an invoice, locked: who waited for it sees all that was known before."""
    PlanInvoice.objects.get_or_create(invoice_id=invoice_id, defaults={"livemode": livemode})
    return PlanInvoice.objects.select_for_update().get(invoice_id=invoice_id)


def share_of(extra: int, *, paid: int, whole: int) -> int:
    """Return which part of an upgrade's extra credits was paid for, in whole credits."""
    return max(0, extra) * min(paid, whole) // whole if whole > 0 else 0


def read_bill(facts: InvoiceFacts) -> Bill:
    """Return what an invoice is for; raise NotSold, in words, where it is nothing that we sell."""
    terms = _terms_of(facts)
    if facts.reason == InvoiceReason.UPGRADE:
        return _read_upgrade(facts, terms)
    if facts.reason in (InvoiceReason.FIRST, InvoiceReason.RENEWAL):
        return _read_month(facts, terms)
    raise NotSold(f"the reason {facts.reason}")


def _terms_of(facts: InvoiceFacts) -> Sequence[PlanTerms]:
    """Return our terms of each line."""
    if facts.has_more_lines or any(line.quantity != 1 or line.currency != facts.currency for line in facts.lines):
        raise NotSold("more lines, or lines of another quantity or currency")
    known = {terms.price_id: terms for terms in PlanTerms.objects.filter(livemode=facts.livemode)}
    unknown = [str(line.price_id) for line in facts.lines if line.price_id not in known]
    if unknown:
        raise NotSold(f"prices that are not ours: {', '.join(unknown)}")
    terms = [known[line.price_id] for line in facts.lines]
    if any(one.currency != facts.currency for one in terms):
        raise NotSold(f"currency {facts.currency}, not {terms[0].currency}")
    return terms


def _read_month(facts: InvoiceFacts, terms: Sequence[PlanTerms]) -> Bill:
    if len(facts.lines) != 1 or facts.lines[0].is_proration:
        raise NotSold("lines beside one month")
    [line], [agreed] = facts.lines, terms
    if (line.amount, facts.total) != (agreed.amount, agreed.amount):
        raise NotSold(f"amount {facts.total}, not {agreed.amount}")
    return Bill(agreed, agreed.credits, line.start, line.end)


def _read_upgrade(facts: InvoiceFacts, terms: Sequence[PlanTerms]) -> Bill:
    lines = sorted(zip(facts.lines, terms, strict=True), key=lambda one: one[0].amount)
    if len(lines) != 2 or not all(line.is_proration for line in facts.lines):
        raise NotSold("lines beside the rests of two months")
    (old_line, old), (new_line, new) = lines
    whole = new.amount - old.amount
    if whole <= 0 or _span(old_line) != _span(new_line):
        raise NotSold("the rests of two months that are no upgrade")
    if old_line.amount + new_line.amount != facts.total or not 0 <= facts.total <= whole + ROUNDING:
        raise NotSold(f"amount {facts.total}, not 0 to {whole}")
    credits = share_of(new.credits - old.credits, paid=facts.total, whole=whole)
    return Bill(new, credits, new_line.start, new_line.end)


def _span(line: LineFacts) -> tuple[datetime, datetime]:
    return line.start, line.end


def _keep(invoice: PlanInvoice, subscription: Subscription, facts: InvoiceFacts) -> None:
    """Keep what is said of an invoice, paid or not."""
    if invoice.subscription_id not in (None, subscription.pk):
        raise _disagrees(invoice, subscription, f"belonged to subscription {invoice.subscription_id}")
    if (facts.livemode, invoice.livemode) != (subscription.livemode, subscription.livemode):
        raise _disagrees(invoice, subscription, f"livemode is {facts.livemode}")
    invoice.subscription = subscription
    invoice.reason = facts.reason[:30]
    invoice.page_url = facts.page_url or invoice.page_url
    if facts.has_failed:
        invoice.failed_at = min(facts.as_of, invoice.failed_at or facts.as_of)
        if invoice.state == InvoiceState.OPEN:
            invoice.state = InvoiceState.FAILED
    if facts.is_void and invoice.state in OWED_INVOICE_STATES:
        invoice.state = InvoiceState.VOID


def _note_paid(invoice: PlanInvoice, subscription: Subscription, facts: InvoiceFacts) -> None:
    try:
        bill = read_bill(facts)
    except NotSold as why:
        raise _disagrees(invoice, subscription, f"Invoice {facts.id} has {why}.") from None
    if facts.reason == InvoiceReason.FIRST and bill.terms.pk != subscription.terms_id:
        raise _disagrees(invoice, subscription, f"Invoice {facts.id} is for {bill.terms}, not {subscription.terms}.")
    invoice.terms = bill.terms
    invoice.amount = facts.total
    invoice.currency = facts.currency
    invoice.credits = bill.credits
    invoice.period_start, invoice.period_end = bill.start, bill.end
    invoice.paid_at = facts.paid_at or facts.as_of
    invoice.expires_at = _expiry_of(bill, paid_at=invoice.paid_at)
    invoice.state = InvoiceState.PAID
    invoice.problem, invoice.credits_failed_at = "", None


def _expiry_of(bill: Bill, *, paid_at: datetime) -> datetime | None:
    """Return when what is left expires; who paid after the month has a month from then."""
    end = bill.end if paid_at < bill.end else a_month_after(paid_at)
    match bill.terms.rollover:
        case Rollover.NONE:
            return end
        case Rollover.ONE_MONTH:
            return a_month_after(end)
    return None


def a_month_after(moment: datetime) -> datetime:
    """Return the same day of the next month, or that month's last."""
    year, month = divmod(moment.year * 12 + moment.month, 12)
    for day in range(moment.day, 27, -1):
        try:
            return moment.replace(year=year, month=month + 1, day=day)
        except ValueError:
            continue
    return moment.replace(year=year, month=month + 1)


def _give_credits(invoice: PlanInvoice, subscription: Subscription) -> None:
    if not invoice.credits or invoice.terms is None:
        return
    ledger.grant(
        ledger.open_account(subscription.organization),
        amount=invoice.credits,
        kind=EntryKind.PLAN,
        reference=invoice.invoice_id,
        reason=_reason_of(invoice, invoice.terms),
        actor=subscription.actor if invoice.reason == InvoiceReason.FIRST else None,
        expires_at=invoice.expires_at,
    )
    free_credits.note_card(subscription.organization)


def _reason_of(invoice: PlanInvoice, terms: PlanTerms) -> str:
    if invoice.reason == InvoiceReason.UPGRADE:
        return reasons.in_english(reasons.UPGRADE, terms.plan_name)
    return reasons.in_english(reasons.MONTH, terms.plan_name)


def _not_fulfilled(facts: InvoiceFacts, error: Exception) -> PlanNotFulfilled:
    subscription = subscriptions.find(facts.subscription_id, facts.reference)
    return PlanNotFulfilled(
        subscription_id=None if subscription is None else subscription.pk,
        invoice_id=facts.id,
        livemode=facts.livemode,
        facts=f"{type(error).__name__}: {error}"[:LONGEST_PROBLEM],
        is_paid=facts.is_paid,
    )


def _disagrees(invoice: PlanInvoice, subscription: Subscription | None, facts: str) -> PlanDisagrees:
    logger.error("plan_disagrees", extra={"invoice_id": invoice.invoice_id, "facts": facts})
    return PlanDisagrees(
        subscription_id=None if subscription is None else subscription.pk,
        invoice_id=invoice.invoice_id,
        livemode=invoice.livemode,
        facts=facts,
    )
