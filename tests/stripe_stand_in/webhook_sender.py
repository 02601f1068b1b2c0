"""Events on their way to the seller: signed, and, where a test wants, doubled, shuffled, late or lost."""

import json
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import requests
from stripe import WebhookSignature

from tests.stripe_stand_in.shapes import Object

TIMEOUT_S = 20.0


@dataclass
class Endpoint:
    """Where events go. Several secrets sign at once while one replaces another."""

    url: str
    secrets: Sequence[str]
    types: Sequence[str] | None = None

    def wants(self, event_type: str) -> bool:
        return self.types is None or event_type in self.types


@dataclass
class Delivery:
    """One event for one endpoint, with the status of each attempt; 0 where nobody answered."""

    event_id: str
    event_type: str
    endpoint: Endpoint
    payload: str
    statuses: list[int] = field(default_factory=list)

    @property
    def is_accepted(self) -> bool:
        return any(200 <= status < 300 for status in self.statuses)


@dataclass
class Rule:
    """What becomes of the next `times` events of a type: lost, kept back, or sent `copies` times."""

    event_type: str
    fate: str
    copies: int = 2
    times: int = 1


class WebhookSender:
    """Sends as events come, or, while held, when a test says so and in the order it wants."""

    def __init__(self) -> None:
        self.endpoints: list[Endpoint] = []
        self.deliveries: list[Delivery] = []
        self.waiting: list[Delivery] = []
        self.dropped: list[Delivery] = []
        self._rules: list[Rule] = []
        self._held = False
        self._lock = threading.Lock()
        self._outbox: queue.Queue[Delivery | None] = queue.Queue()
        self._postman = threading.Thread(target=self._deliver_as_they_come, name="stripe-webhooks", daemon=True)
        self._postman.start()

    def add_rule(self, rule: Rule) -> None:
        with self._lock:
            self._rules.append(rule)

    def hold(self) -> None:
        """Keep events back from now on."""
        self._held = True

    def release(self, order: Callable[[list[Delivery]], list[Delivery]] = list) -> list[Delivery]:
        """Send what was kept back, in the order given, one after another; later events go out by themselves again."""
        self._held = False
        return self.send_waiting(order)

    def send_waiting(self, order: Callable[[list[Delivery]], list[Delivery]] = list) -> list[Delivery]:
        """Send what was kept back and go on holding. The order may leave some out or name some twice."""
        with self._lock:
            waiting, self.waiting = self.waiting, []
        chosen = order(waiting)
        for delivery in chosen:
            self.send(delivery)
        return chosen

    def take(self, event: Object) -> None:
        """Receive a new event; it is already as it will be sent."""
        payload = json.dumps(event, indent=2)
        for endpoint in self.endpoints:
            if endpoint.wants(event["type"]):
                self._dispatch(Delivery(event["id"], event["type"], endpoint, payload))

    def _dispatch(self, delivery: Delivery) -> None:
        with self._lock:
            self.deliveries.append(delivery)
            rule = next((rule for rule in self._rules if rule.times and rule.event_type == delivery.event_type), None)
            if rule is not None:
                rule.times -= 1
            if rule is not None and rule.fate == "drop":
                self.dropped.append(delivery)
                return
            copies = rule.copies if rule is not None and rule.fate == "duplicate" else 1
            if self._held or (rule is not None and rule.fate == "delay"):
                self.waiting += [delivery] * copies
                return
        for _ in range(copies):
            self._outbox.put(delivery)

    def send(self, delivery: Delivery) -> int:
        """Send once, now, and return the status."""
        stamp = int(time.time())
        try:
            answer = requests.post(
                delivery.endpoint.url,
                data=delivery.payload.encode(),
                headers={
                    "Content-Type": "application/json; charset=utf-8",
                    "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
                    "Stripe-Signature": signature(delivery.payload, delivery.endpoint.secrets, stamp=stamp),
                },
                timeout=TIMEOUT_S,
                allow_redirects=False,
            )
            status = answer.status_code
        except requests.RequestException:
            status = 0
        delivery.statuses.append(status)
        return status

    def retry_failed(self) -> list[Delivery]:
        """Send again what was tried and never accepted, as Stripe does over three days."""
        failed = [delivery for delivery in self.deliveries if delivery.statuses and not delivery.is_accepted]
        for delivery in failed:
            self.send(delivery)
        return failed

    def resend(self, event_id: str) -> list[Delivery]:
        """Send an event again, whatever became of it, as a person can from Stripe's dashboard."""
        chosen = [delivery for delivery in self.deliveries if delivery.event_id == event_id]
        for delivery in chosen:
            self.send(delivery)
        return chosen

    def wait_until_sent(self) -> None:
        """Return when nothing is on its way any more."""
        self._outbox.join()

    def _deliver_as_they_come(self) -> None:
        while (delivery := self._outbox.get()) is not None:
            self.send(delivery)
            self._outbox.task_done()
        self._outbox.task_done()

    def stop(self) -> None:
        self._outbox.put(None)
        self._postman.join(timeout=TIMEOUT_S)


def signature(payload: str, secrets: Sequence[str], *, stamp: int) -> str:
    """Return the header: one time, and one signature for each secret in force."""
    first, *others = (
        WebhookSignature.generate_signature_header(payload=payload, secret=secret, timestamp=stamp)
        for secret in secrets
    )
    return ",".join([first, *(header.split(",", 1)[1] for header in others)])
