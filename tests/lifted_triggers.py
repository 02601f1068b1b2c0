"""Tests that commit are cleaned up by emptying every table, which the ledger's triggers refuse: lifted for that moment.

Emptying also takes the plans that a migration filled in; they are put back.
"""

from importlib import import_module
from typing import Any

from django.apps import apps
from django.db import connection
from django.test import TransactionTestCase

from billing import append_only

_empty_tables = TransactionTestCase._fixture_teardown


def lift_while_tables_are_emptied() -> None:
    """From now on, cleaning up after a transactional test lifts the triggers and puts them back."""
    TransactionTestCase._fixture_teardown = _empty_tables_of_ledger  # type: ignore[method-assign]


def _empty_tables_of_ledger(case: TransactionTestCase) -> None:
    append_only.lift(connection)
    try:
        _empty_tables(case)
    finally:
        append_only.install(connection)
    migration: Any = import_module("billing.migrations.0002_fill_plans")
    migration.fill_plans(apps, None)
