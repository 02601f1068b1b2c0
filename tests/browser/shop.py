"""A server that sells, with Stripe's stand-in behind it, and people who buy there."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from playwright.sync_api import Page, expect

from billing.webhooks import HANDLERS
from tests.billing.stripe_fakes import SECRET_KEY, SIGNING_SECRET
from tests.browser.people import enter
from tests.live.server import LiveServer
from tests.stripe_stand_in import StripeStandIn
from tests.stripe_stand_in.control import Control
from tests.stripe_stand_in.shapes import Object

GOOD_CARD, POOR_CARD = "4242424242424242", "4000000000009995"

PACKS = """
from billing.order_models import Pack
for credits, amount, days in ((100, 1000, None), (1000, 8000, None), (10000, 50000, 365)):
    pack = Pack.objects.create(name=f"{credits:,} credits", credits=credits, expires_after_days=days)
    pack.prices.create(currency="eur", amount=amount)
    pack.prices.create(currency="jpy", amount=amount * 3 // 2)
"""


@dataclass
class Shop:
    """The server, and the strings behind Stripe's scene."""

    site: LiveServer
    stripe: Control

    def enter(self, page: Page, name: str, *, role: str = "owner", credits: int = 10) -> None:
        """Log somebody in whose organization is their own, at this window's width."""
        name = f"{name}{page.viewport_size['width'] if page.viewport_size else ''}"
        enter(
            page, self.site, email=f"{name.lower()}@example.com", organization=f"{name}'s", role=role, credits=credits
        )

    def pay(self, page: Page, card: str = GOOD_CARD, button: str = "Pay") -> None:
        """Pay on the stand-in's page, which must be open."""
        page.get_by_label("Card").select_option(card)
        page.get_by_role("button", name=button, exact=True).click()

    def charge_of(self, page: Page) -> Object:
        """Return the charge of the order whose page is open."""
        reference = page.url.rstrip("/").rpartition("/")[2]
        return next(one for one in self.stripe.objects("charge") if one["metadata"].get("order") == reference)

    def sessions_of(self, page: Page) -> list[Object]:
        """Return the pages that were opened for whoever is logged in."""
        width = page.viewport_size["width"] if page.viewport_size else 0
        customers = [one for one in self.stripe.objects("customer") if f"{width}@" in one["email"]]
        known = {one["id"] for one in customers}
        return [one for one in self.stripe.objects("checkout.session") if one["customer"] in known]

    def balance(self, organization: str) -> tuple[int, int]:
        """Return an organization's balance and debt as they stand in the books."""
        words = (
            "import json; from billing.models import CreditAccount as A;"
            f"a = A.objects.get(organization__name={organization!r}); print(json.dumps([a.balance, a.debt]))"
        )
        balance, debt = json.loads(self.site.manage("shell", "-v", "0", "-c", words))
        return balance, debt


@contextmanager
def open_shop(folder: Path, environ: Mapping[str, str] = MappingProxyType({})) -> Iterator[Shop]:
    """Run both for the block; `environ` goes on top of what the server is told anyway."""
    with StripeStandIn() as stand_in:
        site = LiveServer(
            folder,
            environ={
                "MODEL_NAME": "u2netp",
                "STRIPE_SECRET_KEY": SECRET_KEY,
                "STRIPE_WEBHOOK_SECRETS": SIGNING_SECRET,
                "STRIPE_API_BASE": stand_in.url,
                "STRIPE_READ_TIMEOUT_S": "2",
                "STRIPE_RETRIES": "0",
                "CURRENCY": "eur",
                "PYTHONUNBUFFERED": "1",
                **environ,
            },
        )
        site.start()
        try:
            site.manage("shell", "-v", "0", "-c", PACKS)
            stand_in.control.add_endpoint(f"{site.url}/webhooks/stripe/", SIGNING_SECRET, types=list(HANDLERS))
            yield Shop(site, stand_in.control)
            stand_in.check_honest()
        finally:
            site.stop()


def expect_credits(page: Page, count: str) -> None:
    """Go to the page of the credits and see so many."""
    page.goto("/billing/")
    expect(page.locator(".balance .figure")).to_have_text(count)
