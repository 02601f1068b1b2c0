"""A bounded flood of forged webhooks beside a person who pays: `python -m benchmarks.webhook_flood [--rates 0,50,100]`.

Our own server as in production sells to one person, who visits a page again and again while Stripe tells of purchases.
Meanwhile a process of its own sends so many forged events a second, for so long, and ends by itself. Each rate is
measured in each round, none among them, so that the figures of one run can be set in relation.
"""

import argparse
import http.client
import json
import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import requests
import stripe

from benchmarks import flood_report
from benchmarks.pages import database
from benchmarks.places import BENCH
from benchmarks.reports import circumstances, write_json, write_markdown
from tests.live.server import LiveServer

PATH = "/webhooks/stripe/"
SIGNING_SECRET = "whsec_" + "f" * 32
SELLING = {"STRIPE_SECRET_KEY": "sk_test_" + "f" * 24, "STRIPE_WEBHOOK_SECRETS": SIGNING_SECRET, "MODEL_NAME": "u2netp"}
MOST_A_SECOND, MOST_SECONDS = 300, 60
SENDERS = 8
VISIT_EVERY_S, EVENT_EVERY_S = 0.1, 0.25
WARM_UP_S = 3.0

SEED = """
import json, time
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.conf import settings
from accounts.models import Membership, User
from accounts.vouching import vouch_for
from billing.opening import open_organization
from tests.billing.stripe_fakes import event_about, session_of
from tests.factories import make_order, make_pack

user = User.objects.create_user(f"bench{time.time_ns()}@example.com", None)
vouch_for(user)
shop = open_organization("Bench", credits=10).organization
Membership.objects.create(user=user, organization=shop, role="owner")
pack = make_pack()
orders = [make_order(shop, pack) for _ in range(ORDERS)]
session = SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.create()
told = [json.dumps(event_about("checkout.session.completed", session_of(order))) for order in orders]
print(json.dumps({"cookie": session.session_key, "told": told}))
"""
COUNT = """
from billing.models import LedgerEntry
from billing.order_models import StripeEvent
print(StripeEvent.objects.count(), LedgerEntry.objects.filter(kind="purchase").count())
"""


@dataclass
class Stage:
    """What was seen at one rate, over all rounds."""

    rate: int
    visits_s: list[float] = field(default_factory=list)
    events_s: list[float] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    forged: Counter[int] = field(default_factory=Counter)
    forged_s: float = 0.0


class People:
    """The person who visits, and Stripe, each on a line that is kept open."""

    def __init__(self, server: LiveServer, cookie: str, page: str, told: Iterator[str]) -> None:
        self.server = server
        self._page, self._told = page, told
        self._visitor, self._teller = requests.Session(), requests.Session()
        self._visitor.cookies.set("sessionid", cookie)

    def visit(self) -> int:
        """Open the page; return its status."""
        return self._visitor.get(self.server.url + self._page, timeout=60, allow_redirects=False).status_code

    def tell(self) -> int:
        """Tell of the next purchase; return the status."""
        body = next(self._told)
        signature = stripe.WebhookSignature.generate_signature_header(body, SIGNING_SECRET)
        headers = {"Stripe-Signature": signature, "Content-Type": "application/json"}
        return self._teller.post(self.server.url + PATH, data=body, headers=headers, timeout=60).status_code


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure every rate and print the report; SystemExit where what is real failed, or what is forged did not."""
    chosen = _parser().parse_args(arguments)
    rates = [0, *(min(MOST_A_SECOND, int(rate)) for rate in chosen.rates.split(",") if int(rate))]
    seconds = min(MOST_SECONDS, chosen.seconds)
    orders = int((WARM_UP_S + chosen.rounds * len(rates) * seconds) / EVENT_EVERY_S) + 2 * (
        1 + chosen.rounds * len(rates)
    )
    with database(chosen.postgres) as (kind, environ), TemporaryDirectory(dir=_folder()) as folder:
        server = LiveServer(Path(folder), environ={**SELLING, **environ})
        try:
            server.start(wait_until_ready=False)
            seed = json.loads(server.manage("shell", "-v", "0", "-c", SEED.replace("ORDERS", str(orders))))
            stages, warm_up = {rate: Stage(rate) for rate in rates}, Stage(0)
            people = People(server, seed["cookie"], chosen.page, iter(seed["told"]))
            _measure(people, warm_up, WARM_UP_S)
            for _ in range(chosen.rounds):
                for stage in stages.values():
                    _measure(people, stage, seconds)
            events, purchases = map(int, server.manage("shell", "-v", "0", "-c", COUNT).split())
            server.manage("audit_ledger")
        finally:
            server.stop()
    report = {
        **circumstances(),
        "database": kind,
        "page": chosen.page,
        "seconds": seconds,
        "rounds": chosen.rounds,
        "stages": [_figures(stage) for stage in stages.values()],
    }
    write_json(chosen.out / "webhook_flood.json", report)
    write_markdown(chosen.out / "webhook_flood.md", flood_report.parts(report))
    print("\n\n".join(flood_report.parts(report)))
    _check([warm_up, *stages.values()], events, purchases)


def _measure(people: People, stage: Stage, seconds: float) -> None:
    """Let a person visit and Stripe tell of purchases for so long, beside the flood."""
    people.visit()
    with _flooded(people.server.port, stage, seconds), ThreadPoolExecutor(2) as pool:
        ends = time.monotonic() + seconds
        visiting = pool.submit(_again_and_again, people.visit, every_s=VISIT_EVERY_S, ends=ends)
        telling = pool.submit(_again_and_again, people.tell, every_s=EVENT_EVERY_S, ends=ends)
    for what, seen, times in (("visit", visiting, stage.visits_s), ("event", telling, stage.events_s)):
        for status, took_s in seen.result():
            times.append(took_s)
            if status != requests.codes.ok:
                stage.failures[f"{what} {status}"] += 1


def _again_and_again(act: Callable[[], int], *, every_s: float, ends: float) -> list[tuple[int, float]]:
    """Do it when it is due, and at the soonest when it is done; return each status and its seconds."""
    seen = []
    while time.monotonic() < ends:
        began = time.perf_counter()
        status = act()
        seen.append((status, time.perf_counter() - began))
        time.sleep(max(0.0, every_s - seen[-1][1]))
    return seen


@contextmanager
def _flooded(port: int, stage: Stage, seconds: float) -> Iterator[None]:
    """Send forged events from another process while the block runs; wait for its end, which has a date."""
    if not stage.rate:
        yield
        return
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    flood = spawn.Process(target=send_forged, args=(port, stage.rate, seconds, theirs), daemon=True)
    flood.start()
    ours.recv()  # it has been imported and begins now
    try:
        yield
        statuses, took_s = ours.recv() if ours.poll(seconds + 30) else (Counter(), 0.0)
        stage.forged.update(statuses)
        stage.forged_s += took_s
    finally:
        flood.join(10)
        if flood.is_alive():
            flood.kill()


def send_forged(port: int, rate: int, seconds: float, told: Connection) -> None:
    """Send `rate` forged events a second, each when it is due, none after `seconds`; tell the statuses and the time."""
    thing = {"id": "cs_test_forged", "object": "checkout.session", "filling": "x" * 2000}
    event = {"id": "evt_forged", "type": "checkout.session.completed", "livemode": False, "data": {"object": thing}}
    body = json.dumps(event).encode()
    tickets = iter(range(int(rate * seconds)))  # handed out under the GIL, one to a sender
    statuses: Counter[int] = Counter()
    told.send("begins")
    began = time.monotonic()

    def sender() -> None:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        for ticket in tickets:
            time.sleep(max(0.0, began + ticket / rate - time.monotonic()))
            if time.monotonic() > began + seconds:
                return
            statuses[_send_one(line, body)] += 1

    with ThreadPoolExecutor(SENDERS) as senders:
        for done in [senders.submit(sender) for _ in range(SENDERS)]:
            done.result()
    told.send((statuses, time.monotonic() - began))


def _send_one(line: http.client.HTTPConnection, body: bytes) -> int:
    """Return the status, 0 where there was none."""
    signature = f"t={int(time.time())},v1={'0' * 64}"
    try:
        line.request("POST", PATH, body, {"Content-Type": "application/json", "Stripe-Signature": signature})
        answer = line.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        line.close()
        return 0
    return answer.status


def _figures(stage: Stage) -> dict[str, Any]:
    return {
        "rate": stage.rate,
        "forged": dict(stage.forged),
        "forged_a_second": stage.forged.total() / stage.forged_s if stage.forged_s else 0.0,
        "failures": dict(stage.failures),
        "visits": _quantiles(stage.visits_s),
        "events": _quantiles(stage.events_s),
    }


def _quantiles(times_s: list[float]) -> dict[str, float]:
    median, p95 = np.percentile(times_s, [50, 95])
    return {"count": len(times_s), "median_ms": 1000 * float(median), "p95_ms": 1000 * float(p95)}


def _check(stages: Collection[Stage], events: int, purchases: int) -> None:
    told = sum(len(stage.events_s) for stage in stages)
    wrong = [f"{count} x {what}" for stage in stages for what, count in stage.failures.items()]
    wrong += [f"{count} forged answered {code}" for s in stages for code, count in s.forged.items() if code != 400]
    if (events, purchases) != (told, told):
        wrong.append(f"{told} events were told; {events} are stored, {purchases} brought credits")
    if wrong:
        raise SystemExit(f"Wrong: {'; '.join(wrong)}.")


def _folder() -> Path:
    folder = BENCH / "webhook_flood"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.webhook_flood", description=__doc__)
    parser.add_argument("--rates", default="25,50,100,200", help="Forged events a second, with commas between.")
    parser.add_argument("--seconds", type=float, default=20, help=f"How long each time (20, at most {MOST_SECONDS}).")
    parser.add_argument("--rounds", type=int, default=2, help="How often each rate (2).")
    parser.add_argument("--page", default="/billing/", help="What the person visits (/billing/).")
    parser.add_argument("--postgres", action="store_true", help="On a PostgreSQL of its own instead of SQLite.")
    parser.add_argument("--out", type=Path, default=BENCH / "webhook_flood", help="Where to write.")
    return parser


if __name__ == "__main__":
    main()
