"""Who may be sold to."""

from django.utils.translation import gettext_noop as _

from accounts.models import Organization
from accounts.organization_lock import lock_organization
from billing.errors import PurchaseRefused


class SuspendedBuyer(PurchaseRefused):
    """What would be bought could not be used."""

    public_text = _("This organization is suspended. Nothing can be bought for it until that is over.")


def require_buyer(organization: Organization) -> None:
    """Raise PurchaseRefused for who cannot use what is bought: a closed organization, or a suspended one.

    One whose keys rest may buy: that is how it pays what a lost dispute left owed, which wakes them.
    """
    if organization.closed_at is not None:
        raise PurchaseRefused
    if organization.is_suspended:
        raise SuspendedBuyer


def lock_buyer(organization_id: int) -> Organization:
    """Lock an organization until the transaction ends and return it; raise PurchaseRefused if it may not buy."""
    organization = lock_organization(organization_id)
    require_buyer(organization)
    return organization
