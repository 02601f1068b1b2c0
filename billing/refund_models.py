"""Money that goes back: what an operator asked for, and what Stripe said of each refund."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.support_models import PermanentRow
from billing.bounds import LARGEST_PRICE
from billing.order_models import Order, Payment
from billing.subscription_models import PlanInvoice


class RefundState(models.TextChoices):
    """Where a refund that we asked for is."""

    ASKED = "asked", "no answer yet"
    TAKEN = "taken", "Stripe has it"
    FAILED = "failed", "failed"


class RefundRequest(PermanentRow):
    """An operator wants money of a sale returned. It is asked for at Stripe under this row's own id, once."""

    public_id = models.UUIDField(
        default=uuid.uuid4, unique=True, help_text="The form it came from: sent twice, it is one."
    )
    order = models.ForeignKey(Order, on_delete=models.PROTECT, null=True, related_name="refund_requests")
    invoice = models.ForeignKey(PlanInvoice, on_delete=models.PROTECT, null=True, related_name="refund_requests")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    amount = models.PositiveBigIntegerField(help_text="In the sale's currency, in its minor unit.")
    state = models.CharField(max_length=10, choices=RefundState.choices, default=RefundState.ASKED)
    refund_id = models.CharField(max_length=255, unique=True, null=True, help_text="Stripe's name for it.")
    error = models.TextField(blank=True, help_text="Why it failed.")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="billing_refundrequest_is_something"),
            models.CheckConstraint(condition=Q(amount__lte=LARGEST_PRICE), name="billing_refundrequest_within_bounds"),
            models.CheckConstraint(condition=~Q(reason=""), name="billing_refundrequest_has_reason"),
            models.CheckConstraint(
                condition=Q(order__isnull=False, invoice=None) | Q(order=None, invoice__isnull=False),
                name="billing_refundrequest_of_one_sale",
            ),
        ]

    def __str__(self) -> str:
        return f"Refund of {self.sale.name} ({self.get_state_display()})"

    @property
    def sale(self) -> Order | PlanInvoice:
        """Return what the money was paid for."""
        sale = self.order or self.invoice
        assert sale is not None  # noqa: S101 - the database holds to it
        return sale


class Refund(models.Model):
    """One refund as Stripe tells of it. It only ever comes to fail: what came later and says less changes nothing."""

    refund_id = models.CharField(max_length=255, unique=True)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    amount = models.PositiveBigIntegerField()
    has_failed = models.BooleanField(default=False, help_text="The money came back to us, or never left.")
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.refund_id
