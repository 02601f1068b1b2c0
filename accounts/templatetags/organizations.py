"""What templates ask about the organization a person works in."""

from typing import Any

from django import template

from accounts.abilities import Ability, can
from accounts.current_organization import memberships_of
from accounts.free_credit_offer import offered_free_credits
from accounts.invitations import find_of_session
from accounts.models import Invitation

register = template.Library()


@register.inclusion_tag("components/organization_switcher.html", takes_context=True)
def organization_switcher(context: Any) -> dict[str, Any]:
    """Show which organization this is about, and the others the person may change to."""
    request = context["request"]
    return {
        "current": request.membership,
        "memberships": list(memberships_of(request.user)),
        "csrf_token": context.get("csrf_token"),
        "path": request.path,
    }


@register.simple_tag(takes_context=True)
def may(context: Any, ability: str) -> bool:
    """Tell whether the person may do that in the organization they work in: `{% may "make_keys" as may_make %}`."""
    membership = context["request"].membership
    return bool(membership) and can(membership.role, Ability(ability))


@register.simple_tag(takes_context=True)
def followed_invitation(context: Any) -> Invitation | None:
    """Return the open invitation whose link brought the person here."""
    return find_of_session(context["request"])


@register.simple_tag
def free_credits() -> int:
    """Return how many images a new person may make without paying."""
    return offered_free_credits()
