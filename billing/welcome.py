"""What a new person finds once their address is verified: an organization of their own, with the free credits."""

import hashlib
import hmac
from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed, user_signed_up
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import Q
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts import invitations
from accounts.current_organization import choose
from accounts.errors import TooManyOrganizations
from accounts.models import Membership, Organization, Role, User
from billing import ledger, reasons
from billing.errors import LedgerBroken
from billing.models import CreditAccount, EntryKind, LedgerEntry

REFERENCE = "welcome:"
GOOGLE_HOSTS = ("gmail.com", "googlemail.com")


@receiver(email_confirmed)
def welcome_whoever_was_verified(
    sender: Any, email_address: EmailAddress, request: HttpRequest | None = None, **kwargs: Any
) -> None:
    """Receive a person with their first verified address; later addresses change nothing."""
    person = email_address.user
    if person.last_login is None:
        receive(person, request)


@receiver(user_signed_up)
def welcome_whoever_came_verified(sender: Any, user: User, request: HttpRequest | None = None, **kwargs: Any) -> None:
    """Receive a person whose address somebody else has verified: an account elsewhere that they came with."""
    if EmailAddress.objects.filter(user=user, verified=True).exists():
        receive(user, request)


def receive(person: User, request: HttpRequest | None) -> None:
    """Let a new person into the organization that invited them, else welcome them to their own."""
    joined = invitations.join_on_arrival(request, person) if request is not None else None
    if joined is None:
        own = welcome(person)
        if own is not None and request is not None and settings.FREE_CREDITS and not _has_credits(own):
            messages.info(
                request, _("There are no free credits: you, or this address, had them before."), fail_silently=True
            )
    elif request is not None:
        choose(request, joined)


def welcome(user: User) -> Organization | None:
    """Open the person's first organization; None where they belong to one already."""
    with transaction.atomic():
        person = User.objects.select_for_update().get(pk=user.pk)
        if person.memberships.exists():
            return None
        return open_own(person, name=default_name_of(_called(person)))


def open_own(person: User, *, name: str) -> Organization:
    """Open an organization that the person owns, with the free credits unless they had them.

    Raise TooManyOrganizations for somebody who owns ORGANIZATIONS_PER_PERSON; counted under the lock of their row.
    """
    with transaction.atomic():
        User.objects.select_for_update().get(pk=person.pk)
        owned = Membership.objects.filter(user=person, role=Role.OWNER, organization__closed_at=None)
        if owned.count() >= settings.ORGANIZATIONS_PER_PERSON:
            raise TooManyOrganizations(limit=settings.ORGANIZATIONS_PER_PERSON)
        organization = Organization.objects.create(name=name)
        Membership.objects.create(user=person, organization=organization, role=Role.OWNER)
        give_free_credits(organization, person)
    return organization


def give_free_credits(organization: Organization, person: User) -> bool:
    """Give FREE_CREDITS to the organization unless this person or their address had them; tell whether it did."""
    account = ledger.open_account(organization)
    addresses = EmailAddress.objects.filter(user=person, verified=True).values_list("email", flat=True)
    traces = [trace for address in {person.email, *addresses} for trace in _traces_of(address)]
    references = [REFERENCE + trace for trace in traces]
    had_them = LedgerEntry.objects.filter(
        Q(reference__in=references) | Q(actor=person, reference__startswith=REFERENCE), kind=EntryKind.GRANT
    )
    if not settings.FREE_CREDITS or not addresses or had_them.exists():
        return False
    try:
        ledger.grant(
            account,
            amount=settings.FREE_CREDITS,
            reference=REFERENCE + _traces_of(person.email)[0],
            reason=reasons.in_english(reasons.FREE_CREDITS),
            actor=person,
        )
    except LedgerBroken:  # somebody with the same address but for a plus sign was faster
        return False
    return True


def _has_credits(organization: Organization) -> bool:
    return CreditAccount.objects.filter(organization=organization, balance__gt=0).exists()


def default_name_of(name: str) -> str:
    """Return what the first organization of a person of this name is called."""
    longest = Organization._meta.get_field("name").max_length
    return (_("%(name)s's organization") % {"name": name})[:longest]


def _called(person: User) -> str:
    return person.get_full_name() or person.email.partition("@")[0]


def _traces_of(address: str) -> list[str]:
    """Return what recognises an address that comes back after its account was deleted, and tells nobody what it was.

    Letter case and what stands behind a plus sign do not make another person, nor do dots at Google, which ignores
    them. One for each SECRET_KEY, newest first.
    """
    name, _at, host = address.strip().lower().rpartition("@")
    name = name.partition("+")[0]
    if host in GOOGLE_HOSTS:
        name, host = name.replace(".", ""), GOOGLE_HOSTS[0]
    plain = f"{name}@{host}".encode()
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return [hmac.new(key.encode(), plain, hashlib.sha256).hexdigest()[:32] for key in keys]
