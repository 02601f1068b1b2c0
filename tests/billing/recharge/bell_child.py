"""A process whose one thread hears the bell: `python -m tests.billing.recharge.bell_child`, with Stripe's address set.

No periodic job runs here. It prints as JSON how long after a capture the credits were there, and what was charged.
"""

import json
import time
import uuid

import django

django.setup()

from django.conf import settings  # noqa: E402

from accounts.closing import close_organization  # noqa: E402
from billing import ledger, recharge_switch, stripe_gateway  # noqa: E402
from billing.recharge_models import RechargeNews, SavedCard  # noqa: E402
from billing.recharge_switch import Terms  # noqa: E402
from billing.stripe_customers import customer_of  # noqa: E402
from processing.recharger import Recharger  # noqa: E402
from tests.factories import make_account, make_member, make_pack  # noqa: E402

PATIENCE_S = 60


def main() -> None:
    account = make_account(credits=10)
    organization = account.organization
    owner = make_member(organization)
    terms = Terms(make_pack().prices.get(currency="eur"), threshold=5, most_per_month=3)
    consent = recharge_switch.record_consent(organization, terms, actor=owner, click_token=uuid.uuid4())
    made = stripe_gateway._client().v1.setup_intents.create(
        {"customer": customer_of(organization, owner), "payment_method": "pm_card_visa", "confirm": True}
    )
    SavedCard.objects.create(
        organization=organization,
        livemode=settings.STRIPE_IS_LIVE,
        consent=consent,
        setup_intent_id=made.id,
        payment_method_id=str(made.payment_method),
        last4="4242",
    )
    recharge_switch.turn_on(consent)
    thread = Recharger()
    thread.start()
    began = time.monotonic()
    ledger.capture(ledger.hold(account, amount=6))
    while account.balance < 100 and time.monotonic() < began + PATIENCE_S:
        time.sleep(0.05)
        account.refresh_from_db()
    took_s = time.monotonic() - began
    while RechargeNews.objects.filter(sent_at=None).exists() and time.monotonic() < began + PATIENCE_S:
        time.sleep(0.05)
    thread.stop()
    thread.join(30)
    told = RechargeNews.objects.exclude(sent_at=None).count()
    close_organization(organization)
    ended = not thread.is_alive()
    print(json.dumps({"balance": account.balance, "took_s": took_s, "told": told, "ended": ended}))


main()
