"""Plans that people subscribe to: on what terms, what Stripe said about it, and what its invoices brought."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from billing.bounds import LARGEST_MOVEMENT, LARGEST_PRICE
from billing.money import show
from billing.order_models import OrderState, is_currency


class PlanTerms(models.Model):
    """What a plan was sold for, as it was offered: a price at Stripe for ever, which its invoices name.

    A plan that changes gets other terms; who subscribed before keeps theirs.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    plan = models.ForeignKey("billing.Plan", on_delete=models.PROTECT, related_name="terms")
    plan_name = models.CharField(max_length=50)
    amount = models.PositiveBigIntegerField(help_text="A month, in the currency's minor unit.")
    currency = models.CharField(max_length=3, validators=[is_currency])
    credits = models.PositiveIntegerField()
    rollover = models.CharField(max_length=10)
    livemode = models.BooleanField()
    price_id = models.CharField(max_length=255, unique=True, null=True, help_text="Empty: Stripe was not told yet.")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "plan terms"
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "plan_name", "currency", "amount", "credits", "rollover", "livemode"],
                name="billing_planterms_once",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="billing_planterms_cost_something"),
            models.CheckConstraint(
                condition=Q(credits__lte=LARGEST_MOVEMENT, amount__lte=LARGEST_PRICE),
                name="billing_planterms_within_bounds",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan_name}: {self.credits:,} credits for {show(self.amount, self.currency)}"


class SubscriptionState(models.TextChoices):
    """Where a subscription is. All of it follows from what Stripe said, in whatever order it was said."""

    PENDING = "pending", _("not paid yet")
    LEFT = "left", _("left unpaid")
    ACTIVE = "active", _("active")
    CANCELING = "canceling", _("ends with its period")
    PAST_DUE = "past_due", _("payment failed")
    ENDED = "ended", _("ended")


BEGUN_STATES = (SubscriptionState.ACTIVE, SubscriptionState.CANCELING, SubscriptionState.PAST_DUE)
OPEN_SUBSCRIPTION_STATES = (SubscriptionState.PENDING, *BEGUN_STATES)


class Subscription(models.Model):
    """One click on a plan, and what became of it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="subscriptions")
    terms = models.ForeignKey(
        PlanTerms, on_delete=models.PROTECT, related_name="+", help_text="What was agreed when the buyer clicked."
    )
    click_token = models.UUIDField(help_text="The button it came from: clicked twice, it is one subscription.")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    livemode = models.BooleanField()
    state = models.CharField(max_length=10, choices=SubscriptionState.choices, default=SubscriptionState.PENDING)
    problem = models.TextField(blank=True, help_text="What does not agree; somebody has to look.")
    checkout_session_id = models.CharField(max_length=255, unique=True, null=True)
    checkout_url = models.TextField(blank=True)
    page_is_over = models.BooleanField(default=False, help_text="Its page was closed without being paid on.")
    subscription_id = models.CharField(max_length=255, unique=True, null=True)

    # The newest that Stripe said.
    status = models.CharField(max_length=30, blank=True)
    as_of = models.DateTimeField(null=True, help_text="When Stripe said it, by its own clock, to the second.")
    is_answer = models.BooleanField(default=False, help_text="It was asked, and not told by an event.")
    has_doubt = models.BooleanField(
        default=False, help_text="Events of one second said different things; Stripe is asked which is true."
    )
    item_id = models.CharField(max_length=255, blank=True)
    next_terms = models.ForeignKey(
        PlanTerms, on_delete=models.PROTECT, null=True, related_name="+", help_text="What the next period costs."
    )
    cancel_at_period_end = models.BooleanField(default=False)
    period_end = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    # What follows from it.
    paid_terms = models.ForeignKey(
        PlanTerms,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="What the newest paid invoice is for.",
    )
    given_plan = models.ForeignKey(
        "billing.Plan",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="The plan that it gave its organization last; one set by hand stays until this changes.",
    )
    grace_ends_at = models.DateTimeField(null=True)
    past_due_told_at = models.DateTimeField(null=True, help_text="The mail of this failed payment was sent.")
    ended_told_at = models.DateTimeField(null=True)
    created = models.DateTimeField(auto_now_add=True)
    checked_at = models.DateTimeField(null=True, help_text="When Stripe was last asked about it.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "click_token"], name="billing_subscription_click_once"),
            # Two windows, or two people, never pay for two plans.
            models.UniqueConstraint(
                fields=["organization", "livemode"],
                condition=Q(state__in=OPEN_SUBSCRIPTION_STATES),
                name="billing_subscription_one_open",
            ),
        ]
        indexes = [
            models.Index(
                fields=["checked_at"], condition=Q(state__in=OPEN_SUBSCRIPTION_STATES), name="billing_subscription_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.terms.plan_name} ({self.state})"

    @property
    def renewal_terms(self) -> PlanTerms | None:
        """What a renewal is for, also one that is unpaid: its invoice has no terms of ours before it is paid."""
        return self.next_terms or self.paid_terms

    @property
    def current_terms(self) -> PlanTerms | None:
        """What the month that runs is for, paid or not."""
        return self.renewal_terms if self.state == SubscriptionState.PAST_DUE else self.paid_terms


class InvoiceState(models.TextChoices):
    """Where an invoice is; once it is paid it moves as orders do."""

    OPEN = "open", _("not paid yet")
    FAILED = "failed", _("payment failed")
    VOID = "void", _("no longer owed")
    PAID = OrderState.PAID.value, OrderState.PAID.label
    PARTLY_REFUNDED = OrderState.PARTLY_REFUNDED.value, OrderState.PARTLY_REFUNDED.label
    REFUNDED = OrderState.REFUNDED.value, OrderState.REFUNDED.label
    DISPUTED = OrderState.DISPUTED.value, OrderState.DISPUTED.label
    CHARGED_BACK = OrderState.CHARGED_BACK.value, OrderState.CHARGED_BACK.label


OWED_INVOICE_STATES = (InvoiceState.OPEN, InvoiceState.FAILED)
NOT_PAID_INVOICE_STATES = (*OWED_INVOICE_STATES, InvoiceState.VOID)


class InvoiceReason(models.TextChoices):
    """What an invoice is for."""

    FIRST = "subscription_create", _("first month")
    RENEWAL = "subscription_cycle", _("renewal")
    UPGRADE = "subscription_update", _("upgrade")


class PlanInvoice(models.Model):
    """What Stripe said about one invoice, whoever it belongs to: its payment may be told before the invoice is."""

    invoice_id = models.CharField(max_length=255, unique=True)
    livemode = models.BooleanField()
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, null=True, related_name="invoices")
    reason = models.CharField(max_length=30, choices=InvoiceReason.choices, blank=True)
    terms = models.ForeignKey(PlanTerms, on_delete=models.PROTECT, null=True, related_name="+")
    amount = models.PositiveBigIntegerField(default=0, help_text="In the currency's minor unit.")
    currency = models.CharField(max_length=3, blank=True)
    credits = models.PositiveIntegerField(default=0, help_text="What it brings, by our own terms.")
    period_start = models.DateTimeField(null=True)
    period_end = models.DateTimeField(null=True)
    payment_intent_id = models.CharField(max_length=255, unique=True, null=True)
    state = models.CharField(max_length=20, choices=InvoiceState.choices, default=InvoiceState.OPEN)
    problem = models.TextField(blank=True, help_text="What does not agree; somebody has to look.")
    credits_failed_at = models.DateTimeField(
        null=True, help_text="When it was paid and its credits could not be given; empty once they are."
    )
    page_url = models.TextField(blank=True, help_text="Where a person pays it, or reads it, at Stripe.")
    failed_at = models.DateTimeField(null=True, help_text="When it first failed.")
    paid_at = models.DateTimeField(null=True, help_text="By Stripe's clock.")
    expires_at = models.DateTimeField(null=True, help_text="When what is left of its credits expires.")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=NOT_PAID_INVOICE_STATES, paid_at=None)
                | ~Q(state__in=NOT_PAID_INVOICE_STATES)
                & Q(paid_at__isnull=False, subscription__isnull=False, terms__isnull=False),
                name="billing_planinvoice_paid_when_its_state_says_so",
            ),
            models.CheckConstraint(
                condition=Q(credits__lte=LARGEST_MOVEMENT), name="billing_planinvoice_within_bounds"
            ),
        ]
        indexes = [
            models.Index(
                fields=["subscription", "-period_end", "-period_start"],
                condition=Q(paid_at__isnull=False),
                name="billing_planinvoice_newest",
            ),
            models.Index(fields=["paid_at"], condition=Q(paid_at__isnull=False), name="billing_planinvoice_paid"),
        ]

    def __str__(self) -> str:
        return f"{self.name or 'Invoice'} {self.invoice_id} ({self.get_state_display()})"

    @property
    def name(self) -> str:
        """Return what was sold, in words of the ledger's."""
        return "" if self.terms is None else self.terms.plan_name

    @property
    def organization(self) -> Organization:
        """Return whose it is, where that is known."""
        assert self.subscription is not None  # noqa: S101 - for the type checker
        return self.subscription.organization


class ChangeKind(models.TextChoices):
    """What somebody asked of a running subscription."""

    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"
    KEEP = "keep"
    CANCEL = "cancel"
    RESUME = "resume"


class ChangeState(models.TextChoices):
    """What became of it."""

    BEGUN = "begun", "begun"
    WAITING = "waiting", "waits for the bank"
    DONE = "done", "made"
    REFUSED = "refused", "refused"
    GIVEN_UP = "given_up", "given up"


OPEN_CHANGE_STATES = (ChangeState.BEGUN, ChangeState.WAITING)
CHANGES_OF_TERMS = (ChangeKind.UPGRADE, ChangeKind.DOWNGRADE, ChangeKind.KEEP)


class PlanChange(models.Model):
    """One click that changes a subscription: stored before Stripe is told, so that its key names this row."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=10, choices=ChangeKind.choices)
    to_terms = models.ForeignKey(PlanTerms, on_delete=models.PROTECT, null=True, related_name="+")
    prorated_at = models.DateTimeField(null=True, help_text="The moment from which an upgrade is billed, as was shown.")
    click_token = models.UUIDField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=10, choices=ChangeState.choices, default=ChangeState.BEGUN)
    invoice = models.ForeignKey(
        PlanInvoice,
        on_delete=models.PROTECT,
        null=True,
        related_name="changes",
        help_text="What an upgrade waits for, where the bank wants the person to confirm it.",
    )
    waits_until = models.DateTimeField(null=True, help_text="When Stripe drops what nobody confirmed.")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subscription", "click_token"], name="billing_planchange_click_once"),
            models.UniqueConstraint(
                fields=["subscription"], condition=Q(state=ChangeState.BEGUN), name="billing_planchange_one_at_a_time"
            ),
            # While one waits for its person the plan can be canceled, and not become a third one.
            models.UniqueConstraint(
                fields=["subscription"],
                condition=Q(state__in=OPEN_CHANGE_STATES, kind__in=CHANGES_OF_TERMS),
                name="billing_planchange_one_of_terms",
            ),
            models.CheckConstraint(
                condition=~Q(state=ChangeState.WAITING) | Q(invoice__isnull=False, waits_until__isnull=False),
                name="billing_planchange_waits_for_its_invoice",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.get_state_display()})"
