"""What templates ask about the organization a person works in."""

from typing import Any

from django import template

from accounts.abilities import Ability, can
from accounts.current_organization import memberships_of

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
