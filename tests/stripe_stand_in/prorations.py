"""What a change in the middle of a period costs: the unused rest of the old price back, the rest of the new one due."""

from dataclasses import dataclass
from datetime import UTC, datetime

from tests.stripe_stand_in.shapes import Object


@dataclass(frozen=True)
class Line:
    """One line of an invoice to be."""

    amount: int
    description: str
    price: Object
    quantity: int
    start: int
    end: int
    item: str
    is_proration: bool = False


def full_period(item: Object, product_name: str) -> Line:
    """Return the line for one whole period of a subscription's item."""
    price, quantity = item["price"], item["quantity"]
    return Line(
        amount=price["unit_amount"] * quantity,
        description=f"{quantity} × {product_name}",
        price=price,
        quantity=quantity,
        start=item["current_period_start"],
        end=item["current_period_end"],
        item=item["id"],
    )


def for_change(before: Object, after: Object, names: tuple[str, str], *, now: int) -> list[Line]:
    """Return what turning one item into the other costs now; a new interval begins a whole new period."""
    lines = [_rest_of(before, "Unused time on", names[0], now=now, sign=-1)]
    if after["current_period_start"] == before["current_period_start"]:
        return [*lines, _rest_of(after, "Remaining time on", names[1], now=now, sign=1)]
    return [*lines, full_period(after, names[1])]


def _rest_of(item: Object, words: str, name: str, *, now: int, sign: int) -> Line:
    start, end = item["current_period_start"], item["current_period_end"]
    whole = item["price"]["unit_amount"] * item["quantity"]
    day = datetime.fromtimestamp(now, tz=UTC)
    return Line(
        amount=sign * round(whole * (end - now) / (end - start)),
        description=f"{words} {name} after {day.day} {day:%b %Y}",
        price=item["price"],
        quantity=item["quantity"],
        start=now,
        end=end,
        item=item["id"],
        is_proration=True,
    )
