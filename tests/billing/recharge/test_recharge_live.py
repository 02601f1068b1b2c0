"""Fifty real requests at once through real server processes, on a database that they share: one recharge."""

import io
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
import requests
from PIL import Image

from billing import webhooks
from tests.billing.shared_database import shared_database
from tests.billing.stripe_fakes import SECRET_KEY, SIGNING_SECRET
from tests.live.server import LiveServer
from tests.stripe_stand_in import StripeStandIn

CALLERS, CREDITS, THRESHOLD, PACK = 50, 80, 60, 100
PATIENCE_S = 300

OPEN = f"""
import json, uuid
from accounts.models import Membership, Role, User
from billing import recharge_switch, saved_cards
from billing.models import Plan
from billing.opening import open_organization
from billing.order_models import Pack

wide = dict(requests_per_minute=6000, requests_per_second=600, megapixels_per_minute=6000, max_concurrency=100)
plan, _ = Plan.objects.get_or_create(slug="wide", defaults=dict(wide, name="Wide"))
opened = open_organization("Alice's shop", credits={CREDITS}, plan=plan)
owner = User.objects.create_user("alice@example.com", None)
Membership.objects.create(user=owner, organization=opened.organization, role=Role.OWNER)
price = Pack.objects.create(name="100 credits", credits={PACK}).prices.create(currency="eur", amount=1000)
terms = recharge_switch.Terms(price, {THRESHOLD}, 9)
consent = recharge_switch.record_consent(opened.organization, terms, actor=owner, click_token=uuid.uuid4())
page = saved_cards.open_page(consent, owner)
print(json.dumps(dict(key=opened.issued.secret, session=page.rsplit("/", 1)[1])))
"""
COUNT = """
import json
from billing.models import CreditAccount
from billing.order_models import Order
account = CreditAccount.objects.get()
orders = list(Order.objects.values_list("kind", "state"))
print(json.dumps(dict(balance=account.balance, held=account.held, orders=orders)))
"""


@pytest.fixture
def stripe_side() -> Iterator[StripeStandIn]:
    with StripeStandIn() as running:
        yield running
        running.check_honest()


@pytest.fixture
def site(tmp_path: Path, stripe_side: StripeStandIn) -> Iterator[LiveServer]:
    """Two processes, which look often and rest shortly, so that nothing but the guards keeps them to one purchase."""
    with shared_database(tmp_path) as database_url:
        server = LiveServer(
            tmp_path / "site",
            environ={
                "DATABASE_URL": database_url,
                "MODEL_NAME": "u2netp",
                "WEB_PROCESSES": "2",
                "SLOT_WAITING_PLACES": "60",
                "SLOT_WAIT_S": "110",
                "UPLOADS_AT_ONCE": "60",
                "SWEEP_EVERY_S": "1",
                "RECHARGE_COOL_DOWN_S": "1",
                "STRIPE_API_BASE": stripe_side.url,
                "STRIPE_SECRET_KEY": SECRET_KEY,
                "STRIPE_WEBHOOK_SECRETS": SIGNING_SECRET,
            },
        )
        server.start()
        yield server
        server.stop()


def wait_for(wanted, what):
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if what() == wanted:
            return
        time.sleep(0.2)
    assert what() == wanted


def account_of(site, key):
    return requests.get(f"{site.url}/v1/me", headers={"x-api-key": key}, timeout=60).json()


def call_until_served(site, key, picture, start):
    """Send one picture when all others are ready, too, and again where the server is busy; return the status."""
    start.wait(60)
    deadline = time.monotonic() + PATIENCE_S
    while True:
        answer = requests.post(
            f"{site.url}/v1/remove", files={"image_file": picture}, headers={"x-api-key": key}, timeout=PATIENCE_S
        )
        if answer.status_code not in (429, 503) or time.monotonic() > deadline:
            return answer.status_code
        time.sleep(float(answer.headers.get("Retry-After", 1)))


def test_fifty_requests_at_once_recharge_once(site, stripe_side):
    control = stripe_side.control
    control.add_endpoint(f"{site.url}/webhooks/stripe/", SIGNING_SECRET, types=list(webhooks.HANDLERS))
    shop = json.loads(site.manage("shell", "-v", "0", "-c", OPEN))
    control.pay_session(shop["session"])
    wait_for(THRESHOLD, lambda: account_of(site, shop["key"])["autoRechargeThreshold"])
    out = io.BytesIO()
    Image.new("RGB", (160, 120), "white").save(out, "PNG")
    start = Barrier(CALLERS)
    control.duplicate_next("payment_intent.succeeded", copies=3)
    with ThreadPoolExecutor(CALLERS) as pool:
        calls = [pool.submit(call_until_served, site, shop["key"], out.getvalue(), start) for _ in range(CALLERS)]
        assert [call.result() for call in calls] == [200] * CALLERS

    wait_for(CREDITS + PACK, lambda: account_of(site, shop["key"])["maxCredits"])
    time.sleep(3)  # three more looks of each process
    control.wait_until_sent()
    after = json.loads(site.manage("shell", "-v", "0", "-c", COUNT))
    assert after == {"balance": CREDITS - CALLERS + PACK, "held": 0, "orders": [["recharge", "paid"]]}
    assert [charge["status"] for charge in control.objects("charge")] == ["succeeded"]
    assert len(control.objects("payment_intent")) == 1
    site.manage("audit_ledger")
    site.manage("reconcile_stripe")
