"""Customer portal sessions: a link to the page where a person sees to their own subscription and card."""

from typing import Any

from tests.stripe_stand_in.shapes import Object
from tests.stripe_stand_in.storage import Storage


def create(storage: Storage, params: dict[str, Any]) -> Object:
    storage.get("customer", params["customer"])
    session_id = storage.new_id("bps")
    return storage.add(
        "billing_portal.session",
        "bps",
        id=session_id,
        configuration=params.get("configuration", "bpc_standin"),
        customer=params["customer"],
        locale=params.get("locale"),
        return_url=params.get("return_url"),
        url=f"{storage.base_url}/portal/{session_id}",
    )
