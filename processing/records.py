"""Writing down what was done, and forgetting it in time."""

import logging
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import ApiKey, Organization
from processing.models import DailyUsage, Origin, RemovalRecord
from processing.services import RemovalResult

logger = logging.getLogger(__name__)

COUNTED_AT_ONCE = 2000
_COUNTED_BY = ("organization_id", "status", "origin", "api_key_id")


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


def count_past_days(now: datetime) -> int:
    """Add the records of days that are over to the daily usage, each once; return how many were added.

    Pages then add up a few rows a day instead of every request. A record that comes late is added by the next job.
    """
    return _count_before(_midnight(now))


def reduce_old_records(now: datetime) -> int:
    """Delete records older than RECORDS_KEPT_DAYS once the daily usage has them; return how many were deleted."""
    last_kept = _midnight(now - timedelta(days=settings.RECORDS_KEPT_DAYS))
    _count_before(last_kept)
    return RemovalRecord.objects.filter(created__lt=last_kept, is_counted=True).delete()[0]


def _midnight(moment: datetime) -> datetime:
    """Return the first moment of its day in UTC."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _count_before(moment: datetime) -> int:
    counted = 0
    while batch := _count_batch(moment):
        counted += batch
    return counted


def _count_batch(before: datetime) -> int:
    """Count some records and mark these very ones, in one transaction; return how many."""
    uncounted = RemovalRecord.objects.filter(is_counted=False, created__lt=before).order_by("organization", "created")
    with transaction.atomic():
        records = list(uncounted.select_for_update().only(*_COUNTED_BY, "created", "credits_charged")[:COUNTED_AT_ONCE])
        requests: Counter[tuple[Any, ...]] = Counter()
        credits: Counter[tuple[Any, ...]] = Counter()
        for record in records:
            key = (record.created.astimezone(UTC).date(), *(getattr(record, name) for name in _COUNTED_BY))
            requests[key] += 1
            credits[key] += record.credits_charged
        for key, number in requests.items():
            _add(dict(zip(("day", *_COUNTED_BY), key, strict=True)), requests=number, credits=credits[key])
        RemovalRecord.objects.filter(pk__in=[record.pk for record in records]).update(is_counted=True)
    return len(records)


def _add(kind: dict[str, Any], *, requests: int, credits: int) -> None:
    usage, _ = DailyUsage.objects.get_or_create(**kind, defaults={"requests": 0, "credits_charged": 0})
    DailyUsage.objects.filter(pk=usage.pk).update(
        requests=F("requests") + requests, credits_charged=F("credits_charged") + credits
    )
