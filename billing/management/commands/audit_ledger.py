"""`manage.py audit_ledger`: prove that the books agree with themselves, or say where they do not."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from billing import audit


class Command(BaseCommand):
    """Check every account, entry, hold and key; exit 1 when a rule is broken."""

    help = "Check that balances, holds, entries and idempotency keys agree with each other."

    def handle(self, *args: Any, **options: Any) -> None:
        disagreements = audit.find_disagreements()
        for disagreement in disagreements:
            self.stderr.write(str(disagreement))
        counts = ", ".join(f"{count} {name}" for name, count in audit.count_rows().items())
        self.stdout.write(f"Checked {counts}: {len(disagreements)} disagreements.")
        if disagreements:
            sys.exit(1)
