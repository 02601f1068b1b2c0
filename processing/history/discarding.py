"""Deleting kept results: out of sight first, then the files, then the rows; what fails is tried again by the sweep."""

import logging
from collections.abc import Iterable
from functools import partial

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from processing.history.storage import remove
from processing.models import KeptResult

logger = logging.getLogger(__name__)


def discard(results: QuerySet[KeptResult]) -> int:
    """Hide these results now and delete them once the transaction around, if any, is sure; return how many."""
    doomed = list(results.values_list("name", flat=True))
    KeptResult.objects.filter(name__in=doomed).update(is_whole=False, expires_at=timezone.now())
    transaction.on_commit(partial(delete_now, doomed))
    return len(doomed)


def delete_now(names: Iterable[str]) -> int:
    """Delete the files and then the rows of these names; return how many are gone."""
    gone = []
    for name in names:
        try:
            remove(name)
            gone.append(name)
        except Exception:  # whatever a storage raises: the row stays, and the sweep comes again
            logger.exception("history_file_not_deleted", extra={"file": name})
    KeptResult.objects.filter(name__in=gone).delete()
    return len(gone)
