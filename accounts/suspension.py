"""Organizations that an operator suspends: their keys are refused, their people are told why."""

from django.db import transaction
from django.utils import timezone

from accounts.models import Organization, User
from accounts.support_models import Suspension


@transaction.atomic
def suspend(organization: Organization, *, actor: User, reason: str) -> bool:
    """Refuse the keys from now on; False, and nothing done, where they were refused already."""
    running = Organization.objects.filter(pk=organization.pk, suspended_at=None)
    if not running.update(suspended_at=timezone.now()):
        return False
    Suspension.objects.create(organization=organization, actor=actor, suspends=True, reason=reason)
    return True


@transaction.atomic
def let_go_on(organization: Organization, *, actor: User, reason: str) -> bool:
    """Take the suspension away; False where there is none, or where the organization was closed by its owner."""
    suspended = Organization.objects.filter(pk=organization.pk, closed_at=None).exclude(suspended_at=None)
    if not suspended.update(suspended_at=None):
        return False
    Suspension.objects.create(organization=organization, actor=actor, suspends=False, reason=reason)
    return True


def reason_of(organization: Organization) -> str:
    """Return why it is suspended; empty where it is not, or nobody said."""
    if not organization.is_suspended:
        return ""
    latest = Suspension.objects.filter(organization=organization).order_by("-pk").first()
    return latest.reason if latest is not None and latest.suspends else ""
