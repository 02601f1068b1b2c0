"""Whether an answer says only what the SDK's classes know: no key, type, word or event of the stand-in's own making."""

from decimal import Decimal
from typing import Any, Literal, Union, get_args, get_origin

import stripe
from stripe._list_object import ListObject
from stripe._object_classes import OBJECT_CLASSES

from tests.stripe_stand_in.shapes import ON_REQUEST, class_of, is_optional, keys_of, part_class

_PLAIN: dict[Any, Any] = {int: int, str: str, bool: bool, float: (int, float), Decimal: str}


class Fiction(AssertionError):
    """The stand-in answered something that Stripe's SDK has no word for."""


def check(answer: dict[str, Any]) -> None:
    """Raise Fiction where an answer, or anything in it, is not what its class says."""
    if "error" in answer:
        _check_keys(answer["error"], stripe.ErrorObject, "error")
    else:
        _check_object(answer, answer.get("object", "answer"))


def _check_object(value: dict[str, Any], where: str) -> None:
    name = value.get("object")
    if name == "list":
        _check_keys(value, ListObject, where, besides={"object"})
        for place, item in enumerate(value["data"]):
            _check_object(item, f"{where}.data[{place}]")
        return
    if name not in OBJECT_CLASSES:
        raise Fiction(f"{where}: no class for object '{name}'")
    if value.get("deleted"):
        _check_keys(value, class_of(name), where, whole=False)
        return
    _check_keys(value, class_of(name), where, on_request=ON_REQUEST.get(name, frozenset()) | {"deleted"})
    if name == "event":
        _check_object(value["data"]["object"], f"{where}.{value['type']}")


def _check_keys(
    value: dict[str, Any],
    cls: type,
    where: str,
    *,
    besides: set[str] | None = None,
    on_request: frozenset[str] = frozenset(),
    whole: bool = True,
) -> None:
    known = keys_of(cls)
    for name in value.keys() - known.keys() - (besides or set()):
        raise Fiction(f"{where}: {cls.__qualname__} has no '{name}'")
    for name, hint in known.items():
        if name in value:
            _check_value(value[name], hint, part_class(cls, name), f"{where}.{name}")
        elif whole and name not in on_request and not is_optional(hint):
            raise Fiction(f"{where}: {cls.__qualname__} lacks '{name}'")


def _check_value(value: Any, hint: Any, part: type | None, where: str) -> None:
    if value is None:
        if not is_optional(hint):
            raise Fiction(f"{where} may not be null")
    elif isinstance(value, list):
        for place, item in enumerate(value):
            if isinstance(item, dict):
                _check_value(item, Any, part, f"{where}[{place}]")
    elif isinstance(value, dict):
        if "object" in value and part is None:
            _check_object(value, where)
        elif part is not None:
            _check_keys(value, part, where)
    else:
        _check_plain(value, hint, where)


def _check_plain(value: Any, hint: Any, where: str) -> None:
    choices = get_args(hint) if get_origin(hint) is Union else (hint,)
    words = [word for choice in choices if get_origin(choice) is Literal for word in get_args(choice)]
    if words and value not in words:
        raise Fiction(f"{where}: {value!r} is none of {words}")
    kinds = [_PLAIN[choice] for choice in choices if choice in _PLAIN]
    if not words and kinds and not any(isinstance(value, kind) for kind in kinds):
        raise Fiction(f"{where}: {value!r} is not {hint}")
    if isinstance(value, bool) and not words and kinds and bool not in kinds:
        raise Fiction(f"{where}: {value!r} is not {hint}")
