"""Lists as Stripe gives them: newest first, by pages, by creation time."""

from typing import Any

from tests.stripe_stand_in.errors import Refusal, missing
from tests.stripe_stand_in.shapes import Object, list_of
from tests.stripe_stand_in.storage import Storage

PAGING = "limit starting_after ending_before"
_BOUNDS = {"gt": int.__gt__, "gte": int.__ge__, "lt": int.__lt__, "lte": int.__le__}


def page_of(found: list[Object], params: dict[str, Any], *, url: str) -> Object:
    """Return the page that `limit`, `starting_after`, `ending_before` and `created` ask for."""
    limit = params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise Refusal("Invalid limit: it must be between 1 and 100.", param="limit")
    found = [one for one in found if _is_within(one, params.get("created"))]
    if "ending_before" in params:
        before = found[: _place_of(found, params["ending_before"])]
        return list_of(before[-limit:], url=url, has_more=len(before) > limit)
    first = _place_of(found, params["starting_after"]) + 1 if "starting_after" in params else 0
    return list_of(found[first : first + limit], url=url, has_more=len(found) > first + limit)


def list_where(storage: Storage, object_name: str, params: dict[str, Any], *, url: str, by: str = "") -> Object:
    """Return a page of those objects whose named keys have the values asked for."""
    equal = {name: params[name] for name in by.split() if name in params}
    return page_of(storage.all(object_name, **equal), params, url=url)


def _place_of(found: list[Object], wanted_id: str) -> int:
    for place, one in enumerate(found):
        if one["id"] == wanted_id:
            return place
    raise missing("object", wanted_id)


def _is_within(one: Object, bounds: int | dict[str, int] | None) -> bool:
    if bounds is None:
        return True
    if isinstance(bounds, int):
        return bool(one["created"] == bounds)
    return all(_BOUNDS[name](one["created"], bound) for name, bound in bounds.items())
