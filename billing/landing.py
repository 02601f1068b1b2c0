"""What a page about an order does first: ask Stripe how it stands, if nobody has told us yet."""

import logging
from enum import StrEnum

from django.conf import settings
from django.core.cache import cache

from accounts.errors import ServiceError
from billing import stripe_gateway
from billing.errors import OrderDisagrees, OrderNotFulfilled
from billing.fulfilment import fulfil
from billing.order_models import OPEN_STATES, Order

logger = logging.getLogger(__name__)

ASKED_AT_MOST_EVERY_S = 2


class News(StrEnum):
    """How asking went."""

    FRESH = "fresh"
    SILENT = "silent"
    DISAGREES = "disagrees"
    NOT_FULFILLED = "not_fulfilled"


def look_at(order: Order) -> News:
    """Bring an order up to date for a page, which may be loaded as fast as somebody likes."""
    if _waits_for_news(order) and cache.add(f"order-asked:{order.pk}", 1, ASKED_AT_MOST_EVERY_S) is False:
        return _news_of(order, News.FRESH)
    return bring_up_to_date(order)


def bring_up_to_date(order: Order) -> News:
    """Bring an order that waits for news to where Stripe is with it; it is read again from the database."""
    news = News.FRESH
    if _waits_for_news(order):
        news = _ask(order.checkout_session_id or "")
    order.refresh_from_db()
    return _news_of(order, news)


def _news_of(order: Order, news: News) -> News:
    if order.credits_failed_at is not None:
        return News.NOT_FULFILLED
    return News.DISAGREES if order.problem and order.state in OPEN_STATES else news


def _waits_for_news(order: Order) -> bool:
    is_of_our_mode = stripe_gateway.is_configured() and order.livemode == settings.STRIPE_IS_LIVE
    return is_of_our_mode and order.state in OPEN_STATES and order.checkout_session_id is not None


def _ask(session_id: str) -> News:
    try:
        fulfil(session_id, told=stripe_gateway.get_session(session_id, is_patient=False))
    except OrderDisagrees:
        return News.DISAGREES
    except OrderNotFulfilled as failure:
        return News.NOT_FULFILLED if failure.is_paid else News.SILENT
    except ServiceError as error:
        # The page shows what is known; events, the next look and the periodic job bring the rest.
        logger.warning("order_not_looked_up", extra={"session_id": session_id, "reason": str(error)})
        return News.SILENT
    return News.FRESH
