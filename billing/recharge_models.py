"""Buying a pack again by itself: what was agreed to, the card that pays, and where it stands for each organization."""

import uuid
from typing import Any, NoReturn

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from billing.bounds import LARGEST_MOVEMENT, LARGEST_PRICE, MOST_RECHARGES_A_MONTH
from billing.errors import ConsentsArePermanent
from billing.order_models import WITHIN_TERM, Order, Pack, is_currency


class RechargeConsentQuerySet(models.QuerySet["RechargeConsent"]):
    """Consents can be read and added."""

    def update(self, **kwargs: Any) -> NoReturn:
        """Refuse."""
        raise ConsentsArePermanent

    def delete(self) -> NoReturn:
        """Refuse."""
        raise ConsentsArePermanent

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse."""
        raise ConsentsArePermanent


class RechargeConsent(models.Model):
    """What somebody agreed to: the words they read, and the terms in them. Kept for ever, as it was said."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="recharge_consents")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    click_token = models.UUIDField(help_text="The button it came from: clicked twice, it is one consent.")
    livemode = models.BooleanField()
    version = models.CharField(max_length=20)
    language = models.CharField(max_length=10)
    text = models.TextField()
    threshold = models.PositiveIntegerField(validators=[MinValueValidator(1)])
    pack = models.ForeignKey(Pack, on_delete=models.PROTECT, related_name="+")
    pack_name = models.CharField(max_length=50)
    credits = models.PositiveIntegerField()
    amount = models.PositiveBigIntegerField(help_text="Of one recharge, in the currency's minor unit.")
    currency = models.CharField(max_length=3, validators=[is_currency])
    expires_after_days = models.PositiveIntegerField(null=True, help_text="Empty: these credits never expire.")
    most_per_month = models.PositiveSmallIntegerField(help_text="Recharges in one month of UTC.")
    created = models.DateTimeField(auto_now_add=True)

    objects = RechargeConsentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "click_token"], name="billing_consent_click_once"),
            models.CheckConstraint(
                condition=Q(threshold__gt=0, credits__gt=0, amount__gt=0, most_per_month__gt=0) & ~Q(text=""),
                name="billing_consent_is_something",
            ),
            models.CheckConstraint(
                condition=Q(
                    threshold__lte=LARGEST_MOVEMENT,
                    credits__lte=LARGEST_MOVEMENT,
                    amount__lte=LARGEST_PRICE,
                    most_per_month__lte=MOST_RECHARGES_A_MONTH,
                )
                & WITHIN_TERM,
                name="billing_consent_within_bounds",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pack_name} below {self.threshold}, {self.created:%Y-%m-%d %H:%M}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the consent; refuse to change a stored one."""
        if not self._state.adding:
            raise ConsentsArePermanent
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse."""
        raise ConsentsArePermanent


class SavedCard(models.Model):
    """A card that Stripe keeps for an organization. It is known by how it was saved; the rest may come later."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="saved_cards")
    livemode = models.BooleanField()
    consent = models.OneToOneField(RechargeConsent, on_delete=models.PROTECT, related_name="card")
    setup_intent_id = models.CharField(max_length=255, unique=True)
    payment_method_id = models.CharField(max_length=255, unique=True, null=True, help_text="Empty: not heard of yet.")
    brand = models.CharField(max_length=30, blank=True)
    last4 = models.CharField(max_length=4, blank=True)
    exp_month = models.PositiveSmallIntegerField(null=True)
    exp_year = models.PositiveSmallIntegerField(null=True)
    created = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True, help_text="From then on it is charged no more.")
    detached_at = models.DateTimeField(null=True, help_text="When Stripe was told to forget it, too.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "livemode"], condition=Q(removed_at=None), name="billing_savedcard_one"
            ),
            models.CheckConstraint(
                condition=Q(detached_at=None) | Q(removed_at__isnull=False),
                name="billing_savedcard_detached_once_removed",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"],
                condition=Q(removed_at__isnull=False, detached_at=None) | Q(removed_at=None, last4=""),
                name="billing_savedcard_unfinished",
            )
        ]

    def __str__(self) -> str:
        return f"{self.brand} {self.last4}".strip() or self.setup_intent_id


class RechargeState(models.TextChoices):
    """Whether packs are bought by themselves."""

    OFF = "off", _("off")
    ON = "on", _("on")
    STOPPED = "stopped", _("stopped")


class StopReason(models.TextChoices):
    """Why it stopped without being asked to."""

    DECLINED = "declined", _("The card was declined several times.")
    OFFER_CHANGED = "offer_changed", _("The pack is not sold any more as it was agreed.")
    CARD_GONE = "card_gone", _("The card was removed at the payment service.")
    DISPUTED = "disputed", _("A payment was disputed.")


class AutoRecharge(models.Model):
    """Where recharging stands for one organization. The terms are those of the consent in effect.

    While it is on, `CreditAccount.auto_recharge_threshold` repeats the threshold, where whoever spends credits sees it.
    """

    organization = models.OneToOneField(Organization, on_delete=models.PROTECT, related_name="auto_recharge")
    consent = models.ForeignKey(RechargeConsent, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=RechargeState.choices, default=RechargeState.OFF)
    stop_reason = models.CharField(max_length=20, choices=StopReason.choices, blank=True)
    declines = models.PositiveSmallIntegerField(default=0, help_text="In a row.")
    last_attempt_at = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True, help_text="Nothing is charged until then.")
    ended_at = models.DateTimeField(null=True, help_text="When it was last turned off: older consents are void.")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state=RechargeState.STOPPED) & ~Q(stop_reason="")
                | ~Q(state=RechargeState.STOPPED) & Q(stop_reason=""),
                name="billing_autorecharge_stops_for_a_reason",
            )
        ]

    def __str__(self) -> str:
        return f"Auto-recharge of {self.organization} ({self.state})"


class News(models.TextChoices):
    """What those who see the money are told by mail."""

    RECHARGED = "recharged", _("recharged")
    DECLINED = "declined", _("declined")
    NEEDS_PERSON = "needs_person", _("the bank wants the person")
    STOPPED = "stopped", _("stopped")
    CAP_REACHED = "cap_reached", _("no more this month")


class RechargeNews(models.Model):
    """A mail that is owed: written with the fact that it tells, sent later, once."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="recharge_news")
    kind = models.CharField(max_length=20, choices=News.choices)
    about = models.CharField(max_length=100, help_text="What it tells of, so that it is told once.")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, null=True, related_name="+")
    created = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "recharge news"
        constraints = [
            models.UniqueConstraint(fields=["organization", "kind", "about"], name="billing_rechargenews_once")
        ]
        indexes = [models.Index(fields=["id"], condition=Q(sent_at=None), name="billing_rechargenews_unsent")]

    def __str__(self) -> str:
        return f"{self.kind} ({self.about})"
