"""How many free credits were given on a day, to whom they were refused, and who waits for a decision."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.models import Organization


class BudgetKind(models.TextChoices):
    """What a budget of free credits counts."""

    ADDRESS = "address", "IPv4 address or IPv6 /64"
    NETWORK = "network", "IPv4 /24 or IPv6 /48"
    DOMAIN = "domain", "mail domain"
    EVERYONE = "everyone", "everyone"


class FreeCreditDay(models.Model):
    """What one address, network, mail domain or everyone got in free credits on one day of UTC, and was refused."""

    day = models.DateField()
    kind = models.CharField(max_length=10, choices=BudgetKind.choices)
    subject = models.CharField(max_length=64, blank=True, help_text="A keyed hash: it shows nobody's address.")
    grants = models.PositiveIntegerField(default=0)
    credits = models.PositiveBigIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0, help_text="Grants that this budget refused.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "kind", "subject"], name="billing_freecreditday_once")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} on {self.day:%Y-%m-%d}"


class RequestState(models.TextChoices):
    """Where a request for free credits is."""

    WAITING = "waiting", "waiting"
    GRANTED = "granted", "granted"
    REFUSED = "refused", "refused"


class WaitReason(models.TextChoices):
    """Why free credits were not given at once."""

    CARD = "card", "no card or purchase yet"
    APPROVAL = "approval", "an operator approves each one"
    BUDGET = "budget", "a daily budget was used up"


class FreeCreditRequest(models.Model):
    """An organization whose free credits were not given at once. `subjects`: its keyed budgets, for a later grant."""

    organization = models.OneToOneField(Organization, on_delete=models.CASCADE, related_name="free_credit_request")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=10, choices=WaitReason.choices)
    state = models.CharField(max_length=10, choices=RequestState.choices, default=RequestState.WAITING)
    subjects = models.JSONField(default=dict, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", help_text="Empty: no operator."
    )
    decided_at = models.DateTimeField(null=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state=RequestState.WAITING, decided_at=None)
                | ~Q(state=RequestState.WAITING) & Q(decided_at__isnull=False),
                name="billing_freecreditrequest_decided_once",
            )
        ]
        indexes = [
            models.Index(
                fields=["created"], condition=Q(state=RequestState.WAITING), name="billing_freecredits_waiting"
            )
        ]

    def __str__(self) -> str:
        return f"Free credits of {self.organization} ({self.get_state_display()})"
