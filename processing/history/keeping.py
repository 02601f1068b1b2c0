"""Putting a delivered result into the history, after it was delivered and whatever becomes of it here."""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone

from accounts.models import ApiKey, Organization, User
from processing.history import storage
from processing.history.choosing import hours_of
from processing.history.discarding import delete_now, discard
from processing.history.thumbnail import thumbnail
from processing.matting.pipeline import Cutout
from processing.models import HistoryChoice, KeptResult, Origin

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """A result as it was sent, whom it was sent to, and under which name."""

    organization: Organization
    person: User | None
    api_key: ApiKey | None
    origin: Origin
    request_id: str
    file_name: str
    cutout: Cutout

    @property
    def size_bytes(self) -> int:
        """How much there is to store."""
        return len(self.cutout.data)


class Places:
    """How many results one process writes at once: a slow storage must not take every thread."""

    def __init__(self) -> None:
        self._taken = 0
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Return True where a place was free, which is then taken."""
        with self._lock:
            if self._taken >= settings.HISTORY_WRITES_AT_ONCE:
                return False
            self._taken += 1
            return True

    def leave(self) -> None:
        """Give the place back."""
        with self._lock:
            self._taken -= 1


places = Places()


def keep_afterwards(response: HttpResponse, delivered: Callable[[], Delivered]) -> None:
    """Keep the result when the server has sent the answer and closes it, so that nobody waits for a disk."""
    close = response.close

    def keep_and_close() -> None:
        try:
            keep(delivered)
        finally:
            close()

    response.close = keep_and_close  # type: ignore[method-assign]


def keep(make: Callable[[], Delivered]) -> None:
    """Keep the result where its organization wants that and it can be done; what fails is logged and ends here."""
    try:
        delivered = make()
        if not hours_of(delivered.organization.pk):
            return
        if not places.take():
            logger.warning("history_result_skipped", extra={"request_id": delivered.request_id, "why": "slow storage"})
            return
        try:
            _keep(delivered, timezone.now())
        finally:
            places.leave()
    except storage.NoRoom:
        logger.warning("history_result_skipped", extra={"request_id": delivered.request_id, "why": "disk nearly full"})
    except Exception:  # whatever a storage or a database raises: the answer is out, and paid for
        logger.exception("history_result_lost")


def _keep(delivered: Delivered, now: datetime) -> None:
    """Row, file, row: who dies in between leaves what the sweep recognises."""
    if delivered.size_bytes > settings.HISTORY_MOST_BYTES:
        return
    storage.refuse_without_room(delivered.size_bytes, leaves_free_bytes=settings.HISTORY_LEAVES_FREE_BYTES)
    cutout = delivered.cutout
    kept = KeptResult.objects.create(
        organization=delivered.organization,
        person=delivered.person,
        api_key=delivered.api_key,
        origin=delivered.origin,
        request_id=delivered.request_id,
        file_name=delivered.file_name,
        content_type=cutout.content_type,
        width=cutout.width,
        height=cutout.height,
        size_bytes=delivered.size_bytes,
        created=now,
        expires_at=now + timedelta(hours=settings.HISTORY_MOST_HOURS),
    )
    try:
        storage.write(kept.name, cutout.data)
        small = thumbnail(cutout.data)
        if small is not None:
            storage.write(storage.thumbnail_of(kept.name), small)
        is_wanted = _finish(kept, thumbnail_bytes=len(small or b""))
    except Exception:
        with suppress(Exception):
            delete_now([kept.name])
        raise
    if not is_wanted:
        delete_now([kept.name])
        return
    drop_oldest(delivered.organization.pk)


def _finish(kept: KeptResult, *, thumbnail_bytes: int) -> bool:
    """Let the result be seen, unless history was turned off or shortened meanwhile; return whether it is."""
    with transaction.atomic():
        choice = HistoryChoice.objects.select_for_update().filter(organization_id=kept.organization_id).first()
        if choice is None:
            return False
        expires_at = kept.created + timedelta(hours=min(choice.hours, settings.HISTORY_MOST_HOURS))
        mine = KeptResult.objects.filter(pk=kept.pk)
        return bool(mine.update(is_whole=True, expires_at=expires_at, thumbnail_bytes=thumbnail_bytes))


def drop_oldest(organization_id: int) -> None:
    """Delete the oldest results that are more, in number or bytes, than one organization may keep."""
    kept = KeptResult.objects.filter(organization_id=organization_id, is_whole=True).order_by("-created", "-pk")
    bytes_so_far, surplus = 0, []
    for place, (pk, size, small) in enumerate(kept.values_list("pk", "size_bytes", "thumbnail_bytes")):
        bytes_so_far += size + small
        if place >= settings.HISTORY_MOST_RESULTS or bytes_so_far > settings.HISTORY_MOST_BYTES:
            surplus.append(pk)
    if surplus:
        discard(KeptResult.objects.filter(pk__in=surplus))
