"""What a customer and an operator see of a live server: how calls at a steady pace ended, and how long each took."""

import itertools
import json
import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import requests

from tests.billing.stripe_fakes import event_about, sign
from tests.live.server import LiveServer
from tests.photos import photo_bytes

PHOTO_EVERY_S = 2.0
HEALTH_EVERY_S = 0.25
FORMS_EVERY_S = 2.0
PATIENCE_S = 60
HEALTH_PATIENCE_S = 5
"""What checks the health of servers takes one for dead after some seconds."""


@dataclass
class Seen:
    """Calls of one kind: how they ended, and the seconds of each."""

    statuses: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    def add(self, call: Callable[[], int]) -> None:
        """Make one call."""
        began = time.monotonic()
        try:
            status = str(call())
        except requests.RequestException as error:
            status = type(error).__name__
        self.seconds.append(time.monotonic() - began)
        self.statuses[status] += 1

    @property
    def p95_s(self) -> float:
        """The 95th percentile by nearest rank: of fewer than 20 calls it is the slowest."""
        return sorted(self.seconds)[math.ceil(0.95 * len(self.seconds)) - 1]

    @property
    def slowest_s(self) -> float:
        return max(self.seconds)

    def is_all(self, status: str) -> bool:
        """Whether there were calls, and all ended so."""
        return set(self.statuses) == {status}


@dataclass
class Report:
    """What was seen during some time."""

    photos: Seen = field(default_factory=Seen)
    health: Seen = field(default_factory=Seen)
    log_in: Seen = field(default_factory=Seen)
    webhook: Seen = field(default_factory=Seen)


class Customer:
    """A customer with credits, somebody at the log-in form, Stripe, and what checks the server's health."""

    def __init__(self, server: LiveServer, key: str) -> None:
        self._server = server
        self._key = key
        self._numbers = itertools.count()

    def send_photo(self) -> int:
        """Have a small photo cut out."""
        files = {"image_file": ("photo.jpg", photo_bytes("grace_hopper"))}
        return self._post("/v1/remove", headers={"x-api-key": self._key}, files=files)

    def ask_health(self) -> int:
        return requests.get(f"{self._server.url}/livez", timeout=HEALTH_PATIENCE_S).status_code

    def send_log_in_form(self) -> int:
        """Send the form without its token: 403 says that it reached the site."""
        return self._post("/account/login/", data={"login": "a@example.com"})

    def send_event(self) -> int:
        event = json.dumps(event_about("customer.created", {"id": f"cus_{next(self._numbers)}", "object": "customer"}))
        return self._post("/webhooks/stripe/", data=event, headers={"Stripe-Signature": sign(event)})

    def send_photos(self, count: int) -> Seen:
        """Send so many photos, one after the other."""
        seen = Seen()
        for _ in range(count):
            seen.add(self.send_photo)
        return seen

    @contextmanager
    def at_work(self) -> Iterator[Report]:
        """Make all calls at their pace during the block; it ends when the last is answered."""
        report, is_over = Report(), threading.Event()
        calls: list[tuple[Seen, Callable[[], int], float]] = [
            (report.photos, self.send_photo, PHOTO_EVERY_S),
            (report.health, self.ask_health, HEALTH_EVERY_S),
            (report.log_in, self.send_log_in_form, FORMS_EVERY_S),
            (report.webhook, self.send_event, FORMS_EVERY_S),
        ]
        threads = [threading.Thread(target=_repeat, args=(*call, is_over)) for call in calls]
        for thread in threads:
            thread.start()
        try:
            yield report
        finally:
            is_over.set()
            for thread in threads:
                thread.join()

    def _post(self, path: str, **sent: object) -> int:
        return requests.post(self._server.url + path, timeout=PATIENCE_S, **sent).status_code  # type: ignore[arg-type]


def _repeat(seen: Seen, call: Callable[[], int], every_s: float, is_over: threading.Event) -> None:
    while not is_over.is_set():
        began = time.monotonic()
        seen.add(call)
        is_over.wait(max(0.0, began + every_s - time.monotonic()))
