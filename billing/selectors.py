"""What pages and API read about credits."""

from dataclasses import dataclass

from django.db.models import BigIntegerField, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce

from accounts.models import Organization
from billing.ledger import open_account
from billing.models import CreditAccount, EntryKind, LedgerEntry, Plan


@dataclass(frozen=True, slots=True)
class Credits:
    """Whole credits of one account at one moment: granted - used == available. Open holds count as used."""

    available: int
    granted: int
    used: int


def credits_of(account_id: int) -> Credits:
    """Return the account's credits, read in one statement; raise CreditAccount.DoesNotExist."""
    coming = LedgerEntry.objects.filter(account=OuterRef("pk")).exclude(kind=EntryKind.USE)
    granted = Subquery(coming.order_by().values("account").annotate(total=Sum("amount")).values("total"))
    row = (
        CreditAccount.objects.filter(pk=account_id)
        .annotate(granted=Coalesce(granted, 0, output_field=BigIntegerField()))
        .values("balance", "held", "granted")
        .get()
    )
    available = row["balance"] - row["held"]
    return Credits(available=available, granted=row["granted"], used=row["granted"] - available)


def topped_up_to(account_id: int) -> int:
    """Return the balance that the last grant or purchase left: what is left now is a share of it."""
    coming = LedgerEntry.objects.filter(account=account_id, amount__gt=0).exclude(kind=EntryKind.USE)
    return coming.order_by("-pk").values_list("balance_after", flat=True).first() or 0


def account_of(organization: Organization) -> CreditAccount:
    """Return the organization's account with its plan; opened empty on the default plan if there is none yet."""
    account = CreditAccount.objects.select_related("plan").filter(organization=organization).first()
    return account or open_account(organization)


def plans_on_offer() -> list[Plan]:
    """Return every plan, the one that new organizations get first, then from slow to fast."""
    return list(Plan.objects.order_by("-is_default", "requests_per_minute", "pk"))
