"""What is kept goes with whoever it belongs to."""

from typing import Any

from django.dispatch import receiver

from accounts.closing import organization_closed, person_deleted
from accounts.models import Organization, User
from processing.history.choosing import forget_person, turn_off


@receiver(organization_closed)
def when_closed(organization: Organization, **_sent: Any) -> None:
    """Turn an organization's history off when it is closed."""
    turn_off(organization.pk)


@receiver(person_deleted)
def when_deleted(person: User, **_sent: Any) -> None:
    """Delete what a person made when they are deleted."""
    forget_person(person.pk)
