"""Why a request is not paid for, in words for the caller, and what must never happen, in words for us."""

from datetime import date

from django.conf import settings

from accounts.errors import ServiceError


class InsufficientCredits(ServiceError):
    """The account has fewer credits available than the image costs."""

    code = "payment_required"
    status = 402
    is_our_fault = False

    def __init__(self) -> None:
        super().__init__(f"There are not enough credits left for this image. Ask {_whom_to_ask()} for more.")


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
    public_text = (
        "This Idempotency-Key was used for a different request. Use a new key for each image and set of options."
    )


class RequestInProgress(ServiceError):
    """The first request with this key has not been answered yet."""

    code = "request_in_progress"
    status = 409
    is_our_fault = False
    public_text = "A request with this Idempotency-Key is still being worked on. Try again in a moment."


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
    public_text = "This took too long and was given up. Nothing was charged; please try again."

    def __init__(self) -> None:
        super().__init__(retry_after_s=1)


class LedgerBusy(ServiceError):
    """The database stayed locked by others for longer than we wait."""

    code = "service_unavailable"
    status = 503
    public_text = "Credits cannot be counted right now. Nothing was charged; please try again."

    def __init__(self) -> None:
        super().__init__(retry_after_s=5)


class LedgerBroken(ServiceError):
    """The books do not agree with themselves: someone has to look, and `manage.py audit_ledger` says where."""


class LedgerEntriesArePermanent(Exception):
    """Code tried to change or delete a ledger entry."""


class EventsArePermanent(Exception):
    """Code tried to change or delete an event of Stripe's."""


def _whom_to_ask() -> str:
    return settings.SUPPORT_EMAIL or "the person who runs this service"
