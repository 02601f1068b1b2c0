"""Invoices as people are shown them: what Stripe says of each, and what we know of the money since it was paid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from billing.order_models import NOT_PAID_STATES, Order
from billing.stripe_objects import Invoice
from billing.subscription_models import NOT_PAID_INVOICE_STATES, InvoiceState, PlanInvoice


@dataclass(frozen=True, slots=True)
class ShownInvoice:
    """An invoice and where it is."""

    invoice: Invoice
    state: InvoiceState

    @property
    def get_state_display(self) -> str:
        """The state in words, under the name that models have for it."""
        return str(self.state.label)


def shown(invoices: Sequence[Invoice]) -> list[ShownInvoice]:
    """Return each invoice with its state."""
    known = _known_states(invoices)
    return [ShownInvoice(invoice, _state_of(invoice, known)) for invoice in invoices]


def _state_of(invoice: Invoice, known: Mapping[str | None, str]) -> InvoiceState:
    """Say what Stripe says; of what failed, and of money that went back, we may know more."""
    names = (invoice.id, *invoice.payment_intent_ids)
    ours = next((InvoiceState(known[name]) for name in names if name in known), None)
    if invoice.status == "void":
        return InvoiceState.VOID
    if invoice.status != "paid":
        return InvoiceState.FAILED if ours == InvoiceState.FAILED else InvoiceState.OPEN
    if ours in (None, InvoiceState.PAID, *NOT_PAID_INVOICE_STATES):
        return _state_by_credit_notes(invoice)
    return ours


def _state_by_credit_notes(invoice: Invoice) -> InvoiceState:
    if not invoice.returned:
        return InvoiceState.PAID
    return InvoiceState.REFUNDED if invoice.returned >= invoice.amount else InvoiceState.PARTLY_REFUNDED


def _known_states(invoices: Sequence[Invoice]) -> dict[str | None, str]:
    """Return where we have each plan's invoice, and each pack's paid order, by what Stripe calls them."""
    # An invoice without a subscription is a pack's, of which only the payment was told.
    plans = PlanInvoice.objects.filter(subscription__isnull=False, invoice_id__in=[one.id for one in invoices])
    intents = [intent for invoice in invoices for intent in invoice.payment_intent_ids]
    orders = Order.objects.filter(payment_intent_id__in=intents).exclude(state__in=NOT_PAID_STATES)
    states: dict[str | None, str] = dict(orders.values_list("payment_intent_id", "state"))
    states.update(plans.values_list("invoice_id", "state"))
    return states
