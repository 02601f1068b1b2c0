"""Who may do what in an organization: the one table that pages, tests and docs/permissions.md follow."""

from enum import StrEnum

from accounts.models import ApiKey, Membership, Role


class Ability(StrEnum):
    """Something a person does in an organization."""

    USE = "use"
    """See the organization, cut out images, see its usage and its keys' names."""
    MAKE_KEYS = "make_keys"
    """Create keys; rotate, change and revoke those they made themselves."""
    MANAGE_KEYS = "manage_keys"
    """Change, rotate and revoke everybody's keys."""
    SEE_MONEY = "see_money"
    """See what was paid, and how."""
    SPEND_MONEY = "spend_money"
    """Buy credits, choose a plan, change how it is paid."""
    MANAGE_PEOPLE = "manage_people"
    """Invite people, change the role of members and admins, remove them."""
    MANAGE_ORGANIZATION = "manage_organization"
    """Rename the organization, choose what it keeps and when it is warned."""
    OWN = "own"
    """Make others owners, hand the organization over, close it."""


_MEMBER = frozenset({Ability.USE, Ability.MAKE_KEYS})
_ADMIN = _MEMBER | {Ability.MANAGE_KEYS, Ability.SEE_MONEY, Ability.MANAGE_PEOPLE, Ability.MANAGE_ORGANIZATION}
_OWNER = _ADMIN | {Ability.SPEND_MONEY, Ability.OWN}

ABILITIES: dict[Role, frozenset[Ability]] = {Role.OWNER: _OWNER, Role.ADMIN: _ADMIN, Role.MEMBER: _MEMBER}


def can(role: str, ability: Ability) -> bool:
    """Tell whether a person of this role may do that; raise ValueError for a role that does not exist."""
    return ability in ABILITIES[Role(role)]


def can_manage(membership: Membership, api_key: ApiKey) -> bool:
    """Tell whether this person may change, rotate and revoke this key of their organization."""
    if can(membership.role, Ability.MANAGE_KEYS):
        return True
    return api_key.created_by_id == membership.user_id and can(membership.role, Ability.MAKE_KEYS)
