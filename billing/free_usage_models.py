"""Work done without a charge, counted by day."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.models import Organization


class FreeKind(models.TextChoices):
    """Why a call is free. Each value names the column that counts it."""

    REPLAY = "replays"
    TEST = "tests"
    LATE = "late"
    REFUSED = "refused"
    PREVIEW = "previews"


class DailyFreeUsage(models.Model):
    """Free calls of one day: of an organization, of a person, or, with neither set, of the whole server."""

    day = models.DateField(help_text="In UTC.")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, null=True, related_name="free_usage")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="free_usage")
    replays = models.PositiveIntegerField(default=0, help_text="Repetitions under an Idempotency-Key.")
    tests = models.PositiveIntegerField(default=0, help_text="Calls with test keys, and test runs on pages.")
    late = models.PositiveIntegerField(default=0, help_text="v1.0 calls that were given up at their deadline.")
    refused = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Calls whose image was refused after its work was begun."
    )
    previews = models.PositiveIntegerField(default=0, help_text="Previews without an account, of the whole server.")

    class Meta:
        verbose_name_plural = "daily free usage"
        constraints = [
            models.CheckConstraint(
                condition=Q(organization=None) | Q(person=None), name="billing_freeusage_has_one_subject"
            ),
            models.UniqueConstraint(
                fields=["day", "organization"],
                condition=Q(organization__isnull=False),
                name="billing_freeusage_organization_once",
            ),
            models.UniqueConstraint(
                fields=["day", "person"], condition=Q(person__isnull=False), name="billing_freeusage_person_once"
            ),
            models.UniqueConstraint(
                fields=["day"], condition=Q(organization=None, person=None), name="billing_freeusage_server_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.total}"

    @property
    def total(self) -> int:
        """Return the calls that share the budget of an organization or a person; refused images have their own."""
        return self.replays + self.tests + self.late
