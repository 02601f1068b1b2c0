"""What people are told of what operators did."""

from django import template
from django.db.models import QuerySet

from accounts import suspension
from accounts.models import Organization, User
from accounts.support_models import SupportVisit
from accounts.support_visits import visits_to

register = template.Library()

SHOWN = 20


@register.simple_tag
def suspension_reason(organization: Organization) -> str:
    """Return why the organization is suspended; empty where nobody said."""
    return suspension.reason_of(organization)


@register.simple_tag
def support_visits(person: User) -> QuerySet[SupportVisit]:
    """Return who looked at the site as this person lately."""
    return visits_to(person)[:SHOWN]
