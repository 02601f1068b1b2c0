"""Products and prices."""

import copy
from typing import Any

from tests.stripe_stand_in.errors import Refusal
from tests.stripe_stand_in.events import emit
from tests.stripe_stand_in.listing import list_where
from tests.stripe_stand_in.metadata import merged
from tests.stripe_stand_in.shapes import Object, complete
from tests.stripe_stand_in.storage import Storage


def create_product(storage: Storage, params: dict[str, Any]) -> Object:
    product = storage.add(
        "product", "prod", **{"type": "service", "active": True, "updated": storage.clock.now(), **params}
    )
    emit(storage, "product.created", product)
    return product


def update_product(storage: Storage, params: dict[str, Any], product: str) -> Object:
    return _update(storage, storage.get("product", product), params)


def retrieve_product(storage: Storage, params: dict[str, Any], product: str) -> Object:
    return storage.get("product", product)


def list_products(storage: Storage, params: dict[str, Any]) -> Object:
    return list_where(storage, "product", params, url="/v1/products", by="active")


def create_price(storage: Storage, params: dict[str, Any]) -> Object:
    if "product_data" in params:
        params["product"] = create_product(storage, params.pop("product_data"))["id"]
    storage.get("product", params["product"])
    _free_lookup_key(storage, params.get("lookup_key"), transfer=params.pop("transfer_lookup_key", False))
    price = _add_price(storage, params)
    emit(storage, "price.created", price)
    return price


def inline_price(storage: Storage, price_data: dict[str, Any]) -> Object:
    """Return the price a Checkout Session made up for itself; it cannot be used again."""
    if "product_data" in price_data:
        price_data["product"] = storage.add(
            "product",
            "prod",
            type="service",
            active=False,
            updated=storage.clock.now(),
            **price_data.pop("product_data"),
        )["id"]
    storage.get("product", price_data["product"])
    return _add_price(storage, {**price_data, "active": False})


def _add_price(storage: Storage, params: dict[str, Any]) -> Object:
    if params.get("unit_amount", -1) < 0:
        raise Refusal("A price needs a unit_amount of zero or more.", param="unit_amount")
    recurring = params.pop("recurring", None)
    if recurring is not None:
        recurring = {"interval_count": 1, "usage_type": "licensed", **recurring}
    return storage.add(
        "price",
        "price",
        **{
            "active": True,
            "billing_scheme": "per_unit",
            "type": "recurring" if recurring else "one_time",
            "recurring": recurring,
            "unit_amount_decimal": str(params["unit_amount"]),
            "tax_behavior": "unspecified",
            **params,
            "currency": params["currency"].lower(),
        },
    )


def _free_lookup_key(storage: Storage, lookup_key: str | None, *, transfer: bool) -> None:
    for holder in storage.all("price", lookup_key=lookup_key) if lookup_key else []:
        if not transfer:
            raise Refusal(f"A price (`{holder['id']}`) already uses that lookup key.", param="lookup_key")
        holder["lookup_key"] = None


def update_price(storage: Storage, params: dict[str, Any], price: str) -> Object:
    transfer = params.pop("transfer_lookup_key", False)
    _free_lookup_key(storage, params.get("lookup_key"), transfer=transfer)
    return _update(storage, storage.get("price", price), params)


def retrieve_price(storage: Storage, params: dict[str, Any], price: str) -> Object:
    return storage.get("price", price)


def list_prices(storage: Storage, params: dict[str, Any]) -> Object:
    wanted = params.pop("lookup_keys", None)
    page = list_where(storage, "price", params, url="/v1/prices", by="active product currency type")
    page["data"] = [price for price in page["data"] if wanted is None or price["lookup_key"] in wanted]
    return page


def _update(storage: Storage, stored: Object, params: dict[str, Any]) -> Object:
    before = copy.deepcopy(stored)
    stored["metadata"] = merged(stored["metadata"], params.pop("metadata", {}))
    stored |= params
    emit(storage, f"{stored['object']}.updated", stored, before=before)
    return stored


def plan_of(price: Object) -> Object:
    """Return the older word for a recurring price, which subscription items still carry."""
    return complete(
        "plan",
        **{name: price[name] for name in ("id", "active", "billing_scheme", "created", "currency", "livemode")},
        **{name: price["recurring"][name] for name in ("interval", "interval_count", "usage_type")},
        amount=price["unit_amount"],
        amount_decimal=price["unit_amount_decimal"],
        product=price["product"],
        metadata=price["metadata"],
    )
