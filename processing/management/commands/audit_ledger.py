"""`manage.py audit_ledger`: prove that the books agree with themselves, or say where they do not."""

import sys
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand

from billing import audit
from billing.free_usage import today_utc
from processing.work_audit import SHOWN_ORGANIZATIONS, replays_now, work_since

WORK_DAYS = 7


class Command(BaseCommand):
    """Check every account, entry, hold and key; exit 1 when a rule is broken."""

    help = (
        "Check that balances, holds, entries and idempotency keys agree with each other, and report the work that was "
        "delivered without a charge."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        disagreements = audit.find_disagreements()
        for disagreement in disagreements:
            self.stderr.write(str(disagreement))
        counts = ", ".join(f"{count} {name}" for name, count in audit.count_rows().items())
        self.stdout.write(f"Checked {counts}: {len(disagreements)} disagreements.")
        self._report_replays()
        self._report_work()
        if disagreements:
            sys.exit(1)

    def _report_replays(self) -> None:
        found = replays_now()
        self.stdout.write(
            f"Replays: {found.total} of {found.replayed_keys} of {found.keys} keys, at most {found.most} of one key."
        )

    def _report_work(self) -> None:
        work = work_since(today_utc() - timedelta(days=WORK_DAYS - 1))
        delivered, credits = sum(one.delivered for one in work), sum(one.credits for one in work)
        self.stdout.write(
            f"Work in {WORK_DAYS} days: {delivered} images delivered for {credits} credits, "
            f"{delivered - credits} of them free."
        )
        for one in work[:SHOWN_ORGANIZATIONS]:
            if one.free > 0:
                self.stdout.write(
                    f"  {one.organization}: {one.delivered} images for {one.credits} credits "
                    f"({one.per_credit:.2f} a credit), {one.free} free."
                )
