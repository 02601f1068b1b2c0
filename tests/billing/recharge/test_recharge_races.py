"""Many who see at the same moment that credits run low, on the database where that is possible."""

import uuid

import pytest
from django.utils import timezone

from billing import audit, ledger, recharge_switch, recharging
from billing.models import CreditAccount
from billing.order_models import Order
from billing.recharge_models import SavedCard
from billing.recharge_switch import Terms
from tests.billing.test_stripe_races import at_once
from tests.factories import make_account, make_member, make_pack

pytestmark = [
    pytest.mark.postgres_only,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("selling"),
]
BUYERS, ROUNDS = 16, 4


def low_account():
    """Return the account of a shop that may be charged, and is due."""
    account = make_account(credits=4)
    price = make_pack().prices.get(currency="eur")
    consent = recharge_switch.record_consent(
        account.organization,
        Terms(price, 5, 9),
        actor=make_member(account.organization, f"{uuid.uuid4()}@example.com"),
        click_token=uuid.uuid4(),
    )
    SavedCard.objects.create(
        organization=account.organization,
        livemode=False,
        consent=consent,
        setup_intent_id=f"seti_{consent.pk}",
        payment_method_id=f"pm_{consent.pk}",
        last4="4242",
    )
    recharge_switch.turn_on(consent)
    return account


def buyers_of(account):
    return [lambda: recharging.place_order(account.pk, timezone.now())] * BUYERS


def test_sixteen_who_look_at_once_place_one_order(settings):
    settings.RECHARGE_COOL_DOWN_S = 0
    for _ in range(ROUNDS):
        account = low_account()
        placed = at_once(*buyers_of(account))
        assert sum(order is not None for order in placed) == 1
        assert Order.objects.filter(organization=account.organization_id).count() == 1
    assert audit.find_disagreements() == []


def test_without_the_lock_the_database_still_lets_one_order_in(settings, monkeypatch):
    """The control: with the account not locked the partial unique index is what refuses the others."""
    settings.RECHARGE_COOL_DOWN_S = 0
    monkeypatch.setattr(ledger, "lock", lambda account_id: CreditAccount.objects.get(pk=account_id))
    account = low_account()
    placed = at_once(*buyers_of(account))

    assert sum(order is not None for order in placed) == 1


def test_recharging_is_turned_off_while_others_buy():
    for _ in range(ROUNDS):
        account = low_account()
        at_once(*buyers_of(account)[:4], lambda account=account: recharge_switch.turn_off(account.organization))
        account.refresh_from_db()
        assert account.auto_recharge_threshold is None
    assert audit.find_disagreements() == []
