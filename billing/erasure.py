"""What billing holds about people and organizations that are deleted: removed here, and replaced at Stripe by a job."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.dispatch import receiver
from django.utils import translation
from django.utils.crypto import salted_hmac

from accounts import admin_log
from accounts.closing import person_deleted
from accounts.erasing import addresses_of, names_of, organization_erased
from accounts.models import Membership, Organization, Role, User
from billing import stripe_gateway
from billing.errors import StripeRefused, StripeUnreachable
from billing.free_usage_models import DailyFreeUsage
from billing.order_models import Order, StripeCustomer
from billing.recharge_models import SavedCard
from billing.subscription_models import PlanInvoice, Subscription
from billing.welcome import default_name_of

logger = logging.getLogger(__name__)

REPLACED_AT_ONCE = 20
LINKS_KEPT = timedelta(days=1)
"""By then no page at Stripe can be paid on any more."""


@receiver(organization_erased, dispatch_uid="erase_billing_of_organization")
def erase_organization(organization: Organization, **_sent: Any) -> None:
    """Remove names, addresses and card details; orders and entries stay."""
    own = {"organization": organization}
    StripeCustomer.objects.filter(**own).update(email="", name="", erased_digests="")
    SavedCard.objects.filter(**own).update(brand="", last4="", exp_month=None, exp_year=None)


@receiver(person_deleted, dispatch_uid="erase_billing_of_person")
def erase_person(person: User, **_sent: Any) -> None:
    """Remove a person from organizations that stay: their billing address, and a name made of their own."""
    DailyFreeUsage.objects.filter(person=person).delete()
    for customer in _find_customers(person):
        owner = _owner_beside(person, customer.organization)
        _replace_here(customer, email=owner.email if owner else "", name=customer.name)
    for organization in _organizations_named_after(person):
        old_name, organization.name = organization.name, f"Organization {organization.pk}"
        organization.save(update_fields=["name"])
        for customer in organization.stripe_customers.filter(name=old_name):
            _replace_here(customer, email=customer.email, name=organization.name)
        admin_log.refresh_names(old_name)


def remove_links(now: datetime) -> int:
    """Remove links to Stripe's pages, which show who paid, from rows of organizations that are closed; return how many.

    A job does it, because orders and subscriptions are locked before organizations.
    """
    closed = Organization.objects.filter(closed_at__lt=now - LINKS_KEPT)
    orders = Order.objects.filter(organization__in=closed).exclude(checkout_url="")
    plans = Subscription.objects.filter(organization__in=closed).exclude(checkout_url="")
    invoices = PlanInvoice.objects.filter(subscription__organization__in=closed).exclude(page_url="")
    return orders.update(checkout_url="") + plans.update(checkout_url="") + invoices.update(page_url="")


def replace_at_stripe(now: datetime) -> int:
    """Replace what Stripe still has of deleted people; return how many customers were brought up to date.

    An address or a name that somebody changed at Stripe stays.
    """
    if not stripe_gateway.is_configured():
        return 0
    stale = StripeCustomer.objects.filter(livemode=settings.STRIPE_IS_LIVE, customer_id__isnull=False)
    return sum(map(_replace_there, stale.exclude(erased_digests="").order_by("pk")[:REPLACED_AT_ONCE]))


def digest_of(text: str) -> str:
    """Return a keyed digest that recognizes an address or a name and does not tell it."""
    return salted_hmac("billing.erasure", text.lower(), algorithm="sha256").hexdigest()


def _replace_here(customer: StripeCustomer, *, email: str, name: str) -> None:
    """Replace a customer's address and name, and remember by digest what Stripe is to replace."""
    changed = {customer.email, customer.name} - {email, name}
    digests = {*customer.erased_digests.split(), *map(digest_of, changed)}
    customer.erased_digests = " ".join(sorted(digests)) if customer.customer_id else ""
    customer.email, customer.name = email, name
    customer.save(update_fields=["email", "name", "erased_digests"])


def _replace_there(customer: StripeCustomer) -> bool:
    erased = customer.erased_digests.split()
    facts = {"email": customer.email, "name": customer.name}
    try:
        stripe_gateway.replace_facts(
            customer.customer_id or "", facts, is_erased=lambda known: digest_of(known) in erased
        )
    except StripeUnreachable:
        return False
    except StripeRefused:
        logger.exception("customer_not_replaced", extra={"customer_id": customer.customer_id})
        return False
    StripeCustomer.objects.filter(pk=customer.pk).update(erased_digests="")
    return True


def _find_customers(person: User) -> QuerySet[StripeCustomer]:
    """Return the customers that have an address of the person's, also in organizations that they left."""
    has_address = Q(pk__in=[])
    for address in addresses_of(person):
        has_address |= Q(email__iexact=address)
    return StripeCustomer.objects.select_related("organization").filter(has_address)


def _owner_beside(person: User, organization: Organization) -> User | None:
    if organization.closed_at is not None:
        return None
    others = Membership.objects.filter(organization=organization, role=Role.OWNER).exclude(user=person)
    first = others.select_related("user").order_by("pk").first()
    return None if first is None else first.user


def _organizations_named_after(person: User) -> QuerySet[Organization]:
    """Return a person's organizations that are still called as they were when the person signed up."""
    names = set()
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            names |= {default_name_of(name) for name in names_of(person)}
    theirs = Q(memberships__user=person) | Q(credit_account__entries__actor=person)
    return Organization.objects.filter(theirs, name__in=names).distinct()
