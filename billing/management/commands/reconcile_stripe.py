"""`manage.py reconcile_stripe`: ask Stripe about every order and plan, finish what is open, say what does not agree."""

import sys
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.errors import ServiceError
from billing import reconciliation, stripe_gateway


class Command(BaseCommand):
    """Compare orders, plans, pages, invoices, refunds, disputes and entries; exit 1 where anything differed."""

    help = "Ask Stripe about orders and plans, finish those that are open, and name every disagreement."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, default=30, help="how old orders may be that are asked for (30)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not stripe_gateway.is_configured():
            raise CommandError("There is no STRIPE_SECRET_KEY, so that nothing is sold and nothing to compare.")
        found = 0
        try:
            since = timezone.now() - timedelta(days=options["days"])
            for disagreement in reconciliation.find_disagreements(since=since):
                found += 1
                self.stderr.write(str(disagreement))
        except ServiceError as error:
            raise CommandError(f"Stripe could not be asked to the end: {error}") from error
        self.stdout.write(
            f"Compared the orders and plans of {options['days']} days with Stripe: {found} disagreements."
        )
        if found:
            sys.exit(1)
