"""The lock under which an organization's people, purchases and closing change.

Lock rows in this order everywhere: person, plan invoice, payment, order or subscription, organization, credit account,
then all others. `no_key` does not conflict with the foreign-key checks of rows that are inserted meanwhile.
"""

from accounts.models import Organization


def lock_organization(organization_id: int) -> Organization:
    """Return the organization as it is now, locked until the transaction ends."""
    return Organization.objects.select_for_update(no_key=True).get(pk=organization_id)
