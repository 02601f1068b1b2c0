"""`make billing-demo`: the product and a stand-in for Stripe, on this machine alone, to click through a purchase.

No money moves and nothing is kept: each start begins anew, as the stand-in forgets everything when it ends.
"""

import html
import os
import re
import secrets
import shutil
import socket
import sys
from typing import Any
from urllib.parse import urljoin

import django
import requests
from django.core.management import CommandError, call_command
from django.db import connections

from deploy.bootstrap import ROOT, open_port
from deploy.demo.__main__ import INTERRUPTED, Stopped, run_under, serve, stop_on_signals
from deploy.demo.places import Places
from deploy.demo.server import ServerFailed, running, wait_until_ready

PACKS = (("100 credits", 100, 1000, None), ("1,000 credits", 1000, 8000, None), ("10,000 credits", 10_000, 50_000, 365))
PLANS = (("small", "Small", 100, 900, "none", 60), ("large", "Large", 1000, 6000, "one_month", 300))
"""Short name, name, credits and cents a month, what becomes of unused credits, calls a minute."""
PATIENCE_S = 30
GOOD_CARD, POOR_CARD = "4242 4242 4242 4242", "4000 0000 0000 9995"


def main() -> None:
    """Do all of it; with ONCE=1 buy one pack over HTTP and end. Raise ServerFailed, or Stopped."""
    with open_port(os.environ.get("PORT")) as listener:
        _demonstrate(listener)


def _demonstrate(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    places = Places(folder=ROOT / ".demo" / f"billing-{port}", port=port)
    shutil.rmtree(places.folder, ignore_errors=True)
    places.make()
    from tests.stripe_stand_in import StripeStandIn  # only where its requirements are installed

    with StripeStandIn() as stripe_side:
        signing_secret = f"whsec_{secrets.token_hex(16)}"
        run_under(places.environment(os.environ) | _settings_for(stripe_side.url, signing_secret))
        django.setup()
        call_command("migrate", verbosity=0)
        login = _open_shop(places)
        _listen(stripe_side, f"{places.base_url}/webhooks/stripe/", signing_secret)
        connections.close_all()  # from here on the database is the server's
        print("Starting the server ...", flush=True)
        with running(os.environ, places.log, listener=listener) as process:
            wait_until_ready(process, places.base_url, places.log, path="/livez")
            if os.environ.get("ONCE", "0") in ("", "0"):
                print(_told(places, stripe_side.url, *login), flush=True)
                serve(process, places.log)
            else:
                print(buy_once(places.base_url, *login), flush=True)
        stripe_side.check_honest()


def buy_once(base_url: str, email: str, password: str) -> str:
    """Buy the smallest pack as a browser would, and return what the order's page says."""
    browser = requests.Session()
    browser.trust_env = False  # no proxy between us and ourselves
    login = _send_form(
        browser, browser.get(f"{base_url}/account/login/", timeout=PATIENCE_S), "login", login=email, password=password
    )
    _expect(login, "Log out")
    shelf = browser.get(f"{base_url}/billing/", timeout=PATIENCE_S)
    stripes_page = _send_form(browser, shelf, "/billing/buy/")
    _expect(stripes_page, "Checkout")
    order = browser.post(
        stripes_page.url, data={"action": "pay", "card": GOOD_CARD.replace(" ", "")}, timeout=PATIENCE_S
    )
    _expect(order, "Paid: 100 credits are yours")
    return f"Bought 100 credits for 10.00 EUR: {order.url} says that they are paid."


def _settings_for(stripe_url: str, signing_secret: str) -> dict[str, str]:
    return {
        "STRIPE_SECRET_KEY": f"sk_test_{secrets.token_hex(12)}",
        "STRIPE_WEBHOOK_SECRETS": signing_secret,
        "STRIPE_API_BASE": stripe_url,
    }


def _open_shop(places: Places) -> tuple[str, str]:
    """Fill the shelves and make somebody who buys; return their e-mail address and password."""
    # Only now: they import models.
    from billing.models import Plan
    from billing.order_models import Pack
    from deploy.demo.account import prepare_account

    account = prepare_account(places.facts)
    for name, credits, cents, days in PACKS:
        pack = Pack.objects.create(name=name, credits=credits, expires_after_days=days)
        for currency, amount in (("eur", cents), ("jpy", cents * 3 // 2)):
            pack.prices.create(currency=currency, amount=amount)
    for slug, name, credits, cents, rollover, rate in PLANS:
        speed = {"requests_per_minute": rate, "requests_per_second": rate // 3, "max_concurrency": rate // 3}
        plan = Plan.objects.create(slug=slug, name=name, monthly_credits=credits, rollover=rollover, **speed)
        plan.prices.create(currency="eur", amount=cents)
    return account.email, account.password


def _listen(stripe_side: Any, address: str, signing_secret: str) -> None:
    """Let events be sent to the product, of the types that it acts on."""
    from billing.webhooks import HANDLERS

    stripe_side.control.add_endpoint(address, signing_secret, types=list(HANDLERS))


def _send_form(browser: requests.Session, page: requests.Response, action: str, **filled: str) -> requests.Response:
    """Send the page's first form whose address holds `action`, with what stands in its hidden fields."""
    forms = re.findall(r"<form[^>]*?action=\"([^\"]*)\"(.*?)</form>", page.text, re.DOTALL)
    address, inside = next((form for form in forms if action in form[0]), ("", ""))
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', inside))
    values = {name: html.unescape(value) for name, value in hidden.items()}
    headers = {"Referer": page.url}
    return browser.post(urljoin(page.url, address), data=values | filled, headers=headers, timeout=PATIENCE_S)


def _expect(page: requests.Response, words: str) -> None:
    if words not in page.text:
        raise ServerFailed(f"{page.url} answered {page.status_code} without {words!r}.")


def _told(places: Places, stripe_url: str, email: str, password: str) -> str:
    return f"""
  Buy here    {places.base_url}/billing/, or a plan at {places.base_url}/billing/plan/
              log in as {email} with the password {password}
  Pay with    {GOOD_CARD}, or be declined with {POOR_CARD}; the stand-in's page has these and others
  Admin       {places.admin_url} (the same login): packs, plans, orders, subscriptions, events
  Stripe      {stripe_url}: a stand-in on this machine. Banks and time are moved by calls, such as
              curl -d '{{"args": ["cs_test_..."], "paid": true}}' {stripe_url}/_control/settle_session
              curl -d '{{"days": 31}}' {stripe_url}/_control/advance
"""


if __name__ == "__main__":
    stop_on_signals()
    try:
        main()
    except Stopped:
        sys.exit(INTERRUPTED)
    except (ServerFailed, CommandError, requests.RequestException) as error:
        sys.exit(str(error))
