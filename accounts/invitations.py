"""Invitations: sent to an address, accepted once by whoever proved that it is theirs."""

import hashlib
import secrets
from datetime import timedelta

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from accounts import mail_budget, mails
from accounts.abilities import Ability, can
from accounts.errors import ServiceError
from accounts.models import Invitation, Membership, Organization, Role, User
from accounts.organization_lock import lock_organization
from accounts.people import GIVEN_BY, NotYours

SESSION_KEY = "invitation"


class InvitationRefusal(ServiceError):
    """An invitation that cannot be sent or accepted, in words for who tried."""

    code, status, is_our_fault = "validation_error", 400, False


class AlreadyHere(InvitationRefusal):
    """The address belongs to somebody who is in the organization."""

    public_text = _("This person is in the organization already.")


class NotOpen(InvitationRefusal):
    """Withdrawn, accepted or expired; the organization closed: told in the same words."""

    status = 404
    public_text = _("This invitation is not open any more. Ask whoever invited you for a new one.")


class ForSomebodyElse(InvitationRefusal):
    """The person has not proved that the invited address is theirs."""

    status = 403
    public_text = _("This invitation was sent to another address. Log in with that one, or ask for a new invitation.")


def invite(inviter: Membership, *, email: str, role: Role) -> tuple[Invitation, str]:
    """Store an invitation and return it with its secret; a pending one to the same address is replaced.

    Raise NotYours where the inviter's role does not allow it, AlreadyHere for somebody who is in the organization, and
    MailBudgetUsed where no mail may go out today. Nothing is stored then, and a pending invitation stays as it was.
    """
    address = email.strip().lower()
    with transaction.atomic():
        lock_organization(inviter.organization_id)
        acting = Membership.objects.filter(pk=inviter.pk).first()
        if acting is None or not can(acting.role, Ability.MANAGE_PEOPLE) or role not in GIVEN_BY[Role(acting.role)]:
            raise NotYours
        if _is_member(inviter.organization, address):
            raise AlreadyHere
        pending = inviter.organization.invitations.filter(email__iexact=address, accepted_at=None)
        if pending.exclude(role__in=GIVEN_BY[Role(acting.role)]).exists():
            raise NotYours
        mail_budget.count_invitation(address, inviter.organization)
        pending.delete()
        secret, now = secrets.token_urlsafe(32), timezone.now()
        invitation = Invitation.objects.create(
            organization=inviter.organization,
            email=address,
            role=role,
            invited_by=inviter.user,
            digest=_digest(secret),
            sent_at=now,
            expires_at=now + timedelta(days=settings.INVITATION_DAYS),
        )
    return invitation, secret


def renew(inviter: Membership, invitation: Invitation) -> tuple[Invitation, str]:
    """Replace a pending invitation by a new one; the old link ends."""
    return invite(inviter, email=invitation.email, role=Role(invitation.role))


def withdraw(inviter: Membership, invitation: Invitation) -> None:
    """End a pending invitation; raise NotYours where it gives more than the person could."""
    if invitation.role not in GIVEN_BY[Role(inviter.role)]:
        raise NotYours
    Invitation.objects.filter(pk=invitation.pk, accepted_at=None).delete()


def send(invitation: Invitation, secret: str) -> None:
    """Mail the link to the invited address; raise MailNotSent, and the invitation stays."""
    url = settings.PUBLIC_URL + reverse("invitation", args=[secret])
    context = {"invitation": invitation, "join_url": url, "inviter": invitation.invited_by}
    mails.send(get_adapter().render_mail("organizations/emails/invitation", invitation.email, context))


def pending_of(organization: Organization) -> QuerySet[Invitation]:
    """Return the organization's invitations that nobody has accepted, newest first; expired ones are among them."""
    return organization.invitations.select_related("invited_by").filter(accepted_at=None).order_by("-sent_at", "-pk")


def find_open(secret: str) -> Invitation | None:
    """Return the invitation that this secret opens now, with its organization; None for every other secret."""
    found = Invitation.objects.select_related("organization", "invited_by").filter(digest=_digest(secret))
    return found.filter(accepted_at=None, expires_at__gt=timezone.now(), organization__closed_at=None).first()


def find_of_session(request: HttpRequest) -> Invitation | None:
    """Return the open invitation whose link was followed in this session."""
    secret = request.session.get(SESSION_KEY)
    return find_open(secret) if isinstance(secret, str) else None


def belongs_to(invitation: Invitation, user: User) -> bool:
    """Tell whether the person proved that the invited address is theirs."""
    return bool(EmailAddress.objects.filter(user=user, verified=True, email__iexact=invitation.email).exists())


def accept(secret: str, user: User) -> Membership:
    """Let the person into the organization, once; raise NotOpen or ForSomebodyElse.

    Who is in it already stays what they are.
    """
    invitation = find_open(secret)
    if invitation is None:
        raise NotOpen
    if not belongs_to(invitation, user):
        raise ForSomebodyElse
    with transaction.atomic():
        lock_organization(invitation.organization_id)
        still_open = Invitation.objects.filter(
            pk=invitation.pk, accepted_at=None, expires_at__gt=timezone.now(), organization__closed_at=None
        )
        if not still_open.update(accepted_at=timezone.now(), accepted_by=user):
            raise NotOpen
        membership, _created = Membership.objects.select_related("organization").get_or_create(
            user=user, organization=invitation.organization, defaults={"role": invitation.role}
        )
    return membership


def join_on_arrival(request: HttpRequest, user: User) -> Membership | None:
    """Let somebody in who followed an invitation's link and signed up with its address; None for everybody else."""
    invitation = find_of_session(request)
    if invitation is None or not belongs_to(invitation, user):
        return None
    return accept(request.session.pop(SESSION_KEY), user)


def _is_member(organization: Organization, address: str) -> bool:
    known = EmailAddress.objects.filter(email__iexact=address, verified=True).values("user")
    return organization.memberships.filter(user__in=known).exists()


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
