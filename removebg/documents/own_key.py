"""Which key of their organization a logged-in person would use in the examples."""

from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import ApiKey, Scope


def find_own_key(request: HttpRequest) -> ApiKey | None:
    """Return the newest key that works and may remove backgrounds; None for strangers and the keyless."""
    membership = getattr(request, "membership", None)
    if not membership:
        return None
    working = ApiKey.objects.filter(organization=membership.organization, revoked_at=None).filter(
        Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    )
    return next((key for key in working.order_by("-pk")[:20] if Scope.REMOVE in key.scopes), None)
