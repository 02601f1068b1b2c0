"""Take a promise out of the schema for a while: for negative controls alone. What they spoil is emptied afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from billing import append_only
from billing.models import LedgerEntry
from billing.order_models import StripeEvent


@contextmanager
def entries_without_unique_events() -> Iterator[None]:
    """LedgerEntry without UNIQUE(kind, reference)."""
    constraints = LedgerEntry._meta.constraints
    unique = next(rule for rule in constraints if rule.name == "billing_entry_event_once")
    with pytest.MonkeyPatch.context() as patch, connection.schema_editor() as editor:
        patch.setattr(LedgerEntry._meta, "constraints", [rule for rule in constraints if rule is not unique])
        editor.remove_constraint(LedgerEntry, unique)
    try:
        yield
    finally:
        _empty("billing_creditlot", "billing_ledgerentry")
        with connection.schema_editor() as editor:
            editor.add_constraint(LedgerEntry, unique)
        append_only.install(connection)


@contextmanager
def events_without_unique_ids() -> Iterator[None]:
    """StripeEvent without UNIQUE(event_id)."""
    field = StripeEvent._meta.get_field("event_id")
    _, _, positional, options = field.deconstruct()
    repeated = type(field)(*positional, **{**options, "unique": False})
    repeated.set_attributes_from_name("event_id")
    repeated.model = StripeEvent
    with connection.schema_editor() as editor:
        editor.alter_field(StripeEvent, field, repeated)
    try:
        yield
    finally:
        _empty("billing_stripeevent")
        with connection.schema_editor() as editor:
            editor.alter_field(StripeEvent, repeated, field)
        append_only.install(connection)


def _empty(*tables: str) -> None:
    append_only.lift(connection)
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"DELETE FROM {table}")
