"""What a payment brought credits with: an order of a pack, or an invoice of a plan."""

from datetime import timedelta

from billing.models import EntryKind, LedgerEntry
from billing.order_models import Order, OrderKind, OrderState, Payment
from billing.subscription_models import PlanInvoice

Sale = Order | PlanInvoice


def entry_of(sale: Sale) -> LedgerEntry | None:
    """Return the entry that brought a paid sale's credits; None for an invoice that brought none."""
    if isinstance(sale, PlanInvoice):
        return LedgerEntry.objects.filter(kind=EntryKind.PLAN, reference=sale.invoice_id).first()
    return LedgerEntry.objects.get(kind=EntryKind.PURCHASE, reference=sale.purchase_reference)


def find_entry_of(sale: Sale) -> LedgerEntry | None:
    """Return the entry that brought a sale's credits; None while there is none, whatever should be."""
    if isinstance(sale, PlanInvoice):
        return entry_of(sale)
    if sale.purchase_reference is None:
        return None
    return LedgerEntry.objects.filter(kind=EntryKind.PURCHASE, reference=sale.purchase_reference).first()


def term_of(sale: Sale) -> timedelta | None:
    """Return how long its credits may be used; None for ever."""
    if isinstance(sale, Order):
        return None if sale.expires_after_days is None else timedelta(days=sale.expires_after_days)
    return None if sale.expires_at is None or sale.paid_at is None else sale.expires_at - sale.paid_at


def move(sale: Sale, state: OrderState) -> None:
    """Write down where a paid sale is; invoices and orders have the same words for it."""
    sale.state = state.value
    sale.save(update_fields=["state"])


def lock_invoice_paid_with(payment_intent_id: str) -> None:
    """Lock the invoice of a payment, where it is known, before the payment: everybody locks in this order."""
    PlanInvoice.objects.select_for_update().filter(payment_intent_id=payment_intent_id).first()


def lock(sale: Sale) -> Sale:
    """Return a sale as it is now, locked, and what is known of its payment: the invoice first, else the payment."""
    if isinstance(sale, PlanInvoice):
        sale = PlanInvoice.objects.select_for_update().get(pk=sale.pk)
        Payment.objects.select_for_update().filter(payment_intent_id=sale.payment_intent_id).first()
        return sale
    Payment.objects.select_for_update().filter(payment_intent_id=sale.payment_intent_id).first()
    return Order.objects.select_for_update().get(pk=sale.pk)


def paid_with(payment_intent_id: str | None) -> Sale | None:
    """Return what was sold for a payment; None while it is not known."""
    if payment_intent_id is None:
        return None
    order = Order.objects.filter(payment_intent_id=payment_intent_id).first()
    return order or PlanInvoice.objects.filter(payment_intent_id=payment_intent_id).first()


def brought(entry: LedgerEntry) -> Sale | None:
    """Return the sale that brought the credits of an entry; None where they were not sold."""
    if entry.kind == EntryKind.PLAN:
        return PlanInvoice.objects.filter(invoice_id=entry.reference).first()
    if entry.kind != EntryKind.PURCHASE:
        return None
    by_page = Order.objects.filter(checkout_session_id=entry.reference)
    return by_page.first() or Order.objects.filter(payment_intent_id=entry.reference, kind=OrderKind.RECHARGE).first()


def lock_sale_of(payment: Payment) -> Sale | None:
    """Return what was sold for a payment, locked; None while it is not known."""
    paid_with = {"payment_intent_id": payment.payment_intent_id}
    order = Order.objects.select_for_update().filter(**paid_with).first()
    if order is not None:
        return order
    invoice = PlanInvoice.objects.select_for_update().filter(**paid_with).first()
    return None if invoice is None or invoice.subscription is None else invoice
