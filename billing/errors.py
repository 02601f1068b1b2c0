"""Why a request is not paid for, in words for the caller, and what must never happen, in words for us."""

from datetime import date

from django.conf import settings
from django.utils.translation import gettext_noop as _

from accounts.errors import ServiceError


class InsufficientCredits(ServiceError):
    """The account has fewer credits available than the image costs."""

    code = "payment_required"
    status = 402
    is_our_fault = False

    def __init__(self) -> None:
        if settings.STRIPE_SECRET_KEY:
            text = _("There are not enough credits left for this image. An owner can buy more at %(address)s.")
            super().__init__(text, values={"address": f"{settings.PUBLIC_URL}/billing/"})
        elif settings.SUPPORT_EMAIL:
            text = _("There are not enough credits left for this image. Ask %(address)s for more.")
            super().__init__(text, values={"address": settings.SUPPORT_EMAIL})
        else:
            super().__init__(
                _("There are not enough credits left for this image. Ask the person who runs this service for more.")
            )


class KeyCapReached(InsufficientCredits):
    """The key may use no more credits in this month, however many the account has."""

    def __init__(self, *, cap: int, next_month: date) -> None:
        ServiceError.__init__(
            self,
            f"This API key may use {cap:,} {'credits' if cap > 1 else 'credit'} a month; they are used, or set aside "
            f"for images in work. It goes on at {next_month:%Y-%m-%d} 00:00 UTC, or as soon as somebody raises the cap "
            "on its page among the API keys.",
        )


class IdempotencyKeyReused(ServiceError):
    """The key belongs to another request."""

    code = "idempotency_key_reused"
    status = 422
    is_our_fault = False
    public_text = _(
        "This Idempotency-Key was used for a different request. Use a new key for each image and set of options."
    )


class ImageChanged(IdempotencyKeyReused):
    """The address gives other bytes than those that were paid for under the key."""

    public_text = _(
        "The address gives another image now than the one this Idempotency-Key was used for. Use a new key for it."
    )


class ReplaysUsedUp(IdempotencyKeyReused):
    """The key was repeated as often as a key may be."""

    def __init__(self, *, limit: int) -> None:
        super().__init__(
            _(
                "This Idempotency-Key was repeated %(limit)d times, which is the limit. "
                "Use a new key; the image is then charged again."
            ),
            values={"limit": limit},
        )


class FreeBudgetUsed(ServiceError):
    """An organization or a person has used all free calls of a day."""

    code, status, is_our_fault = "rate_limit_exceeded", 429, False
    public_text = _(
        "Your %(limit)d free calls of today are used: repetitions under an Idempotency-Key, test calls, and calls that "
        "took too long. Nothing was charged. Calls that are charged still work; free ones again after midnight UTC."
    )

    def __init__(self, *, limit: int, retry_after_s: int) -> None:
        super().__init__(values={"limit": limit}, retry_after_s=retry_after_s)


class LateBudgetUsed(FreeBudgetUsed):
    """Calls that were given up at their deadline have used the day's free calls."""

    public_text = _(
        "%(limit)d calls of today took too long and were free, which is the limit. Nothing was charged. "
        "Use POST /v1/remove, which has no deadline, or smaller images, or try again after midnight UTC."
    )


class RefusedBudgetUsed(FreeBudgetUsed):
    """Images that were refused after their work was begun have used the day's free calls."""

    public_text = _(
        "%(limit)d images of today could not be cut out and were free, which is the limit; each delivered image allows "
        "one more. Nothing was charged. Try again after midnight UTC."
    )


class PreviewBudgetUsed(ServiceError):
    """The server has given all previews without an account of a day."""

    code, status, is_our_fault = "rate_limit_exceeded", 429, False
    public_text = _("All free previews of today are used. Sign up to continue, or come back after midnight UTC.")

    def __init__(self, *, retry_after_s: int) -> None:
        super().__init__(retry_after_s=retry_after_s)


class RequestInProgress(ServiceError):
    """The first request with this key has not been answered yet."""

    code = "request_in_progress"
    status = 409
    is_our_fault = False
    public_text = _("A request with this Idempotency-Key is still being worked on. Try again in a moment.")


class BadIdempotencyKey(ServiceError):
    """The header is not a key."""

    code = "validation_error"
    status = 400
    is_our_fault = False
    public_text = "The Idempotency-Key must be 1 to 255 visible ASCII characters."

    def __init__(self) -> None:
        super().__init__(details={"Idempotency-Key": [self.public_text]})


class HoldLost(ServiceError):
    """The credits set aside were given back before the work was done, so the result must not be delivered."""

    code = "service_unavailable"
    status = 503
    public_text = _("This took too long and was given up. Nothing was charged; please try again.")

    def __init__(self) -> None:
        super().__init__(retry_after_s=1)


class LedgerBusy(ServiceError):
    """The database stayed locked by others for longer than we wait."""

    code = "service_unavailable"
    status = 503
    public_text = _("Credits cannot be counted right now. Nothing was charged; please try again.")

    def __init__(self) -> None:
        super().__init__(retry_after_s=5)


class LedgerBroken(ServiceError):
    """The books do not agree with themselves: someone has to look, and `manage.py audit_ledger` says where."""


class PurchaseRefused(ServiceError):
    """What was asked for cannot be bought, or not like this."""

    code = "validation_error"
    status = 400
    is_our_fault = False
    public_text = _("This cannot be bought here. Reload the page and choose again.")


class PaymentsNotConfigured(ServiceError):
    """Nobody told this server how to take money."""

    code = "service_unavailable"
    status = 503
    is_our_fault = False
    public_text = _("Credits are not sold here yet. Ask whoever runs this service for more.")


class StripeUnreachable(ServiceError):
    """Stripe did not answer, or was not able to; what was begun is finished later."""

    code = "service_unavailable"
    status = 503
    public_text = _("The payment service does not answer. Nothing was lost; please try again in a minute.")

    def __init__(self) -> None:
        super().__init__(retry_after_s=60)


class StripeRefused(ServiceError):
    """Stripe did not take a request of ours: somebody has to look at it."""

    public_text = _("The payment could not be started. Nothing was charged; the fault is on our side.")


class CustomerMissing(StripeRefused):
    """The customer was deleted at Stripe."""


class CardRefused(ServiceError):
    """The bank did not pay. `needs_person`: it would, if the card's holder confirmed it."""

    code = "payment_required"
    status = 402
    is_our_fault = False
    public_text = _("The card was declined.")

    def __init__(self, *, reason: str, needs_person: bool, payment_intent_id: str | None) -> None:
        super().__init__()
        self.reason = reason
        self.needs_person = needs_person
        self.payment_intent_id = payment_intent_id


class BadSignature(ServiceError):
    """What came as an event was not signed by Stripe, or not now."""

    code = "validation_error"
    status = 400
    is_our_fault = False
    public_text = "This is no event that Stripe signed just now."


class OrderNotFulfilled(LedgerBroken):
    """Following Stripe's news of an order failed, and nothing was given. `is_paid`: its payment had arrived."""

    public_text = _("Your payment arrived, but your credits could not be added. We are looking after it.")

    def __init__(self, *, order_id: int, facts: str, is_paid: bool = False) -> None:
        ServiceError.__init__(self)
        self.order_id = order_id
        self.facts = facts
        self.is_paid = is_paid

    def __str__(self) -> str:
        return self.facts


class OrderDisagrees(OrderNotFulfilled):
    """What Stripe says about an order is not what was agreed: nothing is given, and somebody has to look."""

    public_text = LedgerBroken.public_text


class LedgerEntriesArePermanent(Exception):
    """Code tried to change or delete a ledger entry."""


class EventsArePermanent(Exception):
    """Code tried to change or delete an event of Stripe's."""


class ConsentsArePermanent(Exception):
    """Code tried to change or delete what somebody agreed to."""
