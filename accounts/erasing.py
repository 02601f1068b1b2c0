"""Removing what identifies a person, and an organization that nobody is left in. Rows that the ledger needs stay."""

import secrets

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.db.models import Q
from django.dispatch import Signal

from accounts import admin_log
from accounts.models import ApiKey, Invitation, Membership, Organization, User

organization_erased = Signal()
"""Sent with `organization` in the transaction that erases it, so that other apps remove what they hold."""

NOWHERE = "deleted.invalid"
"""The domain of the addresses that deleted people get; no mail can ever reach it (RFC 2606)."""

KEY_NAME = "Key"


def addresses_of(person: User) -> set[str]:
    """Return every e-mail address that a person has here."""
    return set(EmailAddress.objects.filter(user=person).values_list("email", flat=True)) | {person.email}


def names_of(person: User) -> set[str]:
    """Return what a person is called: their names, and what their addresses begin with."""
    called = {person.get_full_name(), person.first_name, person.last_name}
    return {name for name in called if name} | {address.partition("@")[0] for address in addresses_of(person)}


def erase_person(person: User) -> None:
    """Remove a person's name, addresses, sessions, invitations and credentials; the row stays for the ledger."""
    addresses = addresses_of(person)
    _delete_invitations(person, addresses)
    Membership.objects.filter(user=person).delete()
    _erase_keys(person)
    for owned in (EmailAddress, SocialAccount, Authenticator):
        owned.objects.filter(user=person).delete()
    for session in UserSession.objects.filter(user=person):
        session.end()
    _make_anonymous(person)
    admin_log.remove_addresses(addresses)


def erase_organization(organization: Organization) -> None:
    """Remove an organization's name and the addresses its keys were used from; other apps hear of it."""
    old_name, organization.name = organization.name, f"Closed organization {organization.pk}"
    organization.save(update_fields=["name"])
    ApiKey.objects.filter(organization=organization).update(
        name=KEY_NAME, created_by=None, last_used_from=None, allowed_networks=None
    )
    Invitation.objects.filter(organization=organization).delete()
    organization_erased.send(sender=Organization, organization=organization)
    admin_log.refresh_names(old_name)


def _delete_invitations(person: User, addresses: set[str]) -> None:
    for address in addresses:
        Invitation.objects.filter(email__iexact=address).delete()
    Invitation.objects.filter(Q(invited_by=person, accepted_at=None) | Q(accepted_by=person)).delete()


def _erase_keys(person: User) -> None:
    """Remove a person from the keys that they made, which go on working: also from names that contain theirs."""
    keys = ApiKey.objects.filter(created_by=person)
    for name in names_of(person):
        keys.filter(name__icontains=name).update(name=KEY_NAME)
    keys.update(created_by=None, last_used_from=None)


def _make_anonymous(person: User) -> None:
    person.email = f"{secrets.token_hex(12)}@{NOWHERE}"
    person.first_name = person.last_name = person.language = ""
    person.is_active = False
    person.last_login = None
    person.set_unusable_password()
    person.save()
    person.groups.clear()
    person.user_permissions.clear()
