"""Auto-recharge, clicked through: agree, save a card at Stripe, use credits, be charged once, answer the bank, end it."""

import re
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from billing import webhooks
from tests.billing.stripe_fakes import SECRET_KEY, SIGNING_SECRET
from tests.browser.accessibility import check_page
from tests.browser.conftest import DESKTOP, PHONE, Troubles, last_mail_to, open_context
from tests.browser.people import enter
from tests.live.server import LiveServer
from tests.stripe_stand_in import StripeStandIn
