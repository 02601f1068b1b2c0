"""What of an organization's history may be seen: whole, not over, not deleted."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.abilities import Ability, can
from accounts.models import Membership, User
from processing.history.choosing import most_hours_ago
from processing.models import KeptResult


def kept_of(organization_id: int) -> QuerySet[KeptResult]:
    """Return the results that may be seen now, the newest first; a late sweep shows none of them longer."""
    now = timezone.now()
    return KeptResult.objects.filter(
        organization_id=organization_id, is_whole=True, expires_at__gt=now, created__gt=now - most_hours_ago()
    ).order_by("-created", "-pk")


def newest_kept(organization_id: int, *, before: tuple[datetime, int] | None, count: int) -> Sequence[KeptResult]:
    """Return the newest of them, or those that come after the one with this moment and id in the list."""
    results = kept_of(organization_id).select_related("person", "api_key")
    if before is not None:
        moment, pk = before
        results = results.filter(created__lte=moment).filter(Q(created__lt=moment) | Q(pk__lt=pk))
    return list(results[:count])


def can_delete(membership: Membership, kept: KeptResult) -> bool:
    """Tell whether this person may delete that result of their organization: their own, or anybody's as an admin."""
    return kept.person_id == membership.user_id or can(membership.role, Ability.MANAGE_ORGANIZATION)


def kept_for(user: User) -> QuerySet[KeptResult]:
    """Return what this person made and is still kept, wherever it is."""
    now = timezone.now()
    return KeptResult.objects.filter(person=user, is_whole=True, expires_at__gt=now).order_by("pk")
