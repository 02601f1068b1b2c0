"""Whether an organization's results are kept, and for how long; off for everybody who did not turn it on."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction

from processing.history.discarding import discard
from processing.models import HistoryChoice, KeptResult


def is_offered() -> bool:
    """Tell whether the operator lets anybody turn it on."""
    return bool(settings.HISTORY_MOST_HOURS > 0)


def hours_of(organization_id: int) -> int:
    """Return how many hours a result of this organization is kept now; 0 where none is."""
    chosen = HistoryChoice.objects.filter(organization_id=organization_id).values_list("hours", flat=True).first()
    return min(chosen or 0, settings.HISTORY_MOST_HOURS)


def turn_on(organization_id: int, *, hours: int) -> None:
    """Keep results from now on for so many hours; those kept already go no later than that, either."""
    with transaction.atomic():
        HistoryChoice.objects.update_or_create(organization_id=organization_id, defaults={"hours": hours})
        earlier = []
        for kept in KeptResult.objects.filter(organization_id=organization_id).only("created", "expires_at"):
            at = kept.created + timedelta(hours=hours)
            if at < kept.expires_at:
                kept.expires_at = at
                earlier.append(kept)
        KeptResult.objects.bulk_update(earlier, ["expires_at"], batch_size=200)


def turn_off(organization_id: int) -> None:
    """Keep nothing any more, and delete at once what was kept."""
    with transaction.atomic():
        HistoryChoice.objects.filter(organization_id=organization_id).delete()
        discard(KeptResult.objects.filter(organization_id=organization_id))


def forget_person(person_id: int) -> None:
    """Delete what this person made, in whatever organization it is kept."""
    discard(KeptResult.objects.filter(person_id=person_id))


def most_hours_ago() -> timedelta:
    """Return the age at which a result is over whatever was chosen: the operator's limit, as it is now."""
    return timedelta(hours=settings.HISTORY_MOST_HOURS)
