"""Rows from before the bounds are kept by the migration that adds them, and the tables stay guarded."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from billing import append_only

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE = [("billing", "0017_erase_personal_data")]
AFTER = [("billing", "0018_bound_amounts_and_budget_free_credits")]


def migrate(to):
    executor = MigrationExecutor(connection)
    executor.migrate(to)
    return MigrationExecutor(connection).loader.project_state(to).apps


@pytest.fixture
def tables_before():
    """The tables as they were, and as they are when the test is over."""
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    yield migrate(BEFORE)
    migrate(latest)


def test_values_beyond_the_bounds_become_the_bound(tables_before):
    apps = tables_before
    packs = apps.get_model("billing", "Pack").objects
    old = packs.create(name="For ever", credits=2_000_000_000, expires_after_days=5_000_000)
    usual = packs.create(name="Usual", credits=100, expires_after_days=365)
    organization = apps.get_model("accounts", "Organization").objects.create(name="Alice's shop")
    order = apps.get_model("billing", "Order").objects.create(
        **{"organization": organization, "pack": old, "pack_name": "For ever", "currency": "eur", "livemode": False},
        **{"credits": 100, "amount": 8000, "expires_after_days": 5_000_000},
        click_token="00000000-0000-4000-8000-000000000001",
    )

    apps = migrate(AFTER)

    packs = apps.get_model("billing", "Pack").objects.order_by("pk")
    assert list(packs.values_list("pk", "credits", "expires_after_days")) == [
        *((old.pk, 1_000_000_000, 36_500), (usual.pk, 100, 365))
    ]
    kept = apps.get_model("billing", "Order").objects.get(pk=order.pk)
    assert (kept.credits, kept.amount, kept.expires_after_days) == (100, 8000, 36_500)
    assert append_only.find_missing_triggers(connection) == []
