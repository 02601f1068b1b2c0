"""A shop that buys by itself, and Stripe's stand-in, which sends its events to our server."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Organization, User
from billing import audit, ledger, recharge_switch, recharging, reconciliation, saved_cards, stripe_gateway, webhooks
from billing.models import CreditAccount
from billing.order_models import Order, Pack
from billing.recharge_models import AutoRecharge, RechargeConsent, RechargeNews
from billing.recharge_switch import Terms
from tests.billing.stripe_fakes import SECRET_KEY, SIGNING_SECRET
from tests.factories import make_account, make_member, make_pack
from tests.stripe_stand_in import StripeStandIn
from tests.stripe_stand_in.control import Control

GOOD, DECLINED, WANTS_PERSON = "4242424242424242", "4000000000000341", "4000002760003184"


@pytest.fixture
def stripe(settings: Any, live_server: Any) -> Iterator[Control]:
    with StripeStandIn() as running:
        settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRETS = SECRET_KEY, [SIGNING_SECRET]
        settings.STRIPE_API_BASE, settings.STRIPE_IS_LIVE = running.url, False
        settings.STRIPE_RETRIES = 0
        running.control.add_endpoint(
            f"{live_server.url}/webhooks/stripe/", SIGNING_SECRET, types=list(webhooks.HANDLERS)
        )
        stripe_gateway._client_with.cache_clear()
        yield running.control
        stripe_gateway._client_with.cache_clear()
        running.check_honest()


@dataclass
class Shop:
    """Alice's shop: 10 credits, one pack of 100 for 10 euros, and what its owner and its customers do.

    Events are held back while our side works, because the server of the tests shares its connection.
    """

    stripe: Control
    account: CreditAccount
    owner: User
    pack: Pack

    @property
    def organization(self) -> Organization:
        return self.account.organization

    @property
    def recharge(self) -> AutoRecharge:
        return AutoRecharge.objects.get(organization=self.organization)

    @property
    def orders(self) -> list[Order]:
        return list(Order.objects.order_by("pk"))

    def consent(self, *, threshold: int = 5, most: int = 3, currency: str = "eur") -> RechargeConsent:
        terms = Terms(self.pack.prices.get(currency=currency), threshold, most)
        return recharge_switch.record_consent(self.organization, terms, actor=self.owner, click_token=uuid.uuid4())

    def agree(self, *, threshold: int = 5, most: int = 3, card: str = GOOD) -> None:
        """Let the owner agree, and save a card on Stripe's page."""
        self.save_card(self.consent(threshold=threshold, most=most), card=card)

    def save_card(self, consent: RechargeConsent, *, card: str = GOOD) -> None:
        url = saved_cards.open_page(consent, self.owner)
        self.stripe.pay_session(url.rsplit("/", 1)[1], card=card)
        self.stripe.wait_until_sent()
        self.finish_cards()

    def finish_cards(self) -> int:
        self.stripe.hold_webhooks()
        finished = saved_cards.finish(timezone.now())
        self.hear()
        return finished

    def use(self, amount: int) -> None:
        ledger.capture(ledger.hold(self.account, amount=amount))

    def fill(self, amount: int, *, name: str) -> None:
        ledger.grant(self.account, amount=amount, reference=name, reason="For a test.")

    def look(self, now: datetime | None = None, *, tell: bool = True) -> int:
        """Buy what is due, and hear of it afterwards."""
        self.stripe.hold_webhooks()
        bought = recharging.start_due(now or timezone.now())
        if tell:
            self.hear()
        return bought

    def hear(self) -> None:
        self.stripe.release_webhooks()
        self.stripe.wait_until_sent()

    def reconcile(self, *, after: timedelta = timedelta(minutes=15)) -> int:
        self.stripe.hold_webhooks()
        finished = reconciliation.finish_open_orders(timezone.now() + after)
        self.hear()
        return finished

    def change_bank_mind(self, card: str) -> None:
        saved = recharge_switch.card_of(self.organization)
        assert saved is not None
        self.stripe.change_bank_mind(saved.payment_method_id, card=card)

    def has(self) -> tuple[int, list[str]]:
        """Return the balance and where the orders are, after an audit."""
        self.account.refresh_from_db()
        assert audit.find_disagreements() == []
        return self.account.balance, [order.state for order in self.orders]

    def charges(self) -> list[str]:
        """Return what became of each attempt on a card, as Stripe has it."""
        return [charge["status"] for charge in self.stripe.objects("charge")]

    def news(self) -> list[str]:
        return list(RechargeNews.objects.order_by("pk").values_list("kind", flat=True))


@pytest.fixture
def shop(db: None, stripe: Control) -> Shop:
    account = make_account(credits=10)
    return Shop(stripe, account, make_member(account.organization), make_pack())
