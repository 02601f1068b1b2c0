"""Whether a request says only what the SDK's own TypedDicts allow; its text becomes numbers and truths on the way."""

import types
from functools import cache
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin

import pydantic
from stripe._request_options import RequestOptions
from typing_extensions import TypedDict, get_type_hints, is_typeddict

from tests.stripe_stand_in.errors import Misuse

# Sent as headers, never in the body, though the SDK's types hold them beside the parameters.
_OPTIONS = set(RequestOptions.__annotations__)


def checked(params: dict[str, Any], allowed: type, *, heeded: frozenset[str]) -> dict[str, Any]:
    """Return the parameters with their real types, or refuse what the types do not allow or the stand-in ignores."""
    try:
        typed: dict[str, Any] = _adapter(allowed).validate_python(params)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = _bracketed(first["loc"])
        code = "parameter_unknown" if first["type"] == "extra_forbidden" else None
        raise Misuse(f"{allowed.__name__}: {where}: {first['msg']}", code=code, param=where) from error
    for name in typed:
        if name not in heeded:
            raise Misuse(f"{allowed.__name__}: the stand-in would ignore '{name}'; teach it first.", param=name)
    return typed


def _bracketed(place: tuple[int | str, ...]) -> str:
    first, *rest = place or ("",)
    return str(first) + "".join(f"[{part}]" for part in rest)


@cache
def _adapter(allowed: type) -> pydantic.TypeAdapter[Any]:
    return pydantic.TypeAdapter(_closed(allowed))


@cache
def _closed_dict(kind: type) -> Any:
    closed = TypedDict(kind.__name__, {name: _closed(hint) for name, hint in _fields(kind).items()})  # type: ignore[misc]
    closed.__pydantic_config__ = pydantic.ConfigDict(extra="forbid", arbitrary_types_allowed=True)  # type: ignore[attr-defined]
    return closed


def _fields(kind: type) -> dict[str, Any]:
    """Return the parameters of a TypedDict with their types read."""
    # At run time a TypedDict is a plain dict; only this still tells what it was made from.
    others = _OPTIONS if RequestOptions in getattr(kind, "__orig_bases__", ()) else set()
    own = {name: hint for name, hint in kind.__annotations__.items() if name not in others}
    return get_type_hints(type("Own", (), {"__annotations__": own, "__module__": kind.__module__}), include_extras=True)


def _closed(kind: Any) -> Any:
    """Return the type without its doors: no unknown keys, and no other text where the SDK lists the words."""
    if is_typeddict(kind):
        return _closed_dict(kind)
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return Union[tuple(_closed(choice) for choice in _without_open_text(inner))]  # noqa: UP007
    if origin in (NotRequired, Required):
        return origin[_closed(inner[0])]
    if origin in (list, dict):
        return origin[tuple(_closed(part) for part in inner)]
    return kind


def _without_open_text(choices: tuple[Any, ...]) -> tuple[Any, ...]:
    words = [word for choice in choices if get_origin(choice) is Literal for word in get_args(choice)]
    if not any(isinstance(word, str) and word for word in words):
        return choices
    return tuple(choice for choice in choices if choice is not str)
