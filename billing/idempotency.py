"""A caller's retry name: claimed by one request at a time, remembered for a day once it was delivered and paid for."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from billing.errors import (
    BadIdempotencyKey,
    HoldLost,
    IdempotencyKeyReused,
    ImageChanged,
    LedgerBusy,
    ReplaysUsedUp,
    RequestInProgress,
)
from billing.models import MAX_REPLAYS, ClaimState, CreditAccount, IdempotencyClaim
from billing.transactions import in_short_transaction

LONGEST_KEY = 255
ASK_AGAIN_AFTER_S = 2
FORGOTTEN_AT_ONCE = 500
_TRIES = 5
_QUOTED = re.compile(r'"((?:[^"\\]|\\["\\])*)"')
_VISIBLE = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Claim:
    """Our right to work under a key, as one attempt; or the news that it was delivered before."""

    row: IdempotencyClaim
    attempt: int
    is_replay: bool


def parse_idempotency_key(header: str) -> str:
    """Return the key of an Idempotency-Key header; `"quoted"` and bare are the same; raise BadIdempotencyKey."""
    text = header.strip(" \t")
    if text.startswith('"'):
        quoted = _QUOTED.fullmatch(text)
        if quoted is None:
            raise BadIdempotencyKey
        text = re.sub(r"\\(.)", r"\1", quoted[1])
    if len(text) > LONGEST_KEY or not _VISIBLE.fullmatch(text):
        raise BadIdempotencyKey
    return text


def claim(account: CreditAccount, *, key: str, fingerprint: str) -> Claim:
    """Take the key for this request, or report its earlier delivery as a replay.

    Raise IdempotencyKeyReused when the key stands for another request, ReplaysUsedUp when it was repeated MAX_REPLAYS
    times, RequestInProgress while the first one runs.
    A key whose delivery has expired, or whose owner let the lease pass, is free to take.
    """
    for _ in range(_TRIES):
        now = timezone.now()
        claimed = _insert(account, key, fingerprint, now) or _take_existing(account, key, fingerprint, now)
        if claimed is not None:
            return claimed
    raise LedgerBusy


def mark_delivered(claimed: Claim, *, image_digest: str) -> None:
    """Remember the key as paid for, with the SHA-256 (hex) of the image bytes that were paid for.

    Raise HoldLost when another attempt has taken it over: do not deliver.
    """
    expires_at = timezone.now() + timedelta(seconds=settings.IDEMPOTENCY_KEPT_S)
    changes = {"state": ClaimState.DELIVERED, "expires_at": expires_at, "image_digest": image_digest}
    if not _still_ours(claimed).update(**changes):
        raise HoldLost


def begin_replay(claimed: Claim, *, image_digest: str) -> None:
    """Count one replay of a delivered key for these bytes, by one guarded UPDATE.

    A key that was delivered before digests were kept is bound to the bytes of its first replay. Raise ImageChanged for
    other bytes than those that were paid for, ReplaysUsedUp after MAX_REPLAYS, HoldLost when the key has expired.
    """
    stored = _stored(claimed)
    able = stored.filter(image_digest__in=("", image_digest), replays__lt=MAX_REPLAYS)
    changes = {"replays": F("replays") + 1, "image_digest": image_digest}
    if in_short_transaction(lambda: able.update(**changes)):
        return
    known = stored.values_list("image_digest", flat=True).first()
    if known is None:
        raise HoldLost
    raise ReplaysUsedUp(limit=MAX_REPLAYS) if known == image_digest else ImageChanged


def give_back_replay(claimed: Claim) -> None:
    """Take back the count of a replay that failed."""
    counted = _stored(claimed).filter(replays__gt=0)
    in_short_transaction(lambda: counted.update(replays=F("replays") - 1))


def free(claimed: Claim) -> None:
    """Let the key go after a failure, unless it was delivered or taken over: then it is not ours to free."""
    _delete(_still_ours(claimed))


def forget_expired(now: datetime) -> int:
    """Delete claims nobody can use any more (delivered long ago, or of dead processes); return how many."""
    useless = Q(state=ClaimState.DELIVERED, expires_at__lte=now) | Q(
        state=ClaimState.RUNNING, lease_expires_at__lte=now
    )
    found = list(
        IdempotencyClaim.objects.filter(useless).order_by("pk").values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE]
    )
    return sum(_delete(IdempotencyClaim.objects.filter(useless, pk=pk)) for pk in found)


def _insert(account: CreditAccount, key: str, fingerprint: str, now: datetime) -> Claim | None:
    row = IdempotencyClaim(account=account, key=key, fingerprint=fingerprint, lease_expires_at=_lease_from(now))
    try:
        in_short_transaction(lambda: row.save(force_insert=True))
    except IntegrityError:
        return None
    return Claim(row, attempt=1, is_replay=False)


def _take_existing(account: CreditAccount, key: str, fingerprint: str, now: datetime) -> Claim | None:
    """Return a replay or a takeover; None when the row went away or changed under us: look again."""
    row = IdempotencyClaim.objects.filter(account=account, key=key).first()
    if row is None:
        return None
    if row.state == ClaimState.DELIVERED and row.expires_at is not None and row.expires_at <= now:
        _delete(IdempotencyClaim.objects.filter(pk=row.pk, state=ClaimState.DELIVERED, expires_at__lte=now))
        return None
    if row.state == ClaimState.RUNNING and row.lease_expires_at <= now:
        return _take_over(row, fingerprint, now)
    if row.fingerprint != fingerprint:
        raise IdempotencyKeyReused
    if row.state == ClaimState.RUNNING:
        raise RequestInProgress(retry_after_s=ASK_AGAIN_AFTER_S)
    if row.replays >= MAX_REPLAYS:
        raise ReplaysUsedUp(limit=MAX_REPLAYS)
    return Claim(row, attempt=row.attempt, is_replay=True)


def _take_over(row: IdempotencyClaim, fingerprint: str, now: datetime) -> Claim | None:
    seen = Claim(row, attempt=row.attempt, is_replay=False)
    changes = {"attempt": F("attempt") + 1, "fingerprint": fingerprint, "lease_expires_at": _lease_from(now)}
    if not in_short_transaction(lambda: _still_ours(seen).update(**changes)):
        return None
    return Claim(row, attempt=row.attempt + 1, is_replay=False)


def _still_ours(claimed: Claim) -> "QuerySet[IdempotencyClaim]":
    return IdempotencyClaim.objects.filter(pk=claimed.row.pk, attempt=claimed.attempt, state=ClaimState.RUNNING)


def _stored(claimed: Claim) -> "QuerySet[IdempotencyClaim]":
    return IdempotencyClaim.objects.filter(pk=claimed.row.pk)


def _delete(claims: "QuerySet[IdempotencyClaim]") -> int:
    """Delete these claims as they are now: locked first, because deleting looks and acts in two statements."""

    def movement() -> int:
        locked = list(claims.select_for_update().values_list("pk", flat=True))
        IdempotencyClaim.objects.filter(pk__in=locked).delete()
        return len(locked)

    return in_short_transaction(movement)


def _lease_from(now: datetime) -> datetime:
    return now + timedelta(seconds=settings.IDEMPOTENCY_LEASE_S)
