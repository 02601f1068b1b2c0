"""Writing down what was done, and forgetting it in time."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from accounts.models import ApiKey, Organization
from processing.models import DailyUsage, Origin, RemovalRecord
from processing.services import RemovalResult

logger = logging.getLogger(__name__)


def record_removal(
    *,
    organization: Organization,
    api_key: ApiKey | None,
    origin: Origin,
    request_id: str,
    started: datetime,
    status: int,
    code: str,
    input_bytes: int | None,
    result: RemovalResult | None,
) -> None:
    """Keep one line about a finished request; a failure to write it is logged and never reaches the caller."""
    record = RemovalRecord(
        organization=organization,
        api_key=api_key,
        origin=origin,
        request_id=request_id,
        created=started,
        status=status,
        code=code,
        input_bytes=input_bytes,
        took_ms=max(0, round((timezone.now() - started).total_seconds() * 1000)),
    )
    if result is not None:
        record.credits_charged = result.credits_charged
        record.input_width, record.input_height = result.cutout.input_width, result.cutout.input_height
        record.output_bytes = len(result.cutout.data)
        record.model, record.quality = result.model, result.quality
        record.timings_ms = dict(result.timings_ms)
    try:
        record.save(force_insert=True)
    except Exception:  # whatever a driver or pool raises: the answer is ready, and may be paid for
        logger.exception("removal_record_lost", extra={"request_id": request_id})


def reduce_old_records(now: datetime) -> int:
    """Turn records older than RECORDS_KEPT_DAYS into daily counts; return how many were reduced."""
    last_kept_day = (now - timedelta(days=settings.RECORDS_KEPT_DAYS)).date()
    old = RemovalRecord.objects.filter(created__date__lt=last_kept_day)
    with transaction.atomic():
        counts = (
            old.annotate(day=TruncDate("created"))
            .order_by()
            .values("organization_id", "day", "status", "origin", "api_key_id")
            .annotate(requests=Count("pk"), credits=Sum("credits_charged"))
        )
        for row in list(counts):
            usage, _ = DailyUsage.objects.get_or_create(
                organization_id=row["organization_id"],
                day=row["day"],
                status=row["status"],
                origin=row["origin"],
                api_key_id=row["api_key_id"],
                defaults={"requests": 0, "credits_charged": 0},
            )
            usage.requests += row["requests"]
            usage.credits_charged += row["credits"] or 0
            usage.save()
        return old.delete()[0]
