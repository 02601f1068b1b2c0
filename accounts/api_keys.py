"""The key format: typed prefix, 190 random bits, checksum. Issue, recognise, find and revoke; only a digest is kept."""

import hashlib
import ipaddress
import logging
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import DatabaseError, transaction
from django.db.models import Q
from django.utils import timezone

from accounts import base62
from accounts.errors import AuthenticationError, TooManyKeys
from accounts.models import ApiKey, Organization, User, all_scopes, validate_scopes
from accounts.organization_lock import lock_organization

logger = logging.getLogger(__name__)

PREFIX, TEST_PREFIX = "rb_live_", "rb_test_"
RANDOM_LENGTH = 32
CHECKSUM_LENGTH = 6
SHOWN_LENGTH = len(PREFIX) + 4

KEY_PATTERN = r"rb_(live|test)_[0-9A-Za-z]{38}"
"""Published in docs/api.md, so that scanners can find leaked keys: the last six characters are a CRC32 in base62."""

MAX_ACTIVE_KEYS = 100
"""Keys of one organization that work at the same time."""

USE_NOTED_EVERY = timedelta(minutes=1)
_KEY = re.compile(KEY_PATTERN)


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key at the only moment when its secret is known."""

    secret: str = field(repr=False)
    api_key: ApiKey


def issue(
    organization: Organization,
    *,
    name: str,
    scopes: Sequence[str] | None = None,
    created_by: User | None = None,
    expires_at: datetime | None = None,
    is_test: bool = False,
    monthly_credit_cap: int | None = None,
    requests_per_minute: int | None = None,
    allowed_networks: Sequence[str] = (),
    rotated_from: ApiKey | None = None,
) -> IssuedKey:
    """Store a new key and return it with its secret, which cannot be had again.

    Raise ValidationError on bad scopes, TooManyKeys when the organization has MAX_ACTIVE_KEYS.
    """
    granted = all_scopes() if scopes is None else list(scopes)
    validate_scopes(granted)
    secret = _make_secret(TEST_PREFIX if is_test else PREFIX)
    with transaction.atomic():
        lock_organization(organization.pk)
        if not has_room_for_key(organization):
            raise TooManyKeys(limit=MAX_ACTIVE_KEYS)
        api_key = ApiKey.objects.create(
            organization=organization,
            created_by=created_by,
            name=name,
            prefix=secret[:SHOWN_LENGTH],
            last_four=secret[-4:],
            digest=_digest(secret),
            scopes=granted,
            expires_at=expires_at,
            is_test=is_test,
            monthly_credit_cap=monthly_credit_cap,
            requests_per_minute=requests_per_minute,
            allowed_networks=list(allowed_networks) or None,
            rotated_from=rotated_from,
        )
    return IssuedKey(secret, api_key)


def has_room_for_key(organization: Organization) -> bool:
    """Tell whether the organization has fewer than MAX_ACTIVE_KEYS working keys."""
    is_working = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    return ApiKey.objects.filter(is_working, organization=organization, revoked_at=None).count() < MAX_ACTIVE_KEYS


def rotate(api_key: ApiKey, *, overlap: timedelta, expires_at: datetime | None = None) -> IssuedKey:
    """Return a key that takes this one's place, with its name and limits; this one works for `overlap` more.

    Both count as one key against the monthly cap and the key's own rate. Raise AuthenticationError when this one does
    not work any more: of two people who rotate it at once, one gets a key when there is no overlap, and later ones
    never lengthen its life. Raise TooManyKeys when both together are more than MAX_ACTIVE_KEYS.
    """
    now = timezone.now()
    with transaction.atomic():
        lock_organization(api_key.organization.pk)
        old = ApiKey.objects.select_for_update().get(pk=api_key.pk)
        if not old.is_active_at(now):
            raise AuthenticationError
        ends = now + overlap
        if old.expires_at is None or old.expires_at > ends:
            ApiKey.objects.filter(pk=old.pk).update(expires_at=ends)
        return issue(
            old.organization,
            name=old.name,
            scopes=old.scopes,
            created_by=old.created_by,
            expires_at=expires_at,
            is_test=old.is_test,
            monthly_credit_cap=old.monthly_credit_cap,
            requests_per_minute=old.requests_per_minute,
            allowed_networks=old.allowed_networks or (),
            rotated_from=old.rotated_from or old,
        )


def looks_like_key(text: str) -> bool:
    """Tell whether the text has a key's shape and a right checksum; costs no query."""
    return _KEY.fullmatch(text) is not None and text[-CHECKSUM_LENGTH:] == _checksum(text[:-CHECKSUM_LENGTH])


def find_active(secret: str) -> ApiKey:
    """Return the working key with its organization; raise AuthenticationError for anything else, in the same words."""
    if not looks_like_key(secret):
        raise AuthenticationError
    api_key = ApiKey.objects.select_related("organization", "created_by").filter(digest=_digest(secret)).first()
    if api_key is None or not api_key.is_active_now:
        raise AuthenticationError
    return api_key


def revoke(api_key: ApiKey) -> None:
    """Refuse the key from the next request on, in every process. Revoking twice keeps the first date."""
    ApiKey.objects.filter(pk=api_key.pk, revoked_at=None).update(revoked_at=timezone.now())
    api_key.refresh_from_db(fields=["revoked_at"])


def note_use(api_key: ApiKey, *, address: str | None) -> None:
    """Remember when and from where a key was used, written at most once a minute; a failure to write is only logged."""
    now = timezone.now()
    stale = now - USE_NOTED_EVERY
    if api_key.last_used_at is not None and api_key.last_used_at > stale:
        return
    due = ApiKey.objects.filter(Q(last_used_at=None) | Q(last_used_at__lte=stale), pk=api_key.pk)
    try:
        with transaction.atomic():
            due.update(last_used_at=now, last_used_from=_ip_or_none(address))
    except DatabaseError:
        logger.warning("key_use_not_noted", extra={"api_key_id": api_key.pk}, exc_info=True)


def _make_secret(prefix: str) -> str:
    body = prefix + base62.random_text(RANDOM_LENGTH)
    return body + _checksum(body)


def _checksum(body: str) -> str:
    return base62.encode(zlib.crc32(body.encode("ascii")), CHECKSUM_LENGTH)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("ascii")).hexdigest()


def _ip_or_none(address: str | None) -> str | None:
    try:
        return str(ipaddress.ip_address(address or ""))
    except ValueError:
        return None
