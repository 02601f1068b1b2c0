"""What a payment brought credits with: an order of a pack, or an invoice of a plan."""

from datetime import timedelta

from billing.models import EntryKind, LedgerEntry
from billing.order_models import Order, OrderState, Payment
from billing.subscription_models import PlanInvoice

Sale = Order | PlanInvoice


def entry_of(sale: Sale) -> LedgerEntry | None:
    """Return the entry that brought a paid sale's credits; None for an invoice that brought none."""
    if isinstance(sale, PlanInvoice):
        return LedgerEntry.objects.filter(kind=EntryKind.PLAN, reference=sale.invoice_id).first()
    return LedgerEntry.objects.get(kind=EntryKind.PURCHASE, reference=sale.purchase_reference)


def name_of(sale: Sale) -> str:
    """Return what was sold, in words of the ledger's."""
    if isinstance(sale, Order):
        return sale.pack_name
    return "" if sale.terms is None else sale.terms.plan_name


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


def lock_sale_of(payment: Payment) -> Sale | None:
    """Return what was sold for a payment, locked; None while it is not known."""
    paid_with = {"payment_intent_id": payment.payment_intent_id}
    order = Order.objects.select_for_update().filter(**paid_with).first()
    if order is not None:
        return order
    invoice = PlanInvoice.objects.select_for_update().filter(**paid_with).first()
    return None if invoice is None or invoice.subscription is None else invoice
