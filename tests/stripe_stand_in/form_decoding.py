"""Stripe's bracket encoding, read back: `line_items[0][price]=price_1` -> {"line_items": [{"price": "price_1"}]}."""

import re
from typing import Any
from urllib.parse import parse_qsl


def decode(encoded: str) -> dict[str, Any]:
    """Return the nested parameters of a body or a query; every value in it is text."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        *above, last = re.findall(r"[^\[\]]+|(?<=\[)(?=\])", name)
        branch = tree
        for part in above:
            branch = branch.setdefault(part, {})
        branch[last or str(len(branch))] = value
    return {name: _with_lists(value) for name, value in tree.items()}


def _with_lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if list(value) == [str(place) for place in range(len(value))]:
        return [_with_lists(item) for item in value.values()]
    return {name: _with_lists(item) for name, item in value.items()}
