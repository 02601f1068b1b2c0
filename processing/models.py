"""What was done for whom: never pixels, never addresses. What an organization chose to keep lies in a storage."""

import secrets

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiKey, Organization


class Origin(models.TextChoices):
    """Where a request came from."""

    API = "api", _("API")
    PLAYGROUND = "playground", _("Playground")
    TRIAL = "trial", _("Trial")


class RemovalRecord(models.Model):
    """One request for a cutout that reached the work, and how it ended."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="removal_records")
    api_key = models.ForeignKey(ApiKey, on_delete=models.SET_NULL, null=True, related_name="+")
    request_id = models.CharField(max_length=40, unique=True)
    created = models.DateTimeField()
    status = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=40, blank=True, help_text="The error's code; empty for a delivered image.")
    credits_charged = models.PositiveIntegerField(default=0)
    input_bytes = models.PositiveIntegerField(null=True)
    input_width = models.PositiveIntegerField(null=True)
    input_height = models.PositiveIntegerField(null=True)
    output_bytes = models.PositiveIntegerField(null=True)
    model = models.CharField(max_length=60, blank=True)
    # The default in the database, too, lets processes of the version before write records while they are replaced.
    quality = models.CharField(max_length=20, blank=True, default="", db_default="")
    took_ms = models.PositiveIntegerField()
    timings_ms = models.JSONField(default=dict, help_text="Milliseconds of each stage.")
    origin = models.CharField(max_length=12, choices=Origin.choices, default=Origin.API, db_default=Origin.API)
    is_counted = models.BooleanField(default=False, db_default=False, help_text="It is in the daily usage by now.")

    class Meta:
        indexes = [
            # All that a list of requests is chosen by, so that only those that are shown are looked up.
            models.Index(
                fields=["organization", "-created", "status", "origin", "api_key", "took_ms"], name="record_for_usage"
            ),
            models.Index(
                fields=["organization", "created", "status", "origin", "api_key", "credits_charged", "is_counted"],
                condition=models.Q(is_counted=False),
                name="record_uncounted",
            ),
        ]
        ordering = ["-created"]

    def __str__(self) -> str:
        return f"{self.request_id} {self.status}"


class ModelChoice(models.Model):
    """The model that works for an organization where its requests name none; while the operator allows it."""

    organization = models.OneToOneField(
        Organization, on_delete=models.CASCADE, primary_key=True, related_name="model_choice"
    )
    model = models.CharField(max_length=60)

    def __str__(self) -> str:
        return f"{self.organization}: {self.model}"


class Vocabulary(models.TextChoices):
    """What the sizes of POST /v1/remove count in."""

    PIXELS = "pixels"
    MEGAPIXELS = "megapixels"


class SizeVocabulary(models.Model):
    """What the sizes `preview` and `medium` mean to an organization: pixels unless it chose megapixels here."""

    organization = models.OneToOneField(
        Organization, on_delete=models.CASCADE, primary_key=True, related_name="size_vocabulary"
    )
    vocabulary = models.CharField(max_length=12, choices=Vocabulary.choices)

    class Meta:
        verbose_name_plural = "size vocabularies"
        constraints = [
            models.CheckConstraint(condition=models.Q(vocabulary__in=Vocabulary.values), name="size_vocabulary_known")
        ]

    def __str__(self) -> str:
        return f"{self.organization}: {self.vocabulary}"


class DailyUsage(models.Model):
    """One count per organization, day, key, origin and outcome, of days that are over: it outlives the records."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="daily_usage")
    day = models.DateField(help_text="In UTC.")
    status = models.PositiveSmallIntegerField()
    origin = models.CharField(max_length=12, choices=Origin.choices, default=Origin.API, db_default=Origin.API)
    api_key = models.ForeignKey(ApiKey, on_delete=models.SET_NULL, null=True, related_name="+")
    requests = models.PositiveIntegerField()
    credits_charged = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "day", "status", "origin", "api_key"], name="one_count_per_day_and_key"
            ),
            # Two NULLs are not the same to a database.
            models.UniqueConstraint(
                fields=["organization", "day", "status", "origin"],
                condition=models.Q(api_key=None),
                name="one_count_per_day_without_key",
            ),
        ]
        verbose_name_plural = "daily usage"

    def __str__(self) -> str:
        return f"{self.day} {self.status}: {self.requests}"


class HistoryChoice(models.Model):
    """An organization whose results are kept, and for how many hours; without this row nothing of it is."""

    organization = models.OneToOneField(
        Organization, on_delete=models.CASCADE, primary_key=True, related_name="history_choice"
    )
    hours = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(hours__gte=1), name="history_hours_at_least_one")]

    def __str__(self) -> str:
        return f"{self.organization}: {self.hours} h"


def make_storage_name() -> str:
    """Return a name that tells nothing and that nobody guesses."""
    return secrets.token_hex(16)


class KeptResult(models.Model):
    """A delivered picture in an organization's history; its bytes lie in the storage `history` under `name`.

    The row is there before the file and goes after it, so that a file without a row is nobody's.
    """

    name = models.CharField(max_length=32, unique=True, default=make_storage_name, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="kept_results")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    api_key = models.ForeignKey(ApiKey, on_delete=models.SET_NULL, null=True, related_name="+")
    origin = models.CharField(max_length=12, choices=Origin.choices)
    request_id = models.CharField(max_length=40)
    file_name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=40)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size_bytes = models.PositiveBigIntegerField()
    thumbnail_bytes = models.PositiveIntegerField(default=0, help_text="0: there is none.")
    is_whole = models.BooleanField(default=False, help_text="Written to its end, and not to be deleted.")
    created = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["organization", "-created", "-id"], name="kept_newest_first"),
            models.Index(fields=["expires_at"], name="kept_expiry"),
        ]
        ordering = ["-created", "-id"]

    def __str__(self) -> str:
        return self.file_name


class SchedulerLease(models.Model):
    """Who runs a periodic job now; a lease past its time may be taken by anyone."""

    job = models.CharField(max_length=60, primary_key=True)
    holder = models.CharField(max_length=120)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.job}: {self.holder}"
