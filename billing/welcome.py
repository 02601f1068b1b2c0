"""What a new person finds once their address is verified: an organization of their own, with the free credits."""

import hashlib
import hmac
from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed
from django.conf import settings
from django.db import transaction
from django.dispatch import receiver
from django.utils.translation import gettext as _

from accounts.models import Membership, Organization, Role, User
from billing import ledger
from billing.models import EntryKind, LedgerEntry


@receiver(email_confirmed)
def welcome_whoever_was_verified(sender: Any, email_address: EmailAddress, **kwargs: Any) -> None:
    """Welcome a person with their first verified address; later addresses change nothing."""
    welcome(email_address.user)


def welcome(user: User) -> Organization | None:
    """Open the person's first organization; None where they belong to one already, as who was invited does."""
    with transaction.atomic():
        person = User.objects.select_for_update().get(pk=user.pk)
        if person.memberships.exists():
            return None
        organization = Organization.objects.create(name=_first_name_of(person))
        Membership.objects.create(user=person, organization=organization, role=Role.OWNER)
        give_free_credits(organization, person)
    return organization


def give_free_credits(organization: Organization, person: User) -> bool:
    """Give FREE_CREDITS to the organization unless this person's address had them before; tell whether it did."""
    account = ledger.open_account(organization)
    reference = f"welcome:{_trace_of(person.email)}"
    if not settings.FREE_CREDITS or LedgerEntry.objects.filter(kind=EntryKind.GRANT, reference=reference).exists():
        return False
    ledger.grant(account, amount=settings.FREE_CREDITS, reference=reference, reason="Free credits to start with.")
    return True


def _first_name_of(person: User) -> str:
    longest = Organization._meta.get_field("name").max_length
    name = person.get_full_name() or person.email.partition("@")[0]
    return (_("%(name)s's organization") % {"name": name})[:longest]


def _trace_of(address: str) -> str:
    """Return what recognises an address that comes back after its account was deleted, and tells nobody what it was.

    Letter case and what stands behind a plus sign do not make another person.
    """
    name, _at, host = address.strip().lower().partition("@")
    plain = f"{name.partition('+')[0]}@{host}"
    return hmac.new(settings.SECRET_KEY.encode(), plain.encode(), hashlib.sha256).hexdigest()[:32]
