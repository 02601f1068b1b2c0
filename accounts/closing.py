"""The end of an organization and of a person: what is theirs goes, what the books need stays without a name."""

from django.db import transaction
from django.dispatch import Signal
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from accounts.erasing import erase_organization, erase_person
from accounts.errors import ServiceError
from accounts.models import ApiKey, Invitation, Membership, Organization, User
from accounts.organization_lock import lock_organization
from accounts.people import organizations_of_alone, organizations_without_other_owner

organization_closed = Signal()
"""Sent with `organization` inside the transaction that closes it, so that what hangs on it elsewhere goes along."""

person_deleted = Signal()
"""Sent with `person` inside the transaction that deletes them, while they can still be told apart."""


class StillNeeded(ServiceError):
    """Others would be left without an owner, or the server without who runs it."""

    code, status, is_our_fault = "permission_denied", 409, False
    public_text = _("You are the only owner of an organization that others work in. Hand it over or close it first.")


class RunsTheServer(StillNeeded):
    """Staff are taken off in the admin, where somebody else can see it."""

    public_text = _("You help to run this server. Let another administrator take that from you first.")


def close_organization(organization: Organization) -> None:
    """Revoke the keys, withdraw the invitations and let nobody work in it any more; its ledger stays."""
    with transaction.atomic():
        locked = lock_organization(organization.pk)
        now = timezone.now()  # what was ordered before this moment was ordered before closing
        ApiKey.objects.filter(organization=locked, revoked_at=None).update(revoked_at=now)
        Invitation.objects.filter(organization=locked, accepted_at=None).delete()
        locked.closed_at = locked.closed_at or now
        locked.suspended_at = locked.suspended_at or now
        locked.save(update_fields=["closed_at", "suspended_at"])
        organization_closed.send(sender=Organization, organization=locked)


def delete_person(user: User) -> None:
    """Forget who this was, close what was theirs alone, and end every way in; raise StillNeeded where others need them.

    The row stays under a name that says nothing, because ledger entries name it.
    """
    with transaction.atomic():
        person = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if person.is_staff or person.is_superuser:
            raise RunsTheServer
        for organization_id in _organizations_of(person):
            lock_organization(organization_id)  # nobody joins meanwhile
        if organizations_without_other_owner(person):
            raise StillNeeded
        for organization in organizations_of_alone(person):
            close_organization(organization)
        left_empty = _organizations_left_empty_by(person)
        person_deleted.send(sender=User, person=person)
        erase_person(person)
        for organization in left_empty:
            erase_organization(organization)


def _organizations_of(person: User) -> list[int]:
    """Return the ids of a person's organizations, closed ones too, in the order in which they are locked."""
    mine = Membership.objects.filter(user=person).order_by("organization")
    return list(mine.values_list("organization_id", flat=True))


def _organizations_left_empty_by(person: User) -> list[Organization]:
    """Return the closed organizations in which nobody is left but this person, as they are now."""
    others = Membership.objects.exclude(user=person).values("organization")
    closed = Organization.objects.filter(memberships__user=person, closed_at__isnull=False)
    return list(closed.exclude(pk__in=others).order_by("pk"))
