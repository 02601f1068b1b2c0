"""Ledger entries are permanent in the database too: triggers refuse what slips past the model."""

from collections.abc import Sequence

from django.db.backends.base.base import BaseDatabaseWrapper

TABLE = "billing_ledgerentry"

_SQLITE_INSTALL = [
    f"CREATE TRIGGER {TABLE}_no_update BEFORE UPDATE ON {TABLE} "
    "BEGIN SELECT RAISE(ABORT, 'ledger entries are permanent'); END",
    f"CREATE TRIGGER {TABLE}_no_delete BEFORE DELETE ON {TABLE} "
    "BEGIN SELECT RAISE(ABORT, 'ledger entries are permanent'); END",
]
_SQLITE_LIFT = [f"DROP TRIGGER IF EXISTS {TABLE}_no_update", f"DROP TRIGGER IF EXISTS {TABLE}_no_delete"]
_SQLITE_NAMES = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s"

_POSTGRES_INSTALL = [
    f"CREATE OR REPLACE FUNCTION {TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "RAISE EXCEPTION 'ledger entries are permanent' USING ERRCODE = 'integrity_constraint_violation'; END $$",
    f"CREATE TRIGGER {TABLE}_no_update BEFORE UPDATE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION {TABLE}_refuse()",
    f"CREATE TRIGGER {TABLE}_no_delete BEFORE DELETE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION {TABLE}_refuse()",
    f"CREATE TRIGGER {TABLE}_no_truncate BEFORE TRUNCATE ON {TABLE} EXECUTE FUNCTION {TABLE}_refuse()",
]
_POSTGRES_LIFT = [
    f"DROP TRIGGER IF EXISTS {TABLE}_{event} ON {TABLE}" for event in ("no_update", "no_delete", "no_truncate")
]
_POSTGRES_NAMES = "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal AND tgenabled <> 'D'"


def install(connection: BaseDatabaseWrapper) -> None:
    """Refuse UPDATE and DELETE of entries (and TRUNCATE on PostgreSQL) from now on; installing twice is harmless."""
    lift(connection)
    _execute(connection, _POSTGRES_INSTALL if _is_postgres(connection) else _SQLITE_INSTALL)


def lift(connection: BaseDatabaseWrapper) -> None:
    """Take the refusal away: for undoing the migration, and for a test harness that empties its tables."""
    _execute(connection, _POSTGRES_LIFT if _is_postgres(connection) else _SQLITE_LIFT)


def find_missing_triggers(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the names of triggers that should guard the entries and do not."""
    is_postgres = _is_postgres(connection)
    events = ("no_update", "no_delete", "no_truncate") if is_postgres else ("no_update", "no_delete")
    with connection.cursor() as cursor:
        cursor.execute(_POSTGRES_NAMES if is_postgres else _SQLITE_NAMES, [TABLE])
        present = {row[0] for row in cursor.fetchall()}
    return [f"{TABLE}_{event}" for event in events if f"{TABLE}_{event}" not in present]


def _is_postgres(connection: BaseDatabaseWrapper) -> bool:
    return connection.vendor == "postgresql"


def _execute(connection: BaseDatabaseWrapper, statements: Sequence[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
