"""Who is in an organization, and as what: every change keeps an owner in it, and raises nobody above who makes it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Case, IntegerField, QuerySet, When
from django.utils.translation import gettext_noop as _

from accounts.abilities import Ability, can
from accounts.errors import ServiceError
from accounts.models import Invitation, Membership, Organization, Role, User
from accounts.organization_lock import lock_organization

GIVEN_BY: dict[Role, Sequence[Role]] = {
    Role.OWNER: (Role.MEMBER, Role.ADMIN, Role.OWNER),
    Role.ADMIN: (Role.MEMBER, Role.ADMIN),
    Role.MEMBER: (),
}
"""Which roles somebody of a role may give to others, by invitation or by change."""


class PeopleRefusal(ServiceError):
    """A change of people that the rules forbid, in words for who asked for it."""

    code, status, is_our_fault = "permission_denied", 403, False


class LastOwner(PeopleRefusal):
    """An organization always has an owner."""

    status = 409
    public_text = _("An organization needs an owner. Make somebody else an owner first, or close the organization.")


class NotYours(PeopleRefusal):
    """The role is above the person's own, or theirs to give no more."""

    public_text = _("Only an owner may do this.")


class NoSuchMember(PeopleRefusal):
    """The person left meanwhile, or never was here."""

    status = 404
    public_text = _("This person is not in the organization any more.")


@dataclass(frozen=True, slots=True)
class Change:
    """Two memberships as they are while nobody else may change the organization's people."""

    actor: Membership
    target: Membership


def people_of(organization: Organization) -> QuerySet[Membership]:
    """Return the organization's memberships with their people: owners first, then by address."""
    rank = Case(*(When(role=role, then=place) for place, role in enumerate(Role)), output_field=IntegerField())
    return organization.memberships.select_related("user").order_by(rank, "user__email")


def change_role(actor: Membership, target_id: int, role: Role) -> Membership:
    """Give somebody another role; raise PeopleRefusal where the actor may not, or no owner would be left."""
    with _changing(actor, target_id) as change:
        if role not in GIVEN_BY[Role(change.actor.role)]:
            raise NotYours
        if change.target.role == role:
            return change.target
        if role != Role.OWNER:
            _keep_an_owner(change.target)
            _withdraw_invitations_above(change.target, role)
        change.target.role = role
        change.target.save(update_fields=["role"])
    return change.target


def remove(actor: Membership, target_id: int) -> Membership:
    """Take somebody else out of the organization; raise PeopleRefusal where the actor may not."""
    with _changing(actor, target_id) as change:
        _let_go(change.target)
    return change.target


def leave(membership: Membership) -> None:
    """Let somebody go who wants to; raise LastOwner where they are the only owner."""
    with transaction.atomic():
        _hold_still(membership.organization_id)
        own = Membership.objects.filter(pk=membership.pk).first()
        if own is None:
            raise NoSuchMember
        _let_go(own)


def hand_over(actor: Membership, target_id: int) -> Membership:
    """Make somebody else the owner and the actor an admin, in one step; raise PeopleRefusal where the actor may not."""
    with _changing(actor, target_id) as change:
        if not can(change.actor.role, Ability.OWN):
            raise NotYours
        if change.target.pk == change.actor.pk:
            return change.target
        change.target.role, change.actor.role = Role.OWNER, Role.ADMIN
        change.target.save(update_fields=["role"])
        change.actor.save(update_fields=["role"])
    return change.target


def organizations_without_other_owner(user: User) -> list[Organization]:
    """Return the open organizations with other people in them whose only owner this person is."""
    own = Organization.objects.filter(closed_at=None, memberships__user=user, memberships__role=Role.OWNER)
    others = Membership.objects.exclude(user=user)
    with_others = own.filter(pk__in=others.values("organization"))
    return list(
        with_others.exclude(pk__in=others.filter(role=Role.OWNER).values("organization")).order_by("name", "pk")
    )


def organizations_of_alone(user: User) -> list[Organization]:
    """Return the open organizations in which the person is the only one."""
    mine = Organization.objects.filter(closed_at=None, memberships__user=user)
    with_others = Membership.objects.exclude(user=user).values("organization")
    return list(mine.exclude(pk__in=with_others).order_by("name", "pk"))


@contextmanager
def _changing(actor: Membership, target_id: int) -> Iterator[Change]:
    """Hold the organization's people still, and read both as they are now: roles may have changed since the page."""
    with transaction.atomic():
        _hold_still(actor.organization_id)
        here = Membership.objects.select_related("user").filter(organization_id=actor.organization_id)
        acting, target = here.filter(pk=actor.pk).first(), here.filter(pk=target_id).first()
        if acting is None or not can(acting.role, Ability.MANAGE_PEOPLE):
            raise NotYours
        if target is None:
            raise NoSuchMember
        if target.role not in GIVEN_BY[Role(acting.role)]:
            raise NotYours
        yield Change(acting, target)


def _hold_still(organization_id: int) -> None:
    """Lock the organization; on SQLite the transaction holds the only write lock already."""
    lock_organization(organization_id)


def _let_go(membership: Membership) -> None:
    _keep_an_owner(membership)
    _withdraw_invitations_above(membership, None)
    membership.delete()


def _keep_an_owner(leaving: Membership) -> None:
    others = Membership.objects.filter(organization_id=leaving.organization_id, role=Role.OWNER).exclude(pk=leaving.pk)
    if leaving.role == Role.OWNER and not others.exists():
        raise LastOwner


def _withdraw_invitations_above(membership: Membership, role: Role | None) -> None:
    """Withdraw what the person sent and could not send as this role: nobody comes in through who is out."""
    pending = Invitation.objects.filter(
        organization_id=membership.organization_id, invited_by=membership.user_id, accepted_at=None
    )
    pending.exclude(role__in=GIVEN_BY[role] if role else ()).delete()
