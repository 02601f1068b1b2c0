"""Events: what happened, with the object as it was at that moment."""

import copy
import time
from typing import Any

from stripe._api_version import _ApiVersion

from tests.stripe_stand_in import response_check
from tests.stripe_stand_in.listing import page_of
from tests.stripe_stand_in.shapes import Object
from tests.stripe_stand_in.storage import Storage

API_VERSION = _ApiVersion.CURRENT


def emit(storage: Storage, event_type: str, about: Object, *, before: Object | None = None) -> Object:
    """Remember an event and hand it to whoever sends webhooks."""
    data = {"object": copy.deepcopy(about)}
    if before is not None:
        changed = {name: value for name, value in before.items() if about.get(name) != value}
        data["previous_attributes"] = copy.deepcopy(changed)
    event = storage.add(
        "event",
        "evt",
        type=event_type,
        api_version=API_VERSION,
        # Stripe stamps events with the real time, also where a test clock is ahead.
        created=int(time.time()),
        data=data,
        request={"id": storage.request_id, "idempotency_key": storage.idempotency_key},
    )
    response_check.check(event)
    for tell in storage.on_event:
        tell(event)
    return event


def retrieve(storage: Storage, params: dict[str, Any], event: str) -> Object:
    return storage.get("event", event)


def list_all(storage: Storage, params: dict[str, Any]) -> Object:
    wanted = [params["type"]] if "type" in params else params.get("types")
    found = [event for event in storage.all("event") if wanted is None or event["type"] in wanted]
    return page_of(found, params, url="/v1/events")
