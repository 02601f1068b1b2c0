"""Another process keeps the SQLite file locked: `python -m tests.billing.locked_child` says what the ledger answers."""

import json
import os

import django

django.setup()

from django.db import connection  # noqa: E402

from accounts.errors import ServiceError  # noqa: E402
from billing import audit, ledger  # noqa: E402
from tests.billing.forks import drop_connections, fork, wait  # noqa: E402
from tests.factories import make_account  # noqa: E402

SHORT_TIMEOUT_S = 0.05


def lock_until(is_locked: int, may_unlock: int) -> None:
    """Take the write lock, say so, and keep it until told."""
    with connection.cursor() as cursor:
        cursor.execute("BEGIN IMMEDIATE")
        os.write(is_locked, b"!")
        os.read(may_unlock, 1)
        cursor.execute("ROLLBACK")


def main() -> None:
    """Try to hold a credit while the file is locked and again when it is not; print both answers."""
    account = make_account(credits=1)
    locked, is_locked = os.pipe()
    may_unlock, unlock = os.pipe()
    other = fork(lambda: lock_until(is_locked, may_unlock))
    os.read(locked, 1)
    connection.settings_dict["OPTIONS"]["timeout"] = SHORT_TIMEOUT_S
    report: dict[str, object] = {}
    try:
        ledger.hold(account, amount=1)
    except ServiceError as error:
        report = {"code": error.code, "status": error.status, "retry_after_s": error.retry_after_s}
    os.write(unlock, b"!")
    wait(other)
    ledger.capture(ledger.hold(account, amount=1))
    drop_connections()
    print(json.dumps({**report, "disagreements": [str(found) for found in audit.find_disagreements()]}))


if __name__ == "__main__":
    main()
