"""`manage.py create_organization NAME --credits N [--plan P]`: a new customer, printed as JSON."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Organization
from billing.bounds import LARGEST_MOVEMENT
from billing.models import Plan
from billing.opening import open_organization


class Command(BaseCommand):
    """Open an organization and print its id and its first key, which is shown this once."""

    help = "Create an organization with credits and a first API key; prints both as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="what people call it")
        parser.add_argument("--credits", type=int, required=True, help="whole credits to start with, 0 or more")
        parser.add_argument("--plan", help="slug of its plan; the default plan if left out")

    def handle(self, *args: Any, **options: Any) -> None:
        opened = open_organization(
            _require_name(options["name"]),
            credits=_require_credits(options["credits"]),
            plan=_find_plan(options["plan"]) if options["plan"] is not None else None,
        )
        facts = {"organization_id": opened.organization.public_id, "api_key": opened.issued.secret}
        self.stdout.write(json.dumps(facts))


def _require_name(text: str) -> str:
    name = text.strip()
    longest = Organization._meta.get_field("name").max_length or 0
    if not name or len(name) > longest or not name.isprintable():
        raise CommandError(f"NAME must have 1 to {longest} printable characters.")
    return name


def _require_credits(credits: int) -> int:
    if not 0 <= credits <= LARGEST_MOVEMENT:
        raise CommandError(f"--credits must be a whole number from 0 to {LARGEST_MOVEMENT}.")
    return credits


def _find_plan(slug: str) -> Plan:
    plans = {plan.slug: plan for plan in Plan.objects.order_by("slug")}
    if slug not in plans:
        raise CommandError(f"There is no plan {slug!r}. Plans: {', '.join(plans)}.")
    return plans[slug]
