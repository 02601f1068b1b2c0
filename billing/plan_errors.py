"""Why a plan is not begun or changed, in words for the person, and what does not agree, in words for us."""

from django.utils.translation import gettext_noop as _

from accounts.errors import ServiceError
from billing.errors import LedgerBroken, PurchaseRefused


class AlreadySubscribed(PurchaseRefused):
    """An organization has one plan at a time."""

    public_text = _("There is a plan already. Change it instead of choosing another one.")


class ChangeRefused(PurchaseRefused):
    """A subscription cannot be changed like this, or not now."""

    public_text = _("The plan has changed meanwhile. Reload the page and choose again.")


class PlanNotFulfilled(LedgerBroken):
    """Following Stripe's news of a plan failed, and nothing was given. `is_paid`: its invoice had been paid."""

    def __init__(
        self,
        *,
        subscription_id: int | None,
        facts: str,
        invoice_id: str | None = None,
        livemode: bool = False,
        is_paid: bool = False,
    ) -> None:
        ServiceError.__init__(self)
        self.is_paid = is_paid
        self.subscription_id = subscription_id
        self.invoice_id = invoice_id
        self.livemode = livemode
        self.facts = facts

    def __str__(self) -> str:
        return self.facts


class PlanDisagrees(PlanNotFulfilled):
    """What Stripe says about a subscription is not what was agreed: nothing is given, and somebody has to look."""
