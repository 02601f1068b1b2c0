"""What Stripe answers when it will not: a status and an `error` object."""

import copy
from typing import Any


class Refusal(Exception):
    """An answer other than 200, in the shape from which the SDK chooses its exception."""

    def __init__(self, message: str, *, status: int = 400, type: str = "invalid_request_error", **details: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"type": type, "message": message, **details}}


class CardRefusal(Refusal):
    """The bank's no, or its wish to see the person first."""

    def __init__(self, message: str, *, code: str, decline_code: str | None, **details: Any) -> None:
        super().__init__(message, status=402, type="card_error", code=code, decline_code=decline_code, **details)


class Misuse(Refusal):
    """A request that the real Stripe would not understand, or that this stand-in has not learned; a test must know."""


def unexpected_state(intent: dict[str, Any], verb: str) -> Refusal:
    """Return Stripe's answer to a step that an intent cannot take from where it is."""
    kind = intent["object"]
    details: dict[str, Any] = {"code": f"{kind}_unexpected_state", kind: copy.deepcopy(intent)}
    return Refusal(f"You cannot {verb} this {kind} because it has a status of {intent['status']}.", **details)


def missing(object_name: str, wanted_id: str, *, param: str = "id") -> Refusal:
    """Return Stripe's answer about something it does not have, and which parameter named it."""
    words = object_name.replace("_", " ").rsplit(".", maxsplit=1)[-1]
    return Refusal(f"No such {words}: '{wanted_id}'", status=404, code="resource_missing", param=param)
