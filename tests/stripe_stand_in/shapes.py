"""What the SDK's classes say of an object: which keys it has, and what those are when nobody gave them."""

import importlib
from types import NoneType
from typing import Any, Union, get_args, get_origin

from stripe._list_object import ListObject
from stripe._object_classes import OBJECT_CLASSES
from stripe._stripe_object import UntypedStripeObject

Object = dict[str, Any]

# Keys that Stripe sends only to whoever asks (`expand`), or only of what is deleted.
ON_REQUEST: dict[str, frozenset[str]] = {
    "charge": frozenset({"refunds"}),
    "checkout.session": frozenset({"line_items"}),
    "customer": frozenset({"cash_balance", "invoice_credit_balance", "sources", "subscriptions", "tax", "tax_ids"}),
    "invoice": frozenset({"payments", "confirmation_secret", "threshold_reason"}),
    "price": frozenset({"currency_options", "tiers"}),
}


def class_of(object_name: str) -> type:
    """Return the SDK's class for what `object` names."""
    module, name = OBJECT_CLASSES[object_name]
    found: type = getattr(importlib.import_module(module), name)
    return found


def keys_of(cls: type) -> dict[str, Any]:
    """Return the keys an object of this class has, with what each may be."""
    return {name: hint for name, hint in cls.__annotations__.items() if name != "OBJECT_NAME"}


def part_class(cls: type, name: str) -> type | None:
    """Return the class of a part that has no name of its own, such as a charge's outcome."""
    found: type | None = getattr(cls, "_inner_class_types", {}).get(name)
    return found


def is_optional(hint: Any) -> bool:
    """Tell whether null is a value for this key."""
    return get_origin(hint) is Union and NoneType in get_args(hint)


def complete(object_name: str, **given: Any) -> Object:
    """Return an object with every key that its class promises; what was not given is null, empty or zero."""
    left_out = ON_REQUEST.get(object_name, frozenset()) | {"deleted"}
    return _completed(class_of(object_name), {"object": object_name, **given}, left_out)


def _completed(cls: type, given: Object, left_out: frozenset[str] = frozenset()) -> Object:
    whole = {}
    for name, hint in keys_of(cls).items():
        part = part_class(cls, name)
        if name in given:
            whole[name] = _completed_part(part, given[name])
        elif name not in left_out:
            whole[name] = _nothing(cls, name, hint)
    return {**whole, **{name: value for name, value in given.items() if name not in whole}}


def _completed_part(part: type | None, value: Any) -> Any:
    if isinstance(value, list):
        return [_completed_part(part, item) for item in value]
    if part is None or not isinstance(value, dict) or "object" in value:
        return value
    return _completed(part, value)


def _nothing(cls: type, name: str, hint: Any) -> Any:
    if is_optional(hint):
        return None
    for kind, empty in ((bool, False), (int, 0)):
        if hint is kind:
            return empty
    if get_origin(hint) is list:
        return []
    if get_origin(hint) is UntypedStripeObject:
        return {}
    if (part := part_class(cls, name)) is not None:
        return _completed(part, {})
    raise LookupError(f"The stand-in must say what {cls.__qualname__}.{name} is.")


def list_of(objects: list[Object], *, url: str, has_more: bool = False) -> Object:
    """Return one page of objects as Stripe wraps it."""
    assert keys_of(ListObject)
    return {"object": "list", "data": objects, "has_more": has_more, "url": url}
