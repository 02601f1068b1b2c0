"""What is owed. Only `ledger` and `idempotency` write here; the schema repeats every promise they make."""

from typing import Any, NoReturn

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiKey, Organization
from billing import (  # noqa: F401 - Django looks here
    free_credit_models,
    free_usage_models,
    order_models,
    recharge_models,
    refund_models,
    subscription_models,
)
from billing.bounds import LARGEST_MOVEMENT
from billing.errors import LedgerEntriesArePermanent


class Rollover(models.TextChoices):
    """What becomes of a month's credits that were not used in it."""

    NONE = "none", _("They expire with the month")
    ONE_MONTH = "one_month", _("They expire a month later")
    FOREVER = "forever", _("They stay")


class Plan(models.Model):
    """How fast an organization may call, and the credits that come with it each month."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=50)
    requests_per_minute = models.PositiveIntegerField()
    requests_per_second = models.PositiveIntegerField(help_text="The burst: never more than this in one second.")
    megapixels_per_minute = models.PositiveIntegerField(
        default=500, db_default=500, help_text="What the v1.0 API counts instead of requests: megapixels of input."
    )
    max_concurrency = models.PositiveIntegerField(help_text="Images of one organization worked on at once.")
    is_default = models.BooleanField(default=False, help_text="New organizations get this plan.")
    monthly_credits = models.PositiveIntegerField(
        default=0, db_default=0, validators=[MaxValueValidator(LARGEST_MOVEMENT)]
    )
    rollover = models.CharField(
        max_length=10, choices=Rollover.choices, default=Rollover.NONE, db_default=Rollover.NONE
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="billing_plan_one_default"
            ),
            models.CheckConstraint(
                condition=Q(
                    requests_per_minute__gt=0,
                    requests_per_second__gt=0,
                    megapixels_per_minute__gt=0,
                    max_concurrency__gt=0,
                ),
                name="billing_plan_lets_someone_in",
            ),
            models.CheckConstraint(
                condition=Q(monthly_credits__lte=LARGEST_MOVEMENT), name="billing_plan_within_bounds"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CreditAccount(models.Model):
    """An organization's whole credits: `balance` owned, `held` of them set aside, `debt` owed to us."""

    organization = models.OneToOneField(Organization, on_delete=models.PROTECT, related_name="credit_account")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="accounts")
    balance = models.BigIntegerField(default=0, editable=False)
    held = models.BigIntegerField(default=0, editable=False)
    debt = models.BigIntegerField(default=0, editable=False)
    auto_recharge_threshold = models.PositiveIntegerField(
        null=True, blank=True, editable=False, help_text="Below it a pack is bought; empty: never (see AutoRecharge)."
    )
    low_credit_threshold = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(LARGEST_MOVEMENT)],
        help_text="Owners and admins get a mail when the balance falls to this; empty: none.",
    )
    low_credit_warned_at = models.DateTimeField(
        null=True, editable=False, help_text="The mail of this fall was sent; empty again above the threshold."
    )
    low_credit_mailed_at = models.DateTimeField(
        null=True, editable=False, help_text="When the last such mail was sent."
    )
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(balance__gte=0), name="billing_account_balance_not_negative"),
            models.CheckConstraint(condition=Q(held__gte=0), name="billing_account_held_not_negative"),
            models.CheckConstraint(condition=Q(held__lte=F("balance")), name="billing_account_held_is_owned"),
            models.CheckConstraint(condition=Q(debt__gte=0), name="billing_account_debt_not_negative"),
            models.CheckConstraint(
                condition=(Q(low_credit_threshold=None) | Q(low_credit_threshold__lte=LARGEST_MOVEMENT))
                & (Q(auto_recharge_threshold=None) | Q(auto_recharge_threshold__lte=LARGEST_MOVEMENT)),
                name="billing_account_thresholds_within_bounds",
            ),
        ]
        indexes = [
            models.Index(
                fields=["auto_recharge_threshold"],
                condition=Q(auto_recharge_threshold__isnull=False),
                name="billing_account_recharges",
            )
        ]

    def __str__(self) -> str:
        return f"Credits of {self.organization}"

    @property
    def available(self) -> int:
        """Return the credits that can still be set aside."""
        return self.balance - self.held


class KeyMonth(models.Model):
    """What a key had of one month's credits: `spent` on delivered images, `held` for images in work.

    Keys that came of one by rotation count here as that first one. A month is one of UTC, and an image belongs to the
    month in which it was begun.
    """

    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="months")
    month = models.DateField(help_text="Its first day.")
    held = models.BigIntegerField(default=0)
    spent = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["api_key", "month"], name="billing_keymonth_once"),
            models.CheckConstraint(condition=Q(held__gte=0), name="billing_keymonth_held_not_negative"),
            models.CheckConstraint(condition=Q(spent__gte=0), name="billing_keymonth_spent_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}: {self.spent}"


class ClaimState(models.TextChoices):
    """Where the request that owns an idempotency key is."""

    RUNNING = "running"
    DELIVERED = "delivered"


MAX_REPLAYS = 10
"""How often one claim's image is computed again without a charge."""


class IdempotencyClaim(models.Model):
    """One caller's retry name: who is working on it, or that it was delivered and is free until `expires_at`."""

    account = models.ForeignKey(CreditAccount, on_delete=models.CASCADE, related_name="claims")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text="Our hash of what was asked.")
    state = models.CharField(max_length=10, choices=ClaimState.choices, default=ClaimState.RUNNING)
    attempt = models.PositiveIntegerField(default=1, help_text="Who works on it now; one more for each takeover.")
    lease_expires_at = models.DateTimeField(help_text="A running claim past this belongs to a dead process.")
    expires_at = models.DateTimeField(null=True, db_index=True, help_text="Until then a delivered key is free.")
    image_digest = models.CharField(
        max_length=64,
        blank=True,
        default="",
        db_default="",
        help_text="SHA-256 (hex) over the image bytes that were paid for; empty: delivered before this was kept.",
    )
    replays = models.PositiveSmallIntegerField(default=0, db_default=0, help_text="Repetitions without a charge.")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "key"], name="billing_claim_key_once"),
            models.CheckConstraint(
                condition=Q(state=ClaimState.RUNNING, expires_at=None)
                | Q(state=ClaimState.DELIVERED, expires_at__isnull=False),
                name="billing_claim_expires_once_delivered",
            ),
            models.CheckConstraint(condition=Q(replays__lte=MAX_REPLAYS), name="billing_claim_replays_bounded"),
        ]

    def __str__(self) -> str:
        return f"{self.key} ({self.state})"


class HoldState(models.TextChoices):
    """A hold is captured or released once, and never moves again."""

    HELD = "held"
    CAPTURED = "captured"
    RELEASED = "released"


class CreditHold(models.Model):
    """Credits set aside for one piece of work, until it is delivered (captured) or not (released)."""

    account = models.ForeignKey(CreditAccount, on_delete=models.PROTECT, related_name="holds")
    amount = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=HoldState.choices, default=HoldState.HELD)
    claim = models.ForeignKey(IdempotencyClaim, on_delete=models.SET_NULL, null=True, related_name="holds")
    key_month = models.ForeignKey(
        KeyMonth, on_delete=models.SET_NULL, null=True, related_name="holds", help_text="Empty: no key asked for it."
    )
    owner = models.CharField(max_length=200, help_text="The process that works on it.")
    lease_expires_at = models.DateTimeField(help_text="A hold past this belongs to a dead process.")
    created = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="billing_hold_amount_positive"),
            models.CheckConstraint(
                condition=Q(state=HoldState.HELD, settled_at=None)
                | Q(state__in=[HoldState.CAPTURED, HoldState.RELEASED], settled_at__isnull=False),
                name="billing_hold_settled_once_not_held",
            ),
            # One key is paid for at most once, whatever the code does.
            models.UniqueConstraint(
                fields=["claim"], condition=Q(state=HoldState.CAPTURED), name="billing_hold_claim_captured_once"
            ),
        ]
        indexes = [
            models.Index(fields=["lease_expires_at"], condition=Q(state=HoldState.HELD), name="billing_hold_open_lease")
        ]

    def __str__(self) -> str:
        return f"Hold {self.pk}: {self.amount} ({self.state})"


class EntryKind(models.TextChoices):
    """Why credits came or went."""

    GRANT = "grant"
    PURCHASE = "purchase"
    PLAN = "plan"
    USE = "use"
    REFUND = "refund"
    REFUND_BACK = "refund_back"
    ADJUST = "adjust"
    EXPIRE = "expire"
    DISPUTE = "dispute"
    DISPUTE_WON = "dispute_won"


COMING_KINDS = (EntryKind.GRANT, EntryKind.PURCHASE, EntryKind.PLAN, EntryKind.DISPUTE_WON, EntryKind.REFUND_BACK)
TAKEN_BACK_KINDS = (EntryKind.REFUND, EntryKind.DISPUTE)
GOING_KINDS = (EntryKind.USE, EntryKind.EXPIRE, *TAKEN_BACK_KINDS)
PAID_KINDS = (EntryKind.PURCHASE, EntryKind.PLAN, EntryKind.DISPUTE_WON, EntryKind.REFUND_BACK)
"""What pays a debt first."""


class LedgerEntryQuerySet(models.QuerySet["LedgerEntry"]):
    """Entries can be read and added."""

    def update(self, **kwargs: Any) -> NoReturn:
        """Refuse."""
        raise LedgerEntriesArePermanent

    def delete(self) -> NoReturn:
        """Refuse."""
        raise LedgerEntriesArePermanent

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse."""
        raise LedgerEntriesArePermanent


class LedgerEntry(models.Model):
    """One signed, permanent movement of credits. (kind, reference) names the event that caused it, once.

    What a refund or dispute cannot take from the balance is added to the debt by the same entry.
    """

    account = models.ForeignKey(CreditAccount, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=12, choices=EntryKind.choices)
    reference = models.CharField(max_length=200)
    amount = models.BigIntegerField()
    balance_after = models.BigIntegerField()
    debt = models.BigIntegerField(default=0, db_default=0, help_text="How it changed what is owed to us.")
    origin = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        db_index=False,
        related_name="consequences",
        help_text="The entry that brought the credits which this one takes or gives back.",
    )
    expires_at = models.DateTimeField(null=True, help_text="When what is left of these credits expires.")
    reason = models.CharField(max_length=500, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created = models.DateTimeField(auto_now_add=True)

    objects = LedgerEntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "ledger entries"
        constraints = [
            models.UniqueConstraint(fields=["kind", "reference"], name="billing_entry_event_once"),
            models.CheckConstraint(
                condition=Q(kind__in=COMING_KINDS, amount__gt=0, debt=0)
                | Q(kind__in=[EntryKind.USE, EntryKind.EXPIRE], amount__lt=0, debt=0)
                | Q(kind__in=TAKEN_BACK_KINDS, amount__lt=0, debt__gte=0)
                | Q(kind__in=TAKEN_BACK_KINDS, amount=0, debt__gt=0)
                | Q(Q(kind=EntryKind.ADJUST, debt=0), ~Q(amount=0))
                | Q(kind=EntryKind.ADJUST, amount__lt=0, debt=F("amount")),
                name="billing_entry_sign_fits_kind",
            ),
            models.CheckConstraint(condition=Q(balance_after__gte=0), name="billing_entry_balance_not_negative"),
            models.CheckConstraint(condition=~Q(reference=""), name="billing_entry_has_reference"),
        ]
        indexes = [
            # The few entries that are no use: what was ever granted is their sum, however many images were made.
            models.Index(fields=["account"], condition=~Q(kind=EntryKind.USE), name="billing_entry_not_use"),
            models.Index(fields=["origin"], condition=Q(origin__isnull=False), name="billing_entry_origin"),
            # What happened each day, without reading what is not of these days.
            models.Index(fields=["created", "kind", "amount"], name="billing_entry_day"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount:+d}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the entry; refuse to change a stored one."""
        if not self._state.adding:
            raise LedgerEntriesArePermanent
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse."""
        raise LedgerEntriesArePermanent


class CreditLot(models.Model):
    """What is left of the credits that one entry brought. Uses are counted against lots when lots change next."""

    account = models.ForeignKey(CreditAccount, on_delete=models.PROTECT, related_name="lots")
    entry = models.OneToOneField(LedgerEntry, on_delete=models.PROTECT, related_name="lot")
    left = models.BigIntegerField()
    expires_at = models.DateTimeField(null=True, help_text="As in its entry.")
    warned_at = models.DateTimeField(null=True, help_text="The mail that it expires soon was sent.")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(left__gte=0), name="billing_lot_not_overdrawn")]
        indexes = [
            models.Index(fields=["account"], condition=Q(left__gt=0), name="billing_lot_with_credits"),
            models.Index(
                fields=["expires_at"], condition=Q(left__gt=0, expires_at__isnull=False), name="billing_lot_expiring"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.left} left of entry {self.entry_id}"
