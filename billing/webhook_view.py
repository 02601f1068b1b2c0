"""Where Stripe's events come in: proved first, read within bounds, answered when what follows is stored."""

import logging

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.errors import ServiceError
from billing import stripe_gateway, webhooks
from billing.errors import BadSignature

logger = logging.getLogger(__name__)


@csrf_exempt
@require_POST
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    """Take one event: 200 once it is stored and acted on, 500 where that failed, so that Stripe sends it again."""
    limit = settings.STRIPE_WEBHOOK_MAX_BYTES
    length = request.META.get("CONTENT_LENGTH") or ""
    if length.isascii() and length.isdigit() and int(length) > limit:
        return _answer(413, "This is larger than any event.")
    try:
        body = request.read(limit + 1)
    except UnreadablePostError:
        return _answer(400, "The event did not arrive whole.")
    if len(body) > limit:
        return _answer(413, "This is larger than any event.")
    try:
        event = stripe_gateway.verify_event(body, request.headers.get("Stripe-Signature", ""))
    except BadSignature as refusal:
        logger.warning("stripe_event_refused")
        return _answer(400, refusal.public_text)
    try:
        state = webhooks.receive(event)
    except Exception as error:
        logger.exception("stripe_event_failed", extra={"event_id": event.id, "type": event.type})
        status = error.status if isinstance(error, ServiceError) and error.status >= 500 else 500
        return _answer(status, "It could not be handled; please send it again.")
    return JsonResponse({"received": True, "state": state})


def _answer(status: int, text: str) -> JsonResponse:
    return JsonResponse({"error": text}, status=status)
