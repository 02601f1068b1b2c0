"""Stripe's published test cards and the payment methods named after them: which bank says what."""

from dataclasses import dataclass
from typing import Literal

Dispute = Literal["fraudulent", "inquiry"]


@dataclass(frozen=True)
class Card:
    """A card and how its bank answers."""

    number: str
    token: str
    code: str | None = None
    decline_code: str | None = None
    # Declined only when charged; the others are refused when they are saved, too.
    is_savable: bool = True
    authentication: Literal["never", "always", "until_set_up"] = "never"
    dispute: Dispute | None = None
    words: str = "accepted"

    @property
    def last4(self) -> str:
        return self.number[-4:]

    def needs_person(self, *, is_set_up: bool) -> bool:
        return self.authentication == "always" or (self.authentication == "until_set_up" and not is_set_up)


_DECLINED = "card_declined"
CARDS = [
    Card("4242424242424242", "pm_card_visa"),
    Card(
        "4000000000000002", "pm_card_chargeDeclined", _DECLINED, "generic_decline", is_savable=False, words="declined"
    ),
    Card(
        "4000000000009995",
        "pm_card_chargeDeclinedInsufficientFunds",
        _DECLINED,
        "insufficient_funds",
        is_savable=False,
        words="declined: too little money",
    ),
    Card(
        "4000000000000069",
        "pm_card_chargeDeclinedExpiredCard",
        "expired_card",
        None,
        is_savable=False,
        words="declined: expired",
    ),
    Card(
        "4000000000000341",
        "pm_card_chargeCustomerFail",
        _DECLINED,
        "generic_decline",
        words="can be saved, declined when charged later",
    ),
    Card(
        "4000002760003184",
        "pm_card_authenticationRequired",
        authentication="always",
        words="its bank wants the person each time",
    ),
    Card(
        "4000002500003155",
        "pm_card_authenticationRequiredOnSetup",
        authentication="until_set_up",
        words="its bank wants the person once",
    ),
    Card("4000000000000259", "pm_card_createDispute", dispute="fraudulent", words="accepted, then disputed"),
    Card("4000000000001976", "pm_card_createDisputeInquiry", dispute="inquiry", words="accepted, then asked about"),
]
BY_NUMBER = {card.number: card for card in CARDS}
BY_TOKEN = {card.token: card for card in CARDS}
