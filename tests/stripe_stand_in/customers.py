"""Customers and their tax ids."""

import copy
from typing import Any

from tests.stripe_stand_in import payment_methods, subscriptions
from tests.stripe_stand_in.events import emit
from tests.stripe_stand_in.listing import list_where, page_of
from tests.stripe_stand_in.metadata import merged
from tests.stripe_stand_in.shapes import Object
from tests.stripe_stand_in.storage import Storage

SETTABLE = "email name description phone address metadata invoice_settings preferred_locales tax_exempt"


def create(storage: Storage, params: dict[str, Any]) -> Object:
    settings = {"default_payment_method": None, **params.pop("invoice_settings", {})}
    customer = storage.add("customer", "cus", **{"metadata": {}, "balance": 0, "invoice_settings": settings, **params})
    emit(storage, "customer.created", customer)
    return customer


def update(storage: Storage, params: dict[str, Any], customer: str) -> Object:
    stored = storage.get("customer", customer)
    before = copy.deepcopy(stored)
    stored["metadata"] = merged(stored["metadata"], params.pop("metadata", {}))
    settings = params.pop("invoice_settings", {})
    if settings.get("default_payment_method"):
        payment_methods.get_saved(storage, settings["default_payment_method"], customer)
    stored["invoice_settings"] |= settings
    stored |= params
    emit(storage, "customer.updated", stored, before=before)
    return stored


def retrieve(storage: Storage, params: dict[str, Any], customer: str) -> Object:
    return storage.removed.get(customer) or storage.get("customer", customer)


def delete(storage: Storage, params: dict[str, Any], customer: str) -> Object:
    """Delete a customer: its subscriptions end now, its cards cannot be used any more, its invoices stay."""
    stored = storage.get("customer", customer)
    for subscription in storage.all("subscription", customer=customer):
        if subscription["status"] not in subscriptions.ENDED:
            subscriptions.end(storage, subscription, reason="cancellation_requested")
    for method in storage.all("payment_method", customer=customer):
        payment_methods.use_up(storage, method)
        method["customer"] = None
    emit(storage, "customer.deleted", stored)
    return storage.remove(stored)


def list_all(storage: Storage, params: dict[str, Any]) -> Object:
    return list_where(storage, "customer", params, url="/v1/customers", by="email")


def default_payment_method(customer: Object) -> str | None:
    """Return what the customer's invoices are paid with where nothing else is said."""
    found: str | None = customer["invoice_settings"]["default_payment_method"]
    return found


def create_tax_id(storage: Storage, params: dict[str, Any], customer: str) -> Object:
    storage.get("customer", customer)
    owner = {"type": "customer", "customer": customer}
    tax_id = storage.add("tax_id", "txi", customer=customer, owner=owner, country=params["value"][:2], **params)
    emit(storage, "customer.tax_id.created", tax_id)
    return tax_id


def list_tax_ids(storage: Storage, params: dict[str, Any], customer: str) -> Object:
    found = storage.all("tax_id", customer=customer)
    return page_of(found, params, url=f"/v1/customers/{customer}/tax_ids")


def delete_tax_id(storage: Storage, params: dict[str, Any], customer: str, tax_id: str) -> Object:
    stored = storage.get("tax_id", tax_id)
    emit(storage, "customer.tax_id.deleted", stored)
    return storage.remove(stored)
