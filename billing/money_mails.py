"""Mails about money, to those of an organization who see it."""

from collections.abc import Mapping
from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.mail import get_connection
from django.utils import timezone, translation

from accounts.abilities import Ability, can
from accounts.models import Membership, Organization


def send_to_those_who_see_money(organization: Organization, template: str, context: Mapping[str, Any]) -> None:
    """Send everybody's mail over one connection, which is opened before any is sent."""
    told = {
        "organization": organization.name,
        "product_name": settings.PRODUCT_NAME,
        "support_email": settings.SUPPORT_EMAIL,
        "when": timezone.now(),
        **context,
    }
    with translation.override(settings.LANGUAGE_CODE), get_connection() as connection:
        mails = [get_adapter().render_mail(template, address, told) for address in _addresses_in(organization)]
        connection.send_messages(mails)


def _addresses_in(organization: Organization) -> list[str]:
    people = Membership.objects.filter(organization=organization, user__is_active=True)
    people = people.select_related("user").order_by("pk")
    return [person.user.email for person in people if can(person.role, Ability.SEE_MONEY)]
