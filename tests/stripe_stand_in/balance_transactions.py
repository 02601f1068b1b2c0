"""What each charge, refund and dispute does to the seller's own money."""

from typing import Any, Literal

from tests.stripe_stand_in.listing import list_where
from tests.stripe_stand_in.shapes import Object
from tests.stripe_stand_in.storage import Storage

Category = Literal["charge", "refund", "refund_failure", "dispute", "dispute_reversal"]


def add(storage: Storage, source: Object, *, amount: int, category: Category, fee: int = 0) -> Object:
    """Remember a movement of the seller's money."""
    return storage.add(
        "balance_transaction",
        "txn",
        amount=amount,
        fee=fee,
        net=amount - fee,
        available_on=storage.clock.now(),
        balance_type="payments",
        currency=source["currency"],
        fee_details=[{"amount": fee, "currency": source["currency"], "type": "stripe_fee"}] if fee else [],
        reporting_category=category,
        source=source["id"],
        status="available",
        type="adjustment" if category.startswith("dispute") else category,
    )


def retrieve(storage: Storage, params: dict[str, Any], transaction: str) -> Object:
    return storage.get("balance_transaction", transaction)


def list_all(storage: Storage, params: dict[str, Any]) -> Object:
    return list_where(storage, "balance_transaction", params, url="/v1/balance_transactions", by="source type currency")
