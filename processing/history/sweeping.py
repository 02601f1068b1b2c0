"""The end of kept results, on time; and the mending of what a crash or a lost disk left behind."""

import logging
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from processing.history.choosing import most_hours_ago
from processing.history.discarding import delete_now
from processing.history.storage import files_stored, result_of
from processing.leases import take_lease
from processing.models import KeptResult

logger = logging.getLogger(__name__)

WRITTEN_WITHIN = timedelta(minutes=10)
"""A row whose file is not written by then belongs to a process that died."""

MENDED_EVERY_S = 3600.0
"""Comparing rows with files lists the whole storage, which costs something where it is not a disk."""


def sweep_history(now: datetime) -> int:
    """Delete what is over, and once an hour files without a row and rows without a file; return how many went."""
    names = list(_over(now).values_list("name", flat=True))
    KeptResult.objects.filter(name__in=names).update(is_whole=False)
    gone = delete_now(names)
    if take_lease("mend_history", holder="sweep", lasts_s=MENDED_EVERY_S):
        gone += mend(now)
    return gone


def mend(now: datetime) -> int:
    """Make rows and files agree; return how many of either were too many."""
    # Rows come before their files and go after them: a file that is listed has a row, or is nobody's.
    before = set(_settled(now).values_list("name", flat=True))
    stored = files_stored()
    known = set(KeptResult.objects.values_list("name", flat=True))
    nobodys = {result_of(file) for file in stored} - known
    lost = before - stored
    if nobodys or lost:
        logger.warning("history_mended", extra={"files_without_row": len(nobodys), "rows_without_file": len(lost)})
    return delete_now(nobodys) + delete_now(lost)


def _over(now: datetime) -> QuerySet[KeptResult]:
    """Return the results whose time has come, that nobody wants any more, or that were never finished."""
    return KeptResult.objects.filter(
        Q(expires_at__lte=now)
        | Q(created__lte=now - most_hours_ago())
        | Q(organization__history_choice=None)
        | Q(is_whole=False, created__lte=now - WRITTEN_WITHIN)
    )


def _settled(now: datetime) -> QuerySet[KeptResult]:
    """Return the results whose files are written."""
    return KeptResult.objects.filter(is_whole=True, created__lte=now)
