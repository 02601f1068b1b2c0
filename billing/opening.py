"""A new customer in one step: an organization, its credits and its first key."""

from dataclasses import dataclass

from django.db import transaction

from accounts import api_keys
from accounts.api_keys import IssuedKey
from accounts.models import Organization
from billing import ledger, reasons
from billing.models import CreditAccount, Plan

FIRST_KEY_NAME = "First key"


@dataclass(frozen=True, slots=True)
class OpenedOrganization:
    """What exists now; `issued.secret` can be read here and never again."""

    organization: Organization
    account: CreditAccount
    issued: IssuedKey


def open_organization(name: str, *, credits: int, plan: Plan | None = None) -> OpenedOrganization:
    """Create an organization with an account of `credits` >= 0 and a key, all of it or nothing."""
    with transaction.atomic():
        organization = Organization.objects.create(name=name)
        account = ledger.open_account(organization, plan=plan)
        if credits:
            ledger.grant(
                account,
                amount=credits,
                reference=f"opening:{organization.public_id}",
                reason=reasons.in_english(reasons.OPENING),
            )
        issued = api_keys.issue(organization, name=FIRST_KEY_NAME)
    return OpenedOrganization(organization, account, issued)
