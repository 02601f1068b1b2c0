"""Accounts to charge, and an audit after each test that used the database."""

from collections.abc import Callable

import pytest

from billing import audit
from billing.models import CreditAccount
from billing.selectors import credits_of
from tests.factories import make_account


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
