"""What is sold, who ordered it, and what Stripe said about it. Money is in minor units, as Stripe counts them."""

import uuid
from typing import Any, NoReturn

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from billing.bounds import LARGEST_MOVEMENT, LARGEST_PRICE, LONGEST_TERM_DAYS
from billing.errors import EventsArePermanent
from billing.money import check_price, show

WITHIN_TERM = Q(expires_after_days=None) | Q(expires_after_days__range=(1, LONGEST_TERM_DAYS))
is_currency = RegexValidator(r"^[a-z]{3}$", _("Write the currency as three small letters, such as eur."))


class Price(models.Model):
    """What something costs in one currency, in its minor unit: 500 is 5 euros, or 500 yen."""

    currency = models.CharField(max_length=3, validators=[is_currency])
    amount = models.PositiveBigIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(LARGEST_PRICE)],
        help_text="In the minor unit: 500 means 5.00 EUR, and 500 JPY.",
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return show(self.amount, self.currency)

    def clean(self) -> None:
        """Raise ValidationError for an amount that cannot be a price in this currency."""
        super().clean()
        if self.currency and self.amount:
            check_price(self.amount, self.currency)


class Pack(models.Model):
    """Credits that are bought once."""

    name = models.CharField(max_length=50)
    credits = models.PositiveIntegerField(validators=[MinValueValidator(1), MaxValueValidator(LARGEST_MOVEMENT)])
    is_active = models.BooleanField(default=True, help_text="Off: nobody can buy it any more.")
    expires_after_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_TERM_DAYS)],
        help_text="Empty: these credits never expire.",
    )
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(credits__gt=0), name="billing_pack_has_credits"),
            models.CheckConstraint(
                condition=Q(credits__lte=LARGEST_MOVEMENT) & WITHIN_TERM, name="billing_pack_within_bounds"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PackPrice(Price):
    """A pack's price in one currency."""

    pack = models.ForeignKey(Pack, on_delete=models.CASCADE, related_name="prices")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pack", "currency"], name="billing_packprice_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="billing_packprice_positive"),
            models.CheckConstraint(condition=Q(amount__lte=LARGEST_PRICE), name="billing_packprice_within_bounds"),
        ]


class PlanPrice(Price):
    """A plan's price for a month, in one currency."""

    plan = models.ForeignKey("billing.Plan", on_delete=models.CASCADE, related_name="prices")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "currency"], name="billing_planprice_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="billing_planprice_positive"),
            models.CheckConstraint(condition=Q(amount__lte=LARGEST_PRICE), name="billing_planprice_within_bounds"),
        ]


class StripeCustomer(models.Model):
    """Who an organization is at Stripe, in test mode and in live mode."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="stripe_customers")
    livemode = models.BooleanField()
    customer_id = models.CharField(max_length=255, unique=True, null=True, help_text="Empty: Stripe was not told yet.")
    email = models.EmailField(
        blank=True, help_text="As it was told to Stripe; it may have been changed there. Empty: erased."
    )
    name = models.CharField(max_length=100, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    generation = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="How many customers of this organization were deleted at Stripe before."
    )
    erased_digests = models.CharField(
        max_length=500,
        blank=True,
        default="",
        db_default="",
        help_text="Set: Stripe still has an address or a name of a deleted person, and is to replace it.",
    )
    checked_at = models.DateTimeField(null=True, help_text="When a closed organization's customer was last looked at.")
    deleted_at = models.DateTimeField(null=True, help_text="When it was deleted at Stripe, after closing.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "livemode"], name="billing_stripecustomer_once")]

    def __str__(self) -> str:
        return self.customer_id or f"{self.organization} (not at Stripe yet)"


class OrderState(models.TextChoices):
    """Where an order is. All of it follows from what Stripe said, in whatever order it was said."""

    PENDING = "pending", _("not paid yet")
    AWAITING = "awaiting", _("payment is on its way")
    EXPIRED = "expired", _("left unpaid")
    FAILED = "failed", _("payment failed")
    PAID = "paid", _("paid")
    PARTLY_REFUNDED = "partly_refunded", _("refunded in part")
    REFUNDED = "refunded", _("refunded")
    DISPUTED = "disputed", _("disputed")
    CHARGED_BACK = "charged_back", _("charged back")


NOT_PAID_STATES = (OrderState.PENDING, OrderState.AWAITING, OrderState.EXPIRED, OrderState.FAILED)
OPEN_STATES = (OrderState.PENDING, OrderState.AWAITING)


class OrderKind(models.TextChoices):
    """Who is there when it is paid."""

    CHECKOUT = "checkout", _("bought on a page")
    RECHARGE = "recharge", _("bought by itself")


class Order(models.Model):
    """One purchase of one pack, as it was agreed when the buyer clicked: nothing that comes later changes its price."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(
        max_length=10, choices=OrderKind.choices, default=OrderKind.CHECKOUT, db_default=OrderKind.CHECKOUT
    )
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="orders")
    pack = models.ForeignKey(Pack, on_delete=models.PROTECT, related_name="orders")
    pack_name = models.CharField(max_length=50)
    click_token = models.UUIDField(help_text="The button it came from: clicked twice, it is one order.")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    credits = models.PositiveIntegerField()
    amount = models.PositiveBigIntegerField(help_text="In the currency's minor unit.")
    currency = models.CharField(max_length=3, validators=[is_currency])
    expires_after_days = models.PositiveIntegerField(null=True)
    livemode = models.BooleanField()
    state = models.CharField(max_length=20, choices=OrderState.choices, default=OrderState.PENDING)
    problem = models.TextField(blank=True, help_text="What does not agree; somebody has to look.")
    credits_failed_at = models.DateTimeField(
        null=True, help_text="When the payment had arrived and its credits could not be given; empty once they are."
    )
    checkout_session_id = models.CharField(max_length=255, unique=True, null=True)
    checkout_url = models.TextField(blank=True)
    payment_intent_id = models.CharField(max_length=255, unique=True, null=True)
    saved_card = models.ForeignKey(
        "billing.SavedCard",
        on_delete=models.PROTECT,
        null=True,
        related_name="orders",
        help_text="What pays it.",
    )
    needs_person_at = models.DateTimeField(null=True, help_text="When the bank first asked for the card's holder.")
    created = models.DateTimeField(auto_now_add=True)
    paid_at = models.DateTimeField(null=True, help_text="When its credits were given.")
    checked_at = models.DateTimeField(null=True, help_text="When Stripe was last asked about it.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "click_token"], name="billing_order_click_once"),
            models.CheckConstraint(condition=Q(credits__gt=0, amount__gt=0), name="billing_order_is_something"),
            models.CheckConstraint(
                condition=Q(credits__lte=LARGEST_MOVEMENT, amount__lte=LARGEST_PRICE) & WITHIN_TERM,
                name="billing_order_within_bounds",
            ),
            models.CheckConstraint(
                condition=Q(state__in=NOT_PAID_STATES, paid_at=None)
                | ~Q(state__in=NOT_PAID_STATES) & Q(paid_at__isnull=False),
                name="billing_order_paid_when_its_state_says_so",
            ),
            models.CheckConstraint(
                condition=Q(kind=OrderKind.CHECKOUT, saved_card=None, needs_person_at=None)
                | Q(kind=OrderKind.RECHARGE, saved_card__isnull=False, checkout_session_id=None),
                name="billing_order_is_of_its_kind",
            ),
            # However many processes see that credits run low, one of them buys.
            models.UniqueConstraint(
                fields=["organization"],
                condition=Q(kind=OrderKind.RECHARGE, state__in=OPEN_STATES),
                name="billing_order_one_recharge_at_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["checked_at"],
                condition=Q(state__in=OPEN_STATES),
                name="billing_order_open",
            ),
            models.Index(fields=["paid_at"], condition=Q(paid_at__isnull=False), name="billing_order_paid"),
        ]

    def __str__(self) -> str:
        return f"{self.pack_name} ({self.get_state_display()})"

    @property
    def name(self) -> str:
        """Return what was sold, in words of the ledger's."""
        return self.pack_name

    @property
    def purchase_reference(self) -> str | None:
        """Name what brought its credits, as the ledger does; None while Stripe has no name for it yet."""
        return self.payment_intent_id if self.kind == OrderKind.RECHARGE else self.checkout_session_id


class Payment(models.Model):
    """What Stripe said about one payment, whoever it belongs to: refunds may be told before the purchase is."""

    payment_intent_id = models.CharField(max_length=255, unique=True)
    livemode = models.BooleanField()
    amount_refunded = models.PositiveBigIntegerField(default=0, help_text="In all, and the most that was ever told.")
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.payment_intent_id


class DisputeStage(models.IntegerChoices):
    """How far a dispute has come. It only goes up, so that old news changes nothing."""

    INQUIRY = 1, _("a question, no money was taken")
    CLOSED_INQUIRY = 2, _("a question that was answered")
    OPEN = 3, _("open, the money was taken back")
    LOST = 4, _("lost")
    WON = 5, _("won")


class Dispute(models.Model):
    """A bank took a payment back, or asks about it."""

    dispute_id = models.CharField(max_length=255, unique=True)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="disputes")
    amount = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=100, blank=True)
    stage = models.PositiveSmallIntegerField(choices=DisputeStage.choices)
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.dispute_id} ({self.get_stage_display()})"


class EventState(models.TextChoices):
    """What became of an event of Stripe's. Only what is processed stays so."""

    RECEIVED = "received"
    PROCESSED = "processed"
    IGNORED = "ignored"
    FAILED = "failed"


class StripeEventQuerySet(models.QuerySet["StripeEvent"]):
    """Events can be read and added; their state moves by `update`, which the database holds to that."""

    def delete(self) -> NoReturn:
        """Refuse."""
        raise EventsArePermanent

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse."""
        raise EventsArePermanent


class StripeEvent(models.Model):
    """The facts of one event that Stripe signed (`event_facts`), for ever, and what became of it."""

    event_id = models.CharField(max_length=255, unique=True)
    type = models.CharField(max_length=100, db_index=True)
    livemode = models.BooleanField()
    payload = models.JSONField()
    created = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=10, choices=EventState.choices, default=EventState.RECEIVED)
    error = models.TextField(blank=True, help_text="Why it failed, or why it was ignored.")
    settled_at = models.DateTimeField(null=True)

    objects = StripeEventQuerySet.as_manager()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(event_id=""), name="billing_stripeevent_has_id")]
        indexes = [
            models.Index(fields=["created"], condition=Q(state=EventState.FAILED), name="billing_stripeevent_failed")
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id} ({self.state})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the event; refuse to change a stored one."""
        if not self._state.adding:
            raise EventsArePermanent
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse."""
        raise EventsArePermanent
