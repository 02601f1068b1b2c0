"""An organization is closed while others buy for it: `python -m tests.billing.closing_race_child --rounds N`.

In each round threads with connections of their own place orders, begin a plan, agree to auto-recharge, receive events
about earlier payments, and close the organization (or delete its only person), all at the same moment. Statements that
lock rows are followed by a short random pause, so that the others come in between. Prints what was seen as JSON:
errors other than refusals, deadlocks that PostgreSQL counted, and rows that were begun after closing.
"""

import argparse
import json
import random
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import django
from django.apps import apps

if not apps.ready:
    django.setup()

from django.conf import settings
from django.db import connection, connections
from django.db.models import F
from django.utils import timezone

from accounts import closing
from accounts.models import Organization, User
from billing import audit, checkout, recharge_switch, recharging, subscribing, webhooks
from billing.errors import PurchaseRefused
from billing.fulfilment import fulfil
from billing.models import CreditAccount
from billing.order_models import Order, Pack
from billing.recharge_models import RechargeConsent, SavedCard
from billing.recharge_switch import Terms
from billing.stripe_objects import read_event, read_session
from billing.subscription_models import Subscription
from tests.billing.plan_fakes import make_plan, terms_of
from tests.billing.stripe_fakes import dispute_of, event_about, session_of
from tests.factories import make_account, make_member, make_order, make_pack

MEETING_TIMEOUT_S = 60
LONGEST_PAUSE_S = 0.005
NOTHING_WRONG = {"errors": {}, "deadlocks": 0, "begun_after_closing": 0, "disagreements": []}
Act = Callable[[], object]


class Shop:
    """An organization that is about to buy in every way, with one order paid and one about to be."""

    def __init__(self, pack: Pack, plan_terms: Any) -> None:
        self.pack, self.plan_terms = pack, plan_terms
        self.account: CreditAccount = make_account(credits=4)
        self.organization: Organization = self.account.organization
        self.owner: User = make_member(self.organization, f"{uuid.uuid4()}@example.com")
        consent = self.consent()
        SavedCard.objects.create(
            organization=self.organization,
            livemode=False,
            consent=consent,
            setup_intent_id=f"seti_{consent.pk}",
            payment_method_id=f"pm_{consent.pk}",
            last4="4242",
        )
        recharge_switch.turn_on(consent)
        self.paid, self.pending = (self.order() for _ in range(2))
        self.pay(self.paid)
        CreditAccount.objects.filter(pk=self.account.pk).update(auto_recharge_threshold=F("balance") + 5)

    def order(self) -> Order:
        """Return an order that was placed a while ago; its page is open."""
        order = make_order(self.organization, self.pack)
        Order.objects.filter(pk=order.pk).update(created=timezone.now() - timedelta(minutes=5))
        return order

    def buy(self) -> object:
        return checkout._place_order(
            self.organization, self.pack, currency="eur", click_token=uuid.uuid4(), actor=self.owner
        )

    def subscribe(self) -> object:
        return subscribing._store(self.organization, self.plan_terms, click_token=uuid.uuid4(), actor=self.owner)

    def consent(self) -> RechargeConsent:
        terms = Terms(self.pack.prices.get(currency="eur"), 1000, 9)
        return recharge_switch.record_consent(self.organization, terms, actor=self.owner, click_token=uuid.uuid4())

    def pay(self, order: Order) -> object:
        return fulfil(order.checkout_session_id or "", told=read_session(session_of(order)))

    def dispute(self) -> object:
        told = event_about("charge.dispute.created", dispute_of(self.paid, "needs_response"))
        return webhooks.receive(read_event(told))

    def acts(self, *, deletes_person: bool) -> list[Act]:
        """Return what is done at the same moment."""
        end: Act = lambda: closing.close_organization(self.organization)  # noqa: E731
        if deletes_person:
            end = lambda: closing.delete_person(self.owner)  # noqa: E731
        recharge: Act = lambda: recharging.place_order(self.account.pk, timezone.now())  # noqa: E731
        pay: Act = lambda: self.pay(self.pending)  # noqa: E731
        return [end, self.buy, self.buy, recharge, recharge, pay, self.dispute, self.subscribe, self.consent]

    def begun_after_closing(self) -> int:
        """Return how many rows were stored for an organization that was closed already."""
        closed_at = Organization.objects.get(pk=self.organization.pk).closed_at
        if closed_at is None:  # an error that is reported
            return 0
        begun = (Order, Subscription, RechargeConsent)
        return sum(
            model.objects.filter(organization=self.organization, created__gt=closed_at).count() for model in begun
        )


def at_once(acts: list[Act]) -> Counter[str]:
    """Run all of these at the same moment; return the errors by name, refusals apart."""
    start = Barrier(len(acts))

    def run(act: Act) -> str:
        try:
            connection.ensure_connection()
            start.wait(MEETING_TIMEOUT_S)
            with connection.execute_wrapper(_pause_after_locks):
                act()
        except PurchaseRefused:
            return ""
        except Exception as error:
            return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        finally:
            connections.close_all()
        return ""

    with ThreadPoolExecutor(len(acts)) as pool:
        return Counter(name for name in pool.map(run, acts) if name)


def race(rounds: int) -> dict[str, Any]:
    """Close an organization beside its buyers, so many times; return what was wrong."""
    settings.STRIPE_IS_LIVE = False
    pack, plan = make_pack(), make_plan(f"plan-{uuid.uuid4().hex[:8]}")
    terms, before = terms_of(plan), count_deadlocks()
    errors: Counter[str] = Counter()
    begun = 0
    for number in range(rounds):
        shop = Shop(pack, terms)
        errors += at_once(shop.acts(deletes_person=number % 2 == 1))
        begun += shop.begun_after_closing()
        CreditAccount.objects.filter(pk=shop.account.pk).update(auto_recharge_threshold=None)
    return {
        "errors": dict(errors),
        "deadlocks": count_deadlocks() - before,
        "begun_after_closing": begun,
        "disagreements": [str(found) for found in audit.find_disagreements()],
    }


def _pause_after_locks(execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
    result = execute(sql, *arguments)
    if "FOR UPDATE" in sql or "FOR NO KEY UPDATE" in sql or sql.startswith("UPDATE"):
        time.sleep(random.uniform(0, LONGEST_PAUSE_S))
    return result


def count_deadlocks() -> int:
    """Return how many deadlocks PostgreSQL has resolved in this database; the retries of callers hide them."""
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def main() -> None:
    """Race and print the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    print(json.dumps(race(parser.parse_args().rounds)))


if __name__ == "__main__":
    main()
