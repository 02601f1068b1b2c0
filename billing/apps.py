"""What is owed: plans, credits and their ledger."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """Plans, credit accounts and the ledger."""

    name = "billing"
    verbose_name = "Billing"

    def ready(self) -> None:
        """Hear of people whose address was verified, and of what is deleted."""
        from billing import erasure, welcome  # noqa: F401
