"""Accounts to charge, and an audit after each test that used the database."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from billing import audit, stripe_gateway
from billing.models import CreditAccount
from billing.order_models import Order, Pack
from billing.selectors import credits_of
from tests.billing.stripe_fakes import SECRET_KEY, SIGNING_SECRET
from tests.factories import make_account, make_order, make_pack


@pytest.fixture
def alice(db: None) -> CreditAccount:
    """The account of Alice's shop, with 10 credits."""
    return make_account("Alice's shop", credits=10)


@pytest.fixture
def available() -> Callable[[CreditAccount], int]:
    """Read what an account has available now."""
    return lambda account: credits_of(account.pk).available


@pytest.fixture
def sound_books(db: None) -> object:
    """Audit the ledger when the test is over."""
    yield
    assert audit.find_disagreements() == []


@pytest.fixture
def selling(settings: Any) -> Iterator[None]:
    """Keys of Stripe's, in test mode."""
    settings.STRIPE_SECRET_KEY = SECRET_KEY
    settings.STRIPE_WEBHOOK_SECRETS = [SIGNING_SECRET]
    settings.STRIPE_IS_LIVE = False
    stripe_gateway._client_with.cache_clear()
    yield
    stripe_gateway._client_with.cache_clear()


@pytest.fixture
def pack(db: None) -> Pack:
    """100 credits for 10 euros or 1,500 yen."""
    return make_pack()


@pytest.fixture
def order(alice: CreditAccount, pack: Pack) -> Order:
    """Alice's order of the pack, with its page open."""
    return make_order(alice.organization, pack)
