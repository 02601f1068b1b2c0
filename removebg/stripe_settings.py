"""Settings of selling credits through Stripe, read by settings.py. Without a key nothing is sold."""

import re

from django.core.exceptions import ImproperlyConfigured

from removebg import env

STRIPE_SECRET_KEY = env.read_text("STRIPE_SECRET_KEY")
# What Stripe signs its events with. While one is being replaced both are good.
STRIPE_WEBHOOK_SECRETS = env.read_list("STRIPE_WEBHOOK_SECRETS")
# Another server that speaks Stripe's API, for tests and rehearsals; never with a live key.
STRIPE_API_BASE = env.read_text("STRIPE_API_BASE").rstrip("/")
# Where our forms may lead: Stripe's own pages, or the domain that it hosts them on for you.
STRIPE_PAGES = env.read_list(
    "STRIPE_PAGES",
    [STRIPE_API_BASE]
    if STRIPE_API_BASE
    # The last two are where a card's holder confirms a payment that the bank asks about.
    else [f"https://{page}.stripe.com" for page in ("checkout", "billing", "invoice", "hooks")],
)
STRIPE_CONNECT_TIMEOUT_S = env.read_float("STRIPE_CONNECT_TIMEOUT_S", 5.0, minimum=0.1)
STRIPE_READ_TIMEOUT_S = env.read_float("STRIPE_READ_TIMEOUT_S", 20.0, minimum=0.1)
STRIPE_RETRIES = env.read_int("STRIPE_RETRIES", 2)
STRIPE_WEBHOOK_MAX_BYTES = env.read_int("STRIPE_WEBHOOK_MAX_BYTES", 512 * 1024, minimum=1024)
STRIPE_WEBHOOK_TOLERANCE_S = env.read_int("STRIPE_WEBHOOK_TOLERANCE_S", 300, minimum=1)
# The currency in which packs are shown first; empty: the one in which most are sold.
CURRENCY = env.read_text("CURRENCY").lower()
# Stripe writes an invoice, for which it takes a fee, beside the receipt that each payment has anyway.
PACK_INVOICES = env.read_bool("PACK_INVOICES", False)
# How long a Checkout page may be paid on (Stripe takes half an hour to a day), and after how long we ask about it.
CHECKOUT_OPEN_MINUTES = env.read_int("CHECKOUT_OPEN_MINUTES", 60, minimum=31)
RECONCILE_AFTER_S = env.read_int("RECONCILE_AFTER_S", 600, minimum=1)
# How long a plan goes on when its renewal could not be paid; then the default plan's limits hold until it is.
PLAN_GRACE_DAYS = env.read_int("PLAN_GRACE_DAYS", 7)
EXPIRY_WARNING_DAYS = env.read_int("EXPIRY_WARNING_DAYS", 7, minimum=1)
# Buying packs by itself: the pause after each, the first pause after a decline (doubled with each one in a row), after
# how many in a row it stops, and how long a payment waits for a person whom the bank wants to see.
RECHARGE_COOL_DOWN_S = env.read_int("RECHARGE_COOL_DOWN_S", 600, minimum=1)
RECHARGE_BACK_OFF_S = env.read_int("RECHARGE_BACK_OFF_S", 6 * 3600, minimum=1)
RECHARGE_DECLINES = env.read_int("RECHARGE_DECLINES", 3, minimum=1)
RECHARGE_WAITS_HOURS = env.read_int("RECHARGE_WAITS_HOURS", 72, minimum=1)

_SECRET_KEY = re.compile(r"(?:sk|rk)_(live|test)_[A-Za-z0-9_]{3,}")
_WEBHOOK_SECRET = re.compile(r"whsec_[A-Za-z0-9+/=_-]{16,}")
_CURRENCY = re.compile(r"[a-z]{3}")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\[\]:-]+")
_LOOPBACK_BASE = re.compile(r"http://(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]{1,5})?")


def _mode_of(secret_key: str) -> str:
    """Return `live` or `test`, or nothing where nothing is sold; a key that is none stops the start."""
    if not secret_key:
        return ""
    known = _SECRET_KEY.fullmatch(secret_key)
    if known is None:
        raise ImproperlyConfigured("STRIPE_SECRET_KEY must be a secret or restricted key: sk_live_..., sk_test_...")
    return known[1]


STRIPE_IS_LIVE = _mode_of(STRIPE_SECRET_KEY) == "live"
"""Whether money is real. Events, orders and customers of the other mode are never touched."""


def _refuse_what_cannot_be_meant() -> None:
    if CHECKOUT_OPEN_MINUTES > 24 * 60 - 1:
        raise ImproperlyConfigured("CHECKOUT_OPEN_MINUTES must be less than a day: Stripe keeps no page open longer.")
    if not all(_WEBHOOK_SECRET.fullmatch(secret) for secret in STRIPE_WEBHOOK_SECRETS):
        raise ImproperlyConfigured("STRIPE_WEBHOOK_SECRETS must hold signing secrets: whsec_..., with commas.")
    if CURRENCY and not _CURRENCY.fullmatch(CURRENCY):
        raise ImproperlyConfigured("CURRENCY must be three letters, such as eur.")
    if STRIPE_API_BASE and not _LOOPBACK_BASE.fullmatch(STRIPE_API_BASE):
        raise ImproperlyConfigured("STRIPE_API_BASE may only name this machine, such as http://127.0.0.1:8420.")
    if STRIPE_API_BASE and STRIPE_IS_LIVE:
        raise ImproperlyConfigured("STRIPE_API_BASE is for test keys: a live key is shown to Stripe alone.")
    if not all(_ORIGIN.fullmatch(origin) for origin in STRIPE_PAGES):
        raise ImproperlyConfigured("STRIPE_PAGES must hold origins such as https://pay.example.com, with commas.")
    if env.read_text("DEPLOYMENT") == "production" and bool(STRIPE_SECRET_KEY) != bool(STRIPE_WEBHOOK_SECRETS):
        missing = "STRIPE_WEBHOOK_SECRETS" if STRIPE_SECRET_KEY else "STRIPE_SECRET_KEY"
        raise ImproperlyConfigured(f"Selling through Stripe needs {missing}, too: see docs/operating.md.")


_refuse_what_cannot_be_meant()
