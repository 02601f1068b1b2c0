"""The end of an organization and of a person: what is theirs goes, what the books need stays without a name."""

import secrets

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.dispatch import Signal
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from accounts.errors import ServiceError
from accounts.models import ApiKey, Invitation, Membership, Organization, User
from accounts.people import organizations_of_alone, organizations_without_other_owner

organization_closed = Signal()
"""Sent with `organization` inside the transaction that closes it, so that what hangs on it elsewhere goes along."""

person_deleted = Signal()
"""Sent with `person` inside the transaction that deletes them, while they can still be told apart."""

NOWHERE = "deleted.invalid"
"""Addresses of people who left end in this; no mail can ever reach it (RFC 2606)."""


class StillNeeded(ServiceError):
    """Others would be left without an owner, or the server without who runs it."""

    code, status, is_our_fault = "permission_denied", 409, False
    public_text = _("You are the only owner of an organization that others work in. Hand it over or close it first.")


class RunsTheServer(StillNeeded):
    """Staff are taken off in the admin, where somebody else can see it."""

    public_text = _("You help to run this server. Let another administrator take that from you first.")


def close_organization(organization: Organization) -> None:
    """Revoke the keys, withdraw the invitations and let nobody work in it any more; its ledger stays."""
    now = timezone.now()
    with transaction.atomic():
        locked = Organization.objects.select_for_update().get(pk=organization.pk)
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
        person = User.objects.select_for_update().get(pk=user.pk)
        if person.is_staff or person.is_superuser:
            raise RunsTheServer
        mine = Membership.objects.filter(user=person, organization__closed_at=None).values("organization")
        list(Organization.objects.select_for_update().filter(pk__in=mine).order_by("pk"))  # nobody joins meanwhile
        if organizations_without_other_owner(person):
            raise StillNeeded
        for organization in organizations_of_alone(person):
            close_organization(organization)
        person_deleted.send(sender=User, person=person)
        _forget(person)


def _forget(person: User) -> None:
    addresses = set(EmailAddress.objects.filter(user=person).values_list("email", flat=True)) | {person.email}
    for address in addresses:
        Invitation.objects.filter(email__iexact=address).delete()
    Invitation.objects.filter(invited_by=person, accepted_at=None).delete()
    Membership.objects.filter(user=person).delete()
    ApiKey.objects.filter(created_by=person).update(created_by=None)
    for owned in (EmailAddress, SocialAccount, Authenticator):
        owned.objects.filter(user=person).delete()
    for session in UserSession.objects.filter(user=person):
        session.end()
    person.email = f"{secrets.token_hex(12)}@{NOWHERE}"
    person.first_name = person.last_name = person.language = ""
    person.is_active = False
    person.last_login = None
    person.set_unusable_password()
    person.save()
    person.groups.clear()
    person.user_permissions.clear()
