"""Who of several processes may do a periodic job now: a row in the database, taken by whoever comes first."""

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from processing.models import SchedulerLease


def take_lease(job: str, *, holder: str, lasts_s: float) -> bool:
    """Return True when `holder` may run the job now; of several processes asking, one gets it."""
    now = timezone.now()
    until = now + timedelta(seconds=lasts_s)
    if SchedulerLease.objects.filter(job=job, expires_at__lte=now).update(holder=holder, expires_at=until):
        return True
    if SchedulerLease.objects.filter(job=job).exists():
        return False
    try:
        with transaction.atomic():
            SchedulerLease.objects.create(job=job, holder=holder, expires_at=until)
    except IntegrityError:
        return False
    return True
