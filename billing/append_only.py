"""What is permanent is so in the database too: triggers refuse what slips past the models."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper


@dataclass(frozen=True, slots=True)
class Guard:
    """One table whose rows are never deleted, and never changed in `columns` (empty: in any).

    `finished` is the state that a row never leaves, where there is one.
    """

    table: str
    what: str
    columns: tuple[str, ...] = ()
    finished: str = ""

    @property
    def message(self) -> str:
        """What the database answers."""
        return f"{self.what} are permanent"


ENTRIES = Guard("billing_ledgerentry", "ledger entries")
EVENTS = Guard(
    "billing_stripeevent",
    "events",
    columns=("id", "event_id", "type", "livemode", "payload", "created"),
    finished="processed",
)
CONSENTS = Guard("billing_rechargeconsent", "consents")
REFUND_REQUESTS = Guard(
    "billing_refundrequest",
    "refund requests",
    columns=("id", "public_id", "order_id", "invoice_id", "actor_id", "amount", "reason", "created"),
)
VISITS = Guard(
    "accounts_supportvisit",
    "visits",
    columns=("id", "operator_id", "person_id", "reason", "expires_at", "created"),
)
SUSPENSIONS = Guard("accounts_suspension", "suspensions")
GUARDS = (ENTRIES, EVENTS, CONSENTS, REFUND_REQUESTS, VISITS, SUSPENSIONS)

_SQLITE_NAMES = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s"
_POSTGRES_NAMES = "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal AND tgenabled <> 'D'"


def install(connection: BaseDatabaseWrapper, guards: Sequence[Guard] = GUARDS) -> None:
    """Refuse changes and deletion (and TRUNCATE on PostgreSQL) from now on; installing twice is harmless."""
    lift(connection, guards)
    for guard in guards:
        _execute(connection, _statements(connection, guard).values())


def lift(connection: BaseDatabaseWrapper, guards: Sequence[Guard] = GUARDS) -> None:
    """Take the refusal away: for undoing a migration, and for a test harness that empties its tables."""
    for guard in guards:
        where = f" ON {guard.table}" if _is_postgres(connection) else ""
        _execute(connection, [f"DROP TRIGGER IF EXISTS {name}{where}" for name in _names(connection, guard)])


def find_missing_triggers(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the names of triggers that should be there and are not."""
    missing: list[str] = []
    for guard in GUARDS:
        with connection.cursor() as cursor:
            cursor.execute(_POSTGRES_NAMES if _is_postgres(connection) else _SQLITE_NAMES, [guard.table])
            present = {row[0] for row in cursor.fetchall()}
        missing += [name for name in _names(connection, guard) if name not in present]
    return missing


def _statements(connection: BaseDatabaseWrapper, guard: Guard) -> dict[str, str]:
    """Return how each trigger of a table is made, by its name."""
    of = f" OF {', '.join(guard.columns)}" if guard.columns else ""
    moments = {"no_update": f"UPDATE{of}", "no_delete": "DELETE"}
    if guard.finished:
        moments["no_return"] = "UPDATE OF state"
    if _is_postgres(connection):
        moments["no_truncate"] = "TRUNCATE"
    make = _postgres_trigger if _is_postgres(connection) else _sqlite_trigger
    return {f"{guard.table}_{name}": make(guard, name, moment) for name, moment in moments.items()}


def _sqlite_trigger(guard: Guard, name: str, moment: str) -> str:
    when = f"WHEN OLD.state = '{guard.finished}' " if name == "no_return" else ""
    return (
        f"CREATE TRIGGER {guard.table}_{name} BEFORE {moment} ON {guard.table} {when}"
        f"BEGIN SELECT RAISE(ABORT, '{guard.message}'); END"
    )


def _postgres_trigger(guard: Guard, name: str, moment: str) -> str:
    each = "" if name == "no_truncate" else "FOR EACH ROW "
    when = f"WHEN (OLD.state = '{guard.finished}') " if name == "no_return" else ""
    return (
        f"CREATE OR REPLACE FUNCTION {guard.table}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"RAISE EXCEPTION '{guard.message}' USING ERRCODE = 'integrity_constraint_violation'; END $$; "
        f"CREATE TRIGGER {guard.table}_{name} BEFORE {moment} ON {guard.table} {each}{when}"
        f"EXECUTE FUNCTION {guard.table}_refuse()"
    )


def _names(connection: BaseDatabaseWrapper, guard: Guard) -> list[str]:
    return list(_statements(connection, guard))


def _is_postgres(connection: BaseDatabaseWrapper) -> bool:
    return connection.vendor == "postgresql"


def _execute(connection: BaseDatabaseWrapper, statements: Iterable[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
