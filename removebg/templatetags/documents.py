"""What the pages of the documentation share."""

from typing import Any

from django import template
from django.urls import reverse

from removebg import context as site
from removebg.documents.navigation import places

register = template.Library()


@register.inclusion_tag("docs/nav.html")
def docs_nav(current: str) -> dict[str, Any]:
    """Show the places of the documentation, with the one that is open."""
    return {"docs_places": places(), "current": current}


@register.simple_tag
def keys_href() -> str:
    """Return where a logged-in person finds their keys."""
    return reverse(next((route for name, route, _title in site.PLACES if name == "keys"), "dashboard"))
