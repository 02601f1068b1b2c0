"""What a test, or a person trying a purchase, does to Stripe's world: time, banks, webhooks, bad days.

The same calls are there over HTTP: POST /_control/<name> with their arguments as a JSON object.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tests.stripe_stand_in import (
    cards,
    checkout_outcomes,
    customers,
    disputes,
    due_dates,
    invoices,
    payment_intents,
    payment_methods,
    pending_updates,
    refunds,
    subscriptions,
)
from tests.stripe_stand_in.api import Api
from tests.stripe_stand_in.clock import DAY_S, HOUR_S
from tests.stripe_stand_in.faults import Fault, Kind
from tests.stripe_stand_in.shapes import Object
from tests.stripe_stand_in.storage import Storage
from tests.stripe_stand_in.webhook_sender import Delivery, Endpoint, Rule, WebhookSender

GOOD_CARD = cards.CARDS[0].number


@dataclass
class Control:
    """The strings behind the scene."""

    api: Api
    sender: WebhookSender

    # Time

    def advance(self, *, days: float = 0, hours: float = 0) -> int:
        """Let time pass, with all that falls due on the way; return the time it is then."""
        with self._world() as storage:
            due_dates.let_time_pass(storage, until=storage.clock.now() + round(days * DAY_S + hours * HOUR_S))
            return storage.clock.now()

    # People

    def pay_session(self, session: str, *, card: str = GOOD_CARD, email: str = "person@example.com") -> Object:
        """Pay on the hosted page, without a browser."""
        with self._world() as storage:
            stored = storage.get("checkout.session", session)
            checkout_outcomes.pay(storage, stored, cards.BY_NUMBER[card], email=email)
            return stored

    def delay_session(self, session: str, *, email: str = "person@example.com") -> Object:
        """Choose a bank debit on the hosted page."""
        with self._world() as storage:
            stored = storage.get("checkout.session", session)
            checkout_outcomes.delay(storage, stored, email=email)
            return stored

    def settle_session(self, session: str, *, paid: bool) -> Object:
        """Let a delayed payment's outcome come."""
        with self._world() as storage:
            stored = storage.get("checkout.session", session)
            checkout_outcomes.settle(storage, stored, paid=paid)
            return stored

    def expire_session(self, session: str) -> Object:
        """Let a session run out."""
        with self._world() as storage:
            return checkout_outcomes.expire(storage, {}, session)

    def delete_customer(self, customer: str) -> Object:
        """Delete a customer in the dashboard, as a seller does after an erasure request."""
        with self._world() as storage:
            return customers.delete(storage, {}, customer)

    def authenticate(self, intent: str, *, agreed: bool) -> Object:
        """Answer what the bank asks the person."""
        with self._world() as storage:
            stored = storage.get("payment_intent", intent)
            payment_intents.authenticate(storage, stored, agreed=agreed)
            return stored

    def pay_invoice(self, invoice: str, *, card: str = GOOD_CARD) -> Object:
        """Pay an open invoice on its page with another card."""
        with self._world() as storage:
            stored = storage.get("invoice", invoice)
            method = payment_methods.add_card(storage, cards.BY_NUMBER[card])
            subscriptions.settle_invoice(storage, stored, method["id"], person_is_there=True)
            return stored

    def confirm_invoice(self, invoice: str) -> Object:
        """Confirm with the bank, on an open invoice's page, that the saved card shall pay it."""
        with self._world() as storage:
            stored = storage.get("invoice", invoice)
            method_id = invoices.method_for(storage, stored)
            subscriptions.settle_invoice(storage, stored, method_id, person_is_there=True)
            return stored

    def void_invoice(self, invoice: str) -> Object:
        """Let somebody void an invoice in Stripe's dashboard."""
        with self._world() as storage:
            return pending_updates.void_invoice(storage, {}, invoice)

    # Banks

    def change_bank_mind(self, payment_method: str, *, card: str) -> None:
        """Let a saved card's bank answer from now on as this test card's does."""
        with self._world() as storage:
            storage.get("payment_method", payment_method)
            storage.hidden[payment_method]["card"] = cards.BY_NUMBER[card]

    def open_dispute(
        self,
        charge: str,
        *,
        reason: str = "fraudulent",
        is_inquiry: bool = False,
        amount: int | None = None,
        withdraw: bool = True,
    ) -> Object:
        """Let a bank dispute a charge, or only ask about it."""
        with self._world() as storage:
            stored = storage.get("charge", charge)
            return disputes.open_dispute(
                storage, stored, reason=reason, is_inquiry=is_inquiry, amount=amount, withdraw=withdraw
            )

    def withdraw_dispute(self, dispute: str) -> Object:
        """Take the disputed money, where opening the dispute did not."""
        with self._world() as storage:
            stored = storage.get("dispute", dispute)
            disputes.withdraw_funds(storage, stored)
            return stored

    def reinstate_dispute(self, dispute: str) -> Object:
        """Give the disputed money back, where winning did not."""
        with self._world() as storage:
            stored = storage.get("dispute", dispute)
            disputes.reinstate_funds(storage, stored)
            return stored

    def escalate_dispute(self, dispute: str) -> Object:
        """Turn an inquiry into a dispute."""
        with self._world() as storage:
            stored = storage.get("dispute", dispute)
            disputes.escalate(storage, stored)
            return stored

    def settle_dispute(self, dispute: str, *, outcome: disputes.Outcome, reinstate: bool = True) -> Object:
        """End a dispute: won, lost, or warning_closed for an inquiry."""
        with self._world() as storage:
            stored = storage.get("dispute", dispute)
            disputes.settle(storage, stored, outcome, reinstate=reinstate)
            return stored

    def fail_refund(self, refund: str, *, reason: str = "expired_or_canceled_card") -> Object:
        """Let a refund fail at the buyer's bank, days after it was made."""
        with self._world() as storage:
            stored = storage.get("refund", refund)
            refunds.fail(storage, stored, reason=reason)
            return stored

    # Webhooks

    def add_endpoint(self, url: str, *secrets: str, types: Sequence[str] | None = None) -> Endpoint:
        """Send events there from now on, signed with each of the secrets."""
        endpoint = Endpoint(url, list(secrets), types)
        self.sender.endpoints.append(endpoint)
        return endpoint

    def hold_webhooks(self) -> None:
        """Keep events back until they are released or sent."""
        self.sender.hold()

    def send_waiting(self, order: Callable[[list[Delivery]], list[Delivery]] = list) -> list[Delivery]:
        """Send what is kept back, in the order given, and go on holding."""
        return self.sender.send_waiting(order)

    def release_webhooks(self, order: Callable[[list[Delivery]], list[Delivery]] = list) -> list[Delivery]:
        """Send what is kept back, in the order given, and hold no longer."""
        return self.sender.release(order)

    def send_shuffled(self, *, seed: int) -> list[Delivery]:
        """Send what is kept back in an order of chance that can be had again."""
        return self.sender.send_waiting(lambda waiting: random.Random(seed).sample(waiting, len(waiting)))

    def drop_next(self, event_type: str, *, times: int = 1) -> None:
        """Lose the next events of this type; `resend` finds them again."""
        self.sender.add_rule(Rule(event_type, "drop", times=times))

    def duplicate_next(self, event_type: str, *, copies: int = 2, times: int = 1) -> None:
        """Send the next events of this type several times."""
        self.sender.add_rule(Rule(event_type, "duplicate", copies=copies, times=times))

    def delay_next(self, event_type: str, *, times: int = 1) -> None:
        """Keep the next events of this type back until `send_waiting`."""
        self.sender.add_rule(Rule(event_type, "delay", times=times))

    def retry_failed(self) -> list[Delivery]:
        """Send again what the seller did not accept."""
        return self.sender.retry_failed()

    def resend(self, event: str) -> list[Delivery]:
        """Send one event again, dropped or accepted."""
        return self.sender.resend(event)

    def wait_until_sent(self) -> None:
        """Return when nothing is on its way any more."""
        self.sender.wait_until_sent()

    # Bad days

    def order_fault(
        self,
        path: str,
        *,
        method: str = "POST",
        kind: Kind = "answer",
        status: int = 500,
        times: int = 1,
        after: bool = False,
        remembered: bool = False,
        hang_s: float = 60.0,
    ) -> None:
        """Spoil the next calls to a path (a regular expression); `after` carries the call out first."""
        self.api.faults.order(Fault(path, method, kind, status, times, after, remembered, hang_s))

    def clear_faults(self) -> None:
        """Take back the bad days that have not come."""
        self.api.faults.clear()

    # Looking

    def objects(self, kind: str) -> list[Object]:
        """Return all objects of a kind, newest first."""
        with self._world() as storage:
            return storage.all(kind)

    def violations(self) -> list[str]:
        """Return what was asked or answered that no real Stripe would."""
        return self.api.violations

    def deliveries(self) -> list[Delivery]:
        """Return every event sent or lost, with the status of each attempt."""
        return self.sender.deliveries

    @contextmanager
    def _world(self) -> Iterator[Storage]:
        """Hold the world still and change it, as nobody's request."""
        storage = self.api.storage
        with storage.lock:
            storage.request_id = storage.idempotency_key = None
            yield storage
