"""What Stripe says about payments, kept as facts that only grow, and what follows from them for credits.

Events come late, twice and in any order. Each only adds to what is known (the most that was refunded, the furthest
that a dispute came); `settle` then works out what all of it means and moves the difference. So the end is the same
whatever the order. What a payment brought credits with is an order or a plan's invoice (`sales`). Whoever calls locks
the invoice first, then the payment, then the order, then the organization, then the account.
"""

from django.db import transaction
from django.db.models import F, Q, Sum
from django.utils import timezone

from accounts.models import Organization
from accounts.organization_lock import lock_organization
from billing import ledger, recharge_switch, sales
from billing.models import CreditAccount, EntryKind, LedgerEntry
from billing.order_models import Dispute, DisputeStage, OrderState, Payment
from billing.recharge_models import StopReason
from billing.refund_models import Refund
from billing.sales import Sale
from billing.stripe_objects import DisputeFacts, RefundFacts, Refunds
from billing.subscription_models import PlanInvoice

_STAGES = {
    "warning_needs_response": DisputeStage.INQUIRY,
    "warning_under_review": DisputeStage.INQUIRY,
    "warning_closed": DisputeStage.CLOSED_INQUIRY,
    "prevented": DisputeStage.CLOSED_INQUIRY,
    "lost": DisputeStage.LOST,
    "won": DisputeStage.WON,
}
"""Every other status, among them those to come, is an open dispute: the money is away until we hear that it is back."""

_BY_REFUND = (EntryKind.REFUND, EntryKind.REFUND_BACK)
_BACK_AND_FORTH = (*_BY_REFUND, EntryKind.DISPUTE, EntryKind.DISPUTE_WON)


def lock_payment(payment_intent_id: str, *, livemode: bool) -> Payment:
    """Return what is known of a payment, locked: who waited for it sees all that was known before."""
    Payment.objects.get_or_create(payment_intent_id=payment_intent_id, defaults={"livemode": livemode})
    return Payment.objects.select_for_update().get(payment_intent_id=payment_intent_id)


@transaction.atomic
def note_refunds(refunds: Refunds) -> Sale | None:
    """Take back the credits of money that was returned; return what was sold, None while it is not known."""
    if refunds.payment_intent_id is None:
        return None
    sales.lock_invoice_paid_with(refunds.payment_intent_id)
    payment = lock_payment(refunds.payment_intent_id, livemode=refunds.livemode)
    if refunds.amount_refunded > payment.amount_refunded:
        payment.amount_refunded = refunds.amount_refunded
        payment.save(update_fields=["amount_refunded"])
    return _settle_sale_of(payment)


@transaction.atomic
def note_refund(facts: RefundFacts) -> Sale | None:
    """Take back the credits of one refund, or return them where it failed; return what was sold, None while unknown."""
    if facts.payment_intent_id is None:
        return None
    sales.lock_invoice_paid_with(facts.payment_intent_id)
    payment = lock_payment(facts.payment_intent_id, livemode=facts.livemode)
    refund, is_new = Refund.objects.get_or_create(
        refund_id=facts.id,
        defaults={"payment": payment, "amount": facts.amount, "has_failed": facts.has_failed},
    )
    if facts.has_failed and not is_new:
        Refund.objects.filter(pk=refund.pk).update(has_failed=True)
    return _settle_sale_of(payment)


@transaction.atomic
def note_dispute(facts: DisputeFacts) -> Sale | None:
    """Take back, or give back, the credits of a disputed payment; return what was sold, None while it is not known."""
    if facts.payment_intent_id is None:
        return None
    sales.lock_invoice_paid_with(facts.payment_intent_id)
    payment = lock_payment(facts.payment_intent_id, livemode=facts.livemode)
    stage = _STAGES.get(facts.status, DisputeStage.OPEN)
    dispute, is_new = Dispute.objects.get_or_create(
        dispute_id=facts.id,
        defaults={
            "payment": payment,
            "amount": facts.amount,
            "currency": facts.currency,
            "reason": facts.reason[:100],
            "stage": stage,
        },
    )
    if not is_new:
        dispute.stage = max(dispute.stage, stage)
        dispute.amount = max(dispute.amount, facts.amount)
        dispute.save(update_fields=["stage", "amount"])
    return _settle_sale_of(payment)


def settle(sale: Sale, payment: Payment) -> None:
    """Bring credits, the sale's state and the freeze of keys to what is known; doing it again changes nothing."""
    lock_organization(sale.organization.pk)
    purchase = sales.entry_of(sale)
    if purchase is not None:
        ledger.lock(purchase.account_id)  # before anything is read that another sale of the organization may change
        due, taken = due_back(sale, payment), taken_back(purchase)
        if due > taken:
            _take(purchase, payment, max(0, due - taken - expired_of(purchase)), sale)
        elif due < taken:
            _give_back(purchase, payment, taken - due, sale)
    sales.move(sale, state_of(sale, payment))
    freeze_or_thaw(sale.organization)


def due_back(sale: Sale, payment: Payment) -> int:
    """Return how many of a sale's credits its refunds and disputes take, in whole credits and the buyer's favour."""
    returned = refunded_share(sale, payment) + _share(sale, sum(_withdrawn(sale, payment)))
    return min(sale.credits, returned)


def returned_of(payment: Payment) -> int:
    """Return how much of a payment went back to its buyer and stayed there.

    Both what single refunds add up to and the most that the charge ever said, less what failed, may be short while news
    is missing; neither is ever too much for long, so the larger one counts.
    """
    sums = payment.refunds.aggregate(
        stands=Sum("amount", filter=Q(has_failed=False), default=0),
        failed=Sum("amount", filter=Q(has_failed=True), default=0),
    )
    return max(int(sums["stands"]), payment.amount_refunded - int(sums["failed"]))


def refunded_share(sale: Sale, payment: Payment) -> int:
    """Return the credits that stand for the money returned."""
    return _share(sale, returned_of(payment))


def taken_back(purchase: LedgerEntry) -> int:
    """Return how many credits refunds and disputes took so far, less what was given back."""
    return _sum_taken(purchase, Q(kind__in=_BACK_AND_FORTH, origin=purchase))


def expired_of(purchase: LedgerEntry) -> int:
    """Return how many of the credits it brought expired: those are gone already."""
    return _sum_taken(purchase, Q(kind=EntryKind.EXPIRE) & (Q(origin=purchase) | Q(origin__origin=purchase)))


def state_of(sale: Sale, payment: Payment) -> OrderState:
    """Return the state of what was paid for."""
    stages = set(payment.disputes.values_list("stage", flat=True))
    if DisputeStage.OPEN in stages:
        return OrderState.DISPUTED
    if DisputeStage.LOST in stages:
        return OrderState.CHARGED_BACK
    returned = returned_of(payment)
    if returned >= sale.amount:
        return OrderState.REFUNDED
    return OrderState.PARTLY_REFUNDED if returned else OrderState.PAID


def freeze_or_thaw(organization: Organization) -> None:
    """Let keys rest while a dispute is open, or was lost and left a debt; people log in and pay all the while."""
    if must_rest(organization):
        awake = Organization.objects.filter(pk=organization.pk, keys_frozen_at=None)
        if awake.update(keys_frozen_at=timezone.now()):
            # Who disputes a payment is not charged again before somebody there wishes it.
            recharge_switch.stop(organization.pk, StopReason.DISPUTED)
    else:
        Organization.objects.filter(pk=organization.pk).exclude(keys_frozen_at=None).update(keys_frozen_at=None)


def must_rest(organization: Organization) -> bool:
    """Tell whether an organization's keys must rest by what is known of its payments."""
    orders = organization.orders.exclude(paid_at=None).values("payment_intent_id")
    invoices = PlanInvoice.objects.filter(subscription__organization=organization).exclude(paid_at=None)
    disputes = Dispute.objects.filter(
        Q(payment__payment_intent_id__in=orders)
        | Q(payment__payment_intent_id__in=invoices.values("payment_intent_id"))
    )
    if disputes.filter(stage=DisputeStage.OPEN).exists():
        return True
    owes = CreditAccount.objects.filter(organization=organization, debt__gt=0).exists()
    return owes and disputes.filter(stage=DisputeStage.LOST).exists()


def _settle_sale_of(payment: Payment) -> Sale | None:
    sale = sales.lock_sale_of(payment)
    if sale is not None and sale.paid_at is not None:
        settle(sale, payment)
    return sale


def _take(purchase: LedgerEntry, payment: Payment, amount: int, sale: Sale) -> None:
    """Take credits for money that was returned, then those for money that a bank withdrew."""
    by_refund = min(amount, max(0, refunded_share(sale, payment) - _refunded(purchase)))
    if by_refund:
        ledger.take_back(
            purchase,
            amount=by_refund,
            kind=EntryKind.REFUND,
            reference=_next_reference(purchase, payment),
            reason=f"Refund of {sale.name}.",
        )
    if amount > by_refund:
        ledger.take_back(
            purchase,
            amount=amount - by_refund,
            kind=EntryKind.DISPUTE,
            reference=_next_reference(purchase, payment),
            reason=f"The payment of {sale.name} is disputed.",
        )


def _give_back(purchase: LedgerEntry, payment: Payment, amount: int, sale: Sale) -> None:
    """Return what a refund that failed took, then what a dispute took; the time to use them begins anew."""
    of_refund = min(amount, max(0, _refunded(purchase) - refunded_share(sale, payment)))
    name, term = sale.name, sales.term_of(sale)
    for part, kind, reason in (
        (of_refund, EntryKind.REFUND_BACK, f"The refund of {name} failed: the money did not arrive."),
        (amount - of_refund, EntryKind.DISPUTE_WON, f"The dispute about {name} was won."),
    ):
        if part:
            ledger.grant(
                CreditAccount.objects.get(pk=purchase.account_id),
                amount=part,
                kind=kind,
                reference=_next_reference(purchase, payment),
                reason=reason,
                expires_at=None if term is None else timezone.now() + term,
                origin=purchase,
            )


def _next_reference(purchase: LedgerEntry, payment: Payment) -> str:
    """Name the payment's next movement. Under its lock there is one at a time; without it two would get one name."""
    so_far = purchase.consequences.filter(kind__in=_BACK_AND_FORTH).count()
    return f"{payment.payment_intent_id}:{so_far + 1}"


def _refunded(purchase: LedgerEntry) -> int:
    """Return how many credits refunds took, less what failed ones gave back."""
    return _sum_taken(purchase, Q(kind__in=_BY_REFUND, origin=purchase))


def _sum_taken(purchase: LedgerEntry, which: Q) -> int:
    entries = LedgerEntry.objects.filter(which, account=purchase.account_id)
    return entries.aggregate(taken=Sum(F("debt") - F("amount")))["taken"] or 0


def _withdrawn(sale: Sale, payment: Payment) -> list[int]:
    """Return the amounts of disputes that took the money; one in another currency took all of it."""
    taken = payment.disputes.filter(stage__in=(DisputeStage.OPEN, DisputeStage.LOST))
    return [dispute.amount if dispute.currency == sale.currency else sale.amount for dispute in taken]


def _share(sale: Sale, amount: int) -> int:
    return sale.credits * min(amount, sale.amount) // sale.amount
