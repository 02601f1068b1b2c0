"""Beginning a purchase: an order of ours first, then a page of Stripe's to pay it on."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Organization, User
from billing import stripe_gateway
from billing.buyers import lock_buyer, require_buyer
from billing.errors import PaymentsNotConfigured, PurchaseRefused, StripeRefused, StripeUnreachable
from billing.order_models import Order, OrderKind, OrderState, Pack
from billing.stripe_customers import call_for_customer
from billing.stripe_objects import CheckoutSession
from billing.transactions import in_short_transaction

STRIPE_NEEDS = timedelta(minutes=30, seconds=30)
"""A page must be open for half an hour at the least when it is opened, by Stripe's clock."""

NEEDED_TO_PAY = timedelta(minutes=5)
"""Nobody is sent to a page that closes sooner."""

AT_THE_SAME_MOMENT = timedelta(seconds=30)
"""How long it may take to open a page: meanwhile another tab waits for the same one."""


@dataclass(frozen=True, slots=True)
class Purchase:
    """An order, and where it is paid; no address once there is nothing to pay any more."""

    order: Order
    url: str | None


def start_purchase(
    organization: Organization, pack: Pack, *, currency: str, click_token: UUID, actor: User
) -> Purchase:
    """Order a pack and open the page to pay it on; the same click again is the same order and the same page.

    So is a click of the same person's in another tab, while the page is being opened: the order has the first click.
    Raise PurchaseRefused, PaymentsNotConfigured, or StripeUnreachable: the order then stays, and the same click may be
    tried again.
    """
    if not stripe_gateway.is_configured():
        raise PaymentsNotConfigured
    require_buyer(organization)
    order = _place_order(organization, pack, currency=currency, click_token=click_token, actor=actor)
    if order.state != OrderState.PENDING:
        return Purchase(order, url=None)
    if order.checkout_session_id is None:
        _open_page(order, actor)
    return Purchase(order, url=order.checkout_url)


def find_unfinished(organization: Organization, pack: Pack, *, currency: str, actor: User) -> Order | None:
    """Return the order that this person began before for the same, while its page is open: a second tab, or Back.

    Whoever wants the same twice pays for the first, and then orders anew.
    """
    lasts = timedelta(minutes=settings.CHECKOUT_OPEN_MINUTES) - NEEDED_TO_PAY
    same = _unpaid_of(organization, pack, currency=currency, actor=actor, since=timezone.now() - lasts)
    return same.exclude(checkout_session_id=None).first()


def has_open_page(order: Order) -> bool:
    """Tell whether an order can be paid now."""
    is_open = order.state == OrderState.PENDING and order.livemode == settings.STRIPE_IS_LIVE
    closes = order.created + timedelta(minutes=settings.CHECKOUT_OPEN_MINUTES)
    return is_open and bool(order.checkout_url) and timezone.now() < closes


def page_of(order: Order) -> str:
    """Return the address of an order's page, where Stripe sends people back to."""
    return f"{settings.PUBLIC_URL}/billing/orders/{order.public_id}/"


def last_moment_to_open(order: Order) -> datetime:
    """Return until when a page for this order can be opened."""
    return order.created + timedelta(minutes=settings.CHECKOUT_OPEN_MINUTES) - STRIPE_NEEDS


def _place_order(organization: Organization, pack: Pack, *, currency: str, click_token: UUID, actor: User) -> Order:
    """Return the order of this click, stored now or before."""
    order = Order.objects.filter(organization=organization, click_token=click_token).first()
    if order is None:
        try:
            order = in_short_transaction(lambda: _store_order(organization, pack, currency, click_token, actor))
        except IntegrityError:
            order = Order.objects.get(organization=organization, click_token=click_token)
    asked = (OrderKind.CHECKOUT, pack.pk, currency, settings.STRIPE_IS_LIVE)
    if (order.kind, order.pack_id, order.currency, order.livemode) != asked:
        raise PurchaseRefused(_("This button was used for another purchase. Reload the page and choose again."))
    return order


def _unpaid_of(
    organization: Organization, pack: Pack, *, currency: str, actor: User, since: datetime
) -> QuerySet[Order]:
    """Return what this person ordered for the same money since then and has not paid, the newest first."""
    return Order.objects.filter(
        kind=OrderKind.CHECKOUT,
        organization=organization,
        actor=actor,
        pack=pack,
        currency=currency,
        credits=pack.credits,
        amount__in=pack.prices.filter(currency=currency).values("amount"),
        expires_after_days=pack.expires_after_days,
        state=OrderState.PENDING,
        livemode=settings.STRIPE_IS_LIVE,
        created__gt=since,
    ).order_by("-pk")


def _store_order(organization: Organization, pack: Pack, currency: str, click_token: UUID, actor: User) -> Order:
    """Store an order, unless another tab did a moment ago: the organization's lock lets one see what the other did.

    Raise PurchaseRefused if the organization was closed or suspended meanwhile.
    """
    lock_buyer(organization.pk)
    price = pack.prices.filter(currency=currency).first()
    if price is None or not pack.is_active:
        raise PurchaseRefused
    since = timezone.now() - AT_THE_SAME_MOMENT
    begun = _unpaid_of(organization, pack, currency=currency, actor=actor, since=since).first()
    if begun is not None:
        return begun
    return Order.objects.create(
        organization=organization,
        pack=pack,
        pack_name=pack.name,
        click_token=click_token,
        actor=actor,
        credits=pack.credits,
        amount=price.amount,
        currency=price.currency,
        expires_after_days=pack.expires_after_days,
        livemode=settings.STRIPE_IS_LIVE,
    )


def _open_page(order: Order, actor: User) -> None:
    if timezone.now() > last_moment_to_open(order):
        raise PurchaseRefused(_("This purchase was begun too long ago. Reload the page and choose again."))
    session = call_for_customer(
        order.organization,
        actor,
        lambda customer_id: stripe_gateway.create_checkout(
            order,
            customer_id=customer_id,
            return_url=page_of(order),
            cancel_url=f"{settings.PUBLIC_URL}/billing/?left={order.public_id}",
        ),
    )
    if session.livemode != order.livemode or not session.url:
        raise StripeRefused
    keep_for_buyer(order.organization_id, session, lambda: _note_page(order, session))
    order.refresh_from_db()


def keep_for_buyer(organization_id: int, session: CheckoutSession, keep: Callable[[], object]) -> None:
    """Keep a page that was opened, unless its organization was closed or suspended meanwhile.

    The page is then closed at Stripe, and PurchaseRefused raised: nobody is sent to it.
    """

    def movement() -> None:
        keep()  # first: orders and subscriptions are locked before organizations
        lock_buyer(organization_id)

    try:
        in_short_transaction(movement)
    except PurchaseRefused:
        with suppress(StripeUnreachable, StripeRefused):  # a periodic job closes what is left open
            stripe_gateway.close_page(session.id)
        raise


def _note_page(order: Order, session: CheckoutSession) -> None:
    """Keep the page. Two clicks at once got the same, by the order's key; a webhook may have been faster still."""
    Order.objects.filter(pk=order.pk, checkout_session_id=None).update(checkout_session_id=session.id)
    Order.objects.filter(pk=order.pk, checkout_session_id=session.id).update(checkout_url=session.url or "")
