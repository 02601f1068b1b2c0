"""What a new person finds once their address is verified: an organization of their own, with the free credits."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed, user_signed_up
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts import invitations
from accounts.current_organization import choose
from accounts.errors import TooManyOrganizations
from accounts.models import Membership, Organization, Role, User
from billing import free_credits
from billing.free_credits import Outcome


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
        welcome(person, request)
    elif request is not None:
        choose(request, joined)


def welcome(user: User, request: HttpRequest | None = None) -> Organization | None:
    """Open the person's first organization; None where they belong to one already."""
    with transaction.atomic():
        person = User.objects.select_for_update().get(pk=user.pk)
        if person.memberships.exists():
            return None
        return open_own(person, name=default_name_of(_called(person)), request=request)


def open_own(person: User, *, name: str, request: HttpRequest | None = None) -> Organization:
    """Open an organization that the person owns, with free credits where they get them; `request` shows why not.

    Raise TooManyOrganizations for somebody who owns ORGANIZATIONS_PER_PERSON; counted under the lock of their row.
    """
    with transaction.atomic():
        User.objects.select_for_update().get(pk=person.pk)
        owned = Membership.objects.filter(user=person, role=Role.OWNER, organization__closed_at=None)
        if owned.count() >= settings.ORGANIZATIONS_PER_PERSON:
            raise TooManyOrganizations(limit=settings.ORGANIZATIONS_PER_PERSON)
        organization = Organization.objects.create(name=name)
        Membership.objects.create(user=person, organization=organization, role=Role.OWNER)
        outcome = free_credits.give_free_credits(organization, person, request)
    had_them_for_another = outcome == Outcome.HAD_THEM and person.memberships.count() > 1
    if request is not None and not had_them_for_another:
        _explain(outcome, request)
    return organization


def _explain(outcome: Outcome, request: HttpRequest) -> None:
    """Tell the person why there are no free credits, or what they are waiting for."""
    texts = {
        Outcome.HAD_THEM: _(
            "You have no free credits: each person and mailbox gets them once, "
            "and an address with a + is no other mailbox."
        ),
        Outcome.NEEDS_CARD: _("You get your free credits with your first purchase, or when you save a card."),
        Outcome.NEEDS_APPROVAL: _("You get your free credits as soon as the operator has approved them."),
        Outcome.BUDGET_USED_UP: _(
            "There are no free credits at the moment, because many were given today. Ask the operator for yours."
        ),
    }
    if outcome in texts:
        text = texts[outcome]
        if outcome == Outcome.BUDGET_USED_UP and settings.SUPPORT_EMAIL:
            text = f"{text} {settings.SUPPORT_EMAIL}"
        messages.warning(request, text, fail_silently=True)


def default_name_of(name: str) -> str:
    """Return what the first organization of a person of this name is called."""
    longest = Organization._meta.get_field("name").max_length
    return (_("%(name)s's organization") % {"name": name})[:longest]


def _called(person: User) -> str:
    return person.get_full_name() or person.email.partition("@")[0]
