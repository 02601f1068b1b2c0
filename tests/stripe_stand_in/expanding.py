"""`expand`: ids replaced by the objects they name, and the few keys that Stripe sends only when asked."""

import copy
from collections.abc import Sequence
from typing import Any

from tests.stripe_stand_in.errors import Refusal
from tests.stripe_stand_in.shapes import Object, list_of
from tests.stripe_stand_in.storage import Storage


def expanded(storage: Storage, answer: Object, paths: Sequence[str]) -> Object:
    """Return a copy of the answer in which each path is an object."""
    answer = copy.deepcopy(answer)
    for path in paths:
        if path.count(".") > 4:
            raise Refusal("You cannot expand more than 4 levels of a property", param="expand")
        _expand(storage, answer, path.split("."))
    return answer


def _expand(storage: Storage, value: Any, path: Sequence[str]) -> None:
    if not path or value is None:
        return
    if isinstance(value, list):
        for item in value:
            _expand(storage, item, path)
        return
    name, *rest = path
    if name not in value:
        value[name] = _on_request(storage, value, name)
    elif isinstance(value[name], str):
        found = storage.find(value[name])
        if found is None:
            raise _not_expandable(name)
        value[name] = copy.deepcopy(found)
    _expand(storage, value[name], rest)


def _on_request(storage: Storage, owner: Object, name: str) -> Object:
    match owner.get("object"), name:
        case "checkout.session", "line_items":
            found = storage.hidden[owner["id"]]["items"]
        case "charge", "refunds":
            found = storage.all("refund", charge=owner["id"])
        case "customer", "subscriptions":
            found = storage.all("subscription", customer=owner["id"])
        case "customer", "tax_ids":
            found = storage.all("tax_id", customer=owner["id"])
        case "invoice", "payments":
            found = storage.all("invoice_payment", invoice=owner["id"])
        case _:
            raise _not_expandable(name)
    return list_of(copy.deepcopy(found), url=f"/v1/{owner['object'].replace('.', '/')}s/{owner['id']}/{name}")


def _not_expandable(name: str) -> Refusal:
    return Refusal(f"This property cannot be expanded ({name}).", param="expand")
