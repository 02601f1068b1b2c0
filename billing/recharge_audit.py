"""Does auto-recharge keep to what was agreed? Rules for `audit_ledger`, which asks nobody but the database."""

from collections.abc import Iterator
from datetime import UTC, datetime

from django.db.models import Count, Exists, OuterRef, Q
from django.db.models.functions import TruncMonth

from billing.disagreements import Disagreement
from billing.models import CreditAccount
from billing.order_models import Order, OrderKind, OrderState
from billing.recharge_models import AutoRecharge, RechargeConsent, RechargeState


def threshold_is_the_agreed_one(now: datetime) -> Iterator[Disagreement]:
    """An account shows the threshold that was agreed to while recharging is on, and none otherwise."""
    agreed = dict(AutoRecharge.objects.filter(state=RechargeState.ON).values_list("organization", "consent__threshold"))
    shown = CreditAccount.objects.filter(Q(auto_recharge_threshold__isnull=False) | Q(organization__in=agreed))
    for account in shown.select_related("organization"):
        expected = agreed.get(account.organization_id)
        if account.auto_recharge_threshold != expected:
            facts = f"shows {account.auto_recharge_threshold}, agreed is {expected}"
            yield Disagreement("threshold_is_the_agreed_one", f"organization {account.organization.public_id}", facts)


def recharge_was_agreed(now: datetime) -> Iterator[Disagreement]:
    """Each recharge is of an amount that somebody had agreed to before, for its organization."""
    consents = RechargeConsent.objects.filter(
        organization=OuterRef("organization"),
        pack=OuterRef("pack"),
        credits=OuterRef("credits"),
        amount=OuterRef("amount"),
        currency=OuterRef("currency"),
        created__lte=OuterRef("created"),
    )
    for order in Order.objects.filter(~Exists(consents), kind=OrderKind.RECHARGE):
        yield Disagreement("recharge_was_agreed", f"order {order.public_id}", "nobody agreed to it")


def month_keeps_to_its_cap(now: datetime) -> Iterator[Disagreement]:
    """No month has more recharges, paid or still to be, than the most generous consent allowed."""
    recharges = Order.objects.filter(kind=OrderKind.RECHARGE)
    recharges = recharges.exclude(state__in=(OrderState.FAILED, OrderState.EXPIRED))
    months = recharges.annotate(month=TruncMonth("created", tzinfo=UTC)).values("organization", "month")
    for row in months.annotate(bought=Count("pk")).order_by("organization", "month"):
        consents = RechargeConsent.objects.filter(organization=row["organization"])
        most = max(consents.values_list("most_per_month", flat=True), default=0)
        if row["bought"] > most:
            facts = f"{row['bought']} recharges in {row['month']:%Y-%m}, at most {most} were agreed"
            yield Disagreement("month_keeps_to_its_cap", f"organization row {row['organization']}", facts)


RULES = (threshold_is_the_agreed_one, recharge_was_agreed, month_keeps_to_its_cap)
