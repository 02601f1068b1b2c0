"""Customer portal sessions: a link to the page where a person sees to their own subscription and card."""

from typing import Any

from tests.stripe_stand_in.errors import Misuse
from tests.stripe_stand_in.shapes import Object
from tests.stripe_stand_in.storage import Storage


def create(storage: Storage, params: dict[str, Any]) -> Object:
    storage.get("customer", params["customer"], param="customer")
    session_id = storage.new_id("bps")
    return storage.add(
        "billing_portal.session",
        "bps",
        id=session_id,
        configuration=params.get("configuration", "bpc_standin"),
        customer=params["customer"],
        flow=_flow(storage, params["flow_data"]) if "flow_data" in params else None,
        locale=params.get("locale"),
        return_url=params.get("return_url"),
        url=f"{storage.base_url}/portal/{session_id}",
    )


def _flow(storage: Storage, sent: dict[str, Any]) -> dict[str, Any]:
    """Return the one task a link is for; the page is the same, and offers it among the others."""
    if "subscription_cancel" in sent:
        storage.get("subscription", sent["subscription_cancel"]["subscription"])
    elif sent["type"] != "payment_method_update":
        raise Misuse(f"The stand-in's portal has not learned {sent['type']}.", param="flow_data[type]")
    if "after_completion" in sent:
        raise Misuse("The stand-in's portal always stays.", param="flow_data[after_completion]")
    return {"after_completion": {"type": "portal_homepage"}, **sent}
