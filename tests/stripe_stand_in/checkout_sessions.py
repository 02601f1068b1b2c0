"""Checkout Sessions: made by the seller, finished (or not) by a person on the hosted page."""

import time
from collections.abc import Sequence
from typing import Any

from tests.stripe_stand_in import (
    catalog,
    setup_intents,
)
from tests.stripe_stand_in.clock import DAY_S
from tests.stripe_stand_in.errors import Misuse, Refusal
from tests.stripe_stand_in.listing import page_of
from tests.stripe_stand_in.metadata import merged
from tests.stripe_stand_in.shapes import Object, complete
from tests.stripe_stand_in.storage import Storage

_INTENT_DATA = {"metadata", "description", "receipt_email", "setup_future_usage", "statement_descriptor_suffix"}
_SUBSCRIPTION_DATA = {"metadata", "description"}
_SETUP_DATA = {"metadata", "description"}


def create(storage: Storage, params: dict[str, Any]) -> Object:
    mode = params.get("mode", "payment")
    _check(storage, params, mode)
    session_id = storage.new_id("cs")
    prices = [_price_of(storage, item) for item in params.get("line_items", [])]
    _check_prices(prices, mode)
    items = [_line_item(storage, price, quantity) for price, quantity in prices]
    total = sum(item["amount_total"] for item in items) if items else None
    customer = params.get("customer")
    session = storage.add(
        "checkout.session",
        "cs",
        id=session_id,
        amount_subtotal=total,
        amount_total=total,
        automatic_tax={"enabled": False},
        cancel_url=params.get("cancel_url"),
        client_reference_id=params.get("client_reference_id"),
        currency=items[0]["currency"] if items else params.get("currency"),
        custom_text=params.get("custom_text", {}),
        customer=customer,
        customer_creation=_customer_creation(params, mode),
        customer_email=params.get("customer_email"),
        customer_details=_known_details(storage, params),
        expires_at=_expires_at(storage, params),
        invoice_creation=_invoice_creation(params, mode),
        locale=params.get("locale"),
        metadata=params.get("metadata", {}),
        mode=mode,
        payment_method_collection="if_required" if mode == "payment" else "always",
        payment_method_options={},
        phone_number_collection={"enabled": False},
        adaptive_pricing={"enabled": False},
        allowed_payment_method_types=params.get("allowed_payment_method_types"),
        payment_method_types=params.get("allowed_payment_method_types", ["card"]),
        payment_status="no_payment_required" if mode == "setup" else "unpaid",
        status="open",
        submit_type=params.get("submit_type"),
        success_url=params["success_url"],
        tax_id_collection={"enabled": True, "required": "never"} if _wants_tax_id(params) else None,
        total_details={"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0} if items else None,
        ui_mode="hosted_page",
        url=f"{storage.base_url}/pay/{session_id}",
    )
    storage.hidden[session_id] |= {"items": items, "prices": prices, "params": params}
    if mode == "setup":
        _add_setup_intent(storage, session, params)
    return session


def _check(storage: Storage, params: dict[str, Any], mode: str) -> None:
    if "success_url" not in params:
        raise Refusal("You must set `success_url` for a hosted page.", param="success_url")
    if "customer" in params:
        storage.get("customer", params["customer"], param="customer")
        if "customer_email" in params:
            raise Refusal("You may only specify one of these parameters: customer, customer_email.")
    if mode != "setup" and not params.get("line_items"):
        raise Refusal(f"`line_items` are required in `{mode}` mode.", param="line_items")
    if params.get("adaptive_pricing", {}).get("enabled"):
        raise Misuse("The stand-in knows no exchange rates.", param="adaptive_pricing")
    if "customer" in params and _wants_tax_id(params) and params.get("customer_update", {}).get("name") != "auto":
        raise Refusal("To collect tax ids of an existing customer, set `customer_update[name]` to `auto`.")
    if mode == "setup" and not (params.get("currency") or params.get("allowed_payment_method_types")):
        raise Refusal(
            "You must provide `currency` or `allowed_payment_method_types` in `setup` mode.", param="currency"
        )
    for name, learned, own_mode in (
        ("payment_intent_data", _INTENT_DATA, "payment"),
        ("subscription_data", _SUBSCRIPTION_DATA, "subscription"),
        ("setup_intent_data", _SETUP_DATA, "setup"),
    ):
        if name in params and mode != own_mode:
            raise Refusal(f"You can not pass `{name}` in `{mode}` mode.", param=name)
        for unknown in set(params.get(name, {})) - learned:
            raise Misuse(f"The stand-in would ignore {name}[{unknown}]; teach it first.", param=name)


def _price_of(storage: Storage, item: dict[str, Any]) -> tuple[Object, int]:
    quantity = item.get("quantity", 1)
    if quantity < 1:
        raise Refusal("The quantity must be at least 1.", param="line_items[0][quantity]")
    if "price_data" in item:
        price = catalog.inline_price(storage, dict(item["price_data"]))
        storage.hidden[price["id"]]["inline"] = True
        return price, quantity
    price = storage.get("price", item["price"])
    if not price["active"]:
        raise Refusal(f"The price specified is inactive: {price['id']}.", param="line_items[0][price]")
    return price, quantity


def _check_prices(prices: Sequence[tuple[Object, int]], mode: str) -> None:
    kinds = {price["type"] for price, _ in prices}
    if mode == "payment" and "recurring" in kinds:
        raise Refusal("You specified `payment` mode but passed a recurring price.", param="line_items")
    if mode == "subscription" and kinds != {"recurring"}:
        raise Refusal("You must provide at least one recurring price in `subscription` mode.", param="line_items")
    if len({price["currency"] for price, _ in prices}) > 1:
        raise Refusal("All prices must have the same currency.", param="line_items")


def _line_item(storage: Storage, price: Object, quantity: int) -> Object:
    amount = price["unit_amount"] * quantity
    return complete(
        "item",
        id=storage.new_id("li"),
        amount_subtotal=amount,
        amount_total=amount,
        currency=price["currency"],
        description=storage.get("product", price["product"])["name"],
        price=price,
        quantity=quantity,
    )


def _customer_creation(params: dict[str, Any], mode: str) -> str | None:
    if "customer" in params:
        return None
    return str(params.get("customer_creation", "always" if mode == "subscription" else "if_required"))


def _known_details(storage: Storage, params: dict[str, Any]) -> dict[str, Any] | None:
    email = (
        storage.get("customer", params["customer"], param="customer")["email"]
        if "customer" in params
        else params.get("customer_email")
    )
    return {"email": email, "tax_exempt": "none"} if email else None


def _expires_at(storage: Storage, params: dict[str, Any]) -> int:
    # Test clocks are for billing alone: a page closes by the real time, as events are stamped.
    now = int(time.time())
    if "expires_at" not in params:
        return storage.clock.now() + DAY_S
    moment = int(params["expires_at"])
    if not now + 1790 <= moment <= now + DAY_S + 10:
        raise Refusal("`expires_at` must be between 30 minutes and 24 hours from now.", param="expires_at")
    return moment


def _invoice_creation(params: dict[str, Any], mode: str) -> dict[str, Any] | None:
    if mode != "payment":
        return None
    return {"enabled": bool(params.get("invoice_creation", {}).get("enabled")), "invoice_data": {"metadata": {}}}


def _wants_tax_id(params: dict[str, Any]) -> bool:
    return bool(params.get("tax_id_collection", {}).get("enabled"))


def _add_setup_intent(storage: Storage, session: Object, params: dict[str, Any]) -> None:
    intent = setup_intents.add(storage, customer=session["customer"], **params.get("setup_intent_data", {}))
    session["setup_intent"] = intent["id"]


def update(storage: Storage, params: dict[str, Any], session: str) -> Object:
    stored = storage.get("checkout.session", session)
    stored["metadata"] = merged(stored["metadata"], params.get("metadata", {}))
    return stored


def retrieve(storage: Storage, params: dict[str, Any], session: str) -> Object:
    return storage.get("checkout.session", session)


def list_line_items(storage: Storage, params: dict[str, Any], session: str) -> Object:
    storage.get("checkout.session", session)
    url = f"/v1/checkout/sessions/{session}/line_items"
    return page_of(storage.hidden[session]["items"], params, url=url)


def list_all(storage: Storage, params: dict[str, Any]) -> Object:
    names = ("customer", "payment_intent", "subscription", "status")
    equal = {name: params[name] for name in names if name in params}
    email = params.get("customer_details", {}).get("email")
    found = [
        session
        for session in storage.all("checkout.session", **equal)
        if email is None or (session["customer_details"] or {}).get("email") == email
    ]
    return page_of(found, params, url="/v1/checkout/sessions")
