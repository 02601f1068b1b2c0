"""Who an organization is at Stripe: created when first needed, and again after its customer was deleted there."""

from collections.abc import Callable
from typing import TypeVar

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from accounts.models import Organization, User
from billing import recharge_switch, stripe_gateway
from billing.errors import CustomerMissing
from billing.order_models import Order, OrderKind, OrderState, StripeCustomer
from billing.recharge_models import SavedCard, StopReason
from billing.transactions import in_short_transaction

T = TypeVar("T")


def customer_of(organization: Organization, actor: User) -> str:
    """Return the organization's customer id at Stripe in the mode of our key; create the customer if there is none."""
    customer, _is_new = StripeCustomer.objects.get_or_create(
        organization=organization,
        livemode=settings.STRIPE_IS_LIVE,
        defaults={"email": actor.email, "name": organization.name},
    )
    if customer.customer_id is None:
        customer.customer_id = stripe_gateway.create_customer(customer)
        in_short_transaction(lambda: customer.save(update_fields=["customer_id"]))
    return customer.customer_id


def call_for_customer(organization: Organization, actor: User, call: Callable[[str], T]) -> T:
    """Return what `call` returns for the organization's customer id.

    If the customer was deleted at Stripe, create a new one and call once more.
    """
    customer_id = customer_of(organization, actor)
    try:
        return call(customer_id)
    except CustomerMissing:
        note_deleted(customer_id)
        return call(customer_of(organization, actor))


def note_deleted(customer_id: str) -> StripeCustomer | None:
    """Forget a customer that was deleted at Stripe, with its cards and pages; None if it is unknown here."""

    def movement() -> StripeCustomer | None:
        customer = StripeCustomer.objects.filter(customer_id=customer_id).first()
        if customer is not None and customer.deleted_at is None:
            _forget(customer)
        return customer

    return in_short_transaction(movement)


def _forget(customer: StripeCustomer) -> None:
    same = {"organization": customer.organization_id, "livemode": customer.livemode}
    pages = Order.objects.filter(**same, kind=OrderKind.CHECKOUT, state=OrderState.PENDING)
    pages.exclude(checkout_session_id=None).update(state=OrderState.EXPIRED)  # money that comes counts all the same
    recharge_switch.stop(customer.organization_id, StopReason.CARD_GONE)
    now = timezone.now()
    SavedCard.objects.filter(**same, removed_at=None).update(removed_at=now)
    SavedCard.objects.filter(**same, detached_at=None).update(detached_at=now)
    # A new generation is a new idempotency key: under the old one Stripe would answer with the deleted customer.
    known = StripeCustomer.objects.filter(pk=customer.pk, customer_id=customer.customer_id)
    known.update(customer_id=None, generation=F("generation") + 1)
