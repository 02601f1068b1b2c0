"""The calls that the stand-in answers, each with the SDK's type of its parameters and those it acts on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stripe import params as sdk
from stripe.params import billing_portal as sdk_portal
from stripe.params import checkout as sdk_checkout
from werkzeug.routing import Map, Rule

from tests.stripe_stand_in import (
    balance_transactions,
    catalog,
    charges,
    checkout_outcomes,
    checkout_sessions,
    customers,
    disputes,
    events,
    invoices,
    payment_intents,
    payment_methods,
    pending_updates,
    portal_sessions,
    refunds,
    setup_intents,
    subscription_changes,
    subscriptions,
)
from tests.stripe_stand_in.listing import PAGING
from tests.stripe_stand_in.shapes import Object

Handler = Callable[..., Object]


@dataclass(frozen=True)
class Route:
    """One call: where it is, who answers, what may be said and what is heeded of it."""

    method: str
    path: str
    handler: Handler
    allowed: Any
    heeds: str = ""

    @property
    def heeded(self) -> frozenset[str]:
        return frozenset(self.heeds.split()) | {"expand"}


_INTENT = "payment_method off_session return_url error_on_requires_action"
_LIST = f"{PAGING} created"

ROUTES = [
    Route("POST", "/customers", customers.create, sdk.CustomerCreateParams, customers.SETTABLE),
    Route("GET", "/customers", customers.list_all, sdk.CustomerListParams, f"{_LIST} email"),
    Route("GET", "/customers/<customer>", customers.retrieve, sdk.CustomerRetrieveParams),
    Route("POST", "/customers/<customer>", customers.update, sdk.CustomerUpdateParams, customers.SETTABLE),
    Route("DELETE", "/customers/<customer>", customers.delete, sdk.CustomerDeleteParams),
    Route(
        "GET",
        "/customers/<customer>/payment_methods",
        payment_methods.list_of_customer,
        sdk.CustomerPaymentMethodListParams,
        f"{PAGING} type",
    ),
    Route(
        "GET",
        "/customers/<customer>/payment_methods/<payment_method>",
        payment_methods.retrieve_of_customer,
        sdk.CustomerPaymentMethodRetrieveParams,
    ),
    Route(
        "POST", "/customers/<customer>/tax_ids", customers.create_tax_id, sdk.CustomerTaxIdCreateParams, "type value"
    ),
    Route("GET", "/customers/<customer>/tax_ids", customers.list_tax_ids, sdk.CustomerTaxIdListParams, PAGING),
    Route("DELETE", "/customers/<customer>/tax_ids/<tax_id>", customers.delete_tax_id, sdk.CustomerTaxIdDeleteParams),
    Route(
        "POST",
        "/products",
        catalog.create_product,
        sdk.ProductCreateParams,
        "name description metadata active id images url unit_label statement_descriptor",
    ),
    Route("GET", "/products", catalog.list_products, sdk.ProductListParams, f"{_LIST} active"),
    Route("GET", "/products/<product>", catalog.retrieve_product, sdk.ProductRetrieveParams),
    Route(
        "POST",
        "/products/<product>",
        catalog.update_product,
        sdk.ProductUpdateParams,
        "name description metadata active images url unit_label statement_descriptor",
    ),
    Route(
        "POST",
        "/prices",
        catalog.create_price,
        sdk.PriceCreateParams,
        "currency unit_amount product product_data recurring metadata nickname lookup_key transfer_lookup_key active"
        " tax_behavior",
    ),
    Route(
        "GET", "/prices", catalog.list_prices, sdk.PriceListParams, f"{_LIST} active product currency type lookup_keys"
    ),
    Route("GET", "/prices/<price>", catalog.retrieve_price, sdk.PriceRetrieveParams),
    Route(
        "POST",
        "/prices/<price>",
        catalog.update_price,
        sdk.PriceUpdateParams,
        "active metadata nickname lookup_key transfer_lookup_key tax_behavior",
    ),
    Route(
        "POST",
        "/checkout/sessions",
        checkout_sessions.create,
        sdk_checkout.SessionCreateParams,
        "mode line_items success_url cancel_url customer customer_email customer_creation client_reference_id metadata"
        " payment_intent_data subscription_data setup_intent_data allowed_payment_method_types expires_at locale"
        " adaptive_pricing currency invoice_creation submit_type tax_id_collection customer_update custom_text",
    ),
    Route(
        "GET",
        "/checkout/sessions",
        checkout_sessions.list_all,
        sdk_checkout.SessionListParams,
        f"{_LIST} customer payment_intent subscription status customer_details",
    ),
    Route("GET", "/checkout/sessions/<session>", checkout_sessions.retrieve, sdk_checkout.SessionRetrieveParams),
    Route(
        "POST", "/checkout/sessions/<session>", checkout_sessions.update, sdk_checkout.SessionUpdateParams, "metadata"
    ),
    Route("POST", "/checkout/sessions/<session>/expire", checkout_outcomes.expire, sdk_checkout.SessionExpireParams),
    Route(
        "GET",
        "/checkout/sessions/<session>/line_items",
        checkout_sessions.list_line_items,
        sdk_checkout.SessionLineItemListParams,
        PAGING,
    ),
    Route(
        "POST",
        "/payment_methods",
        payment_methods.create,
        sdk.PaymentMethodCreateParams,
        "type card billing_details",
    ),
    Route("GET", "/payment_methods", payment_methods.list_all, sdk.PaymentMethodListParams, f"{PAGING} customer type"),
    Route("GET", "/payment_methods/<payment_method>", payment_methods.retrieve, sdk.PaymentMethodRetrieveParams),
    Route(
        "POST", "/payment_methods/<payment_method>", payment_methods.update, sdk.PaymentMethodUpdateParams, "metadata"
    ),
    Route(
        "POST",
        "/payment_methods/<payment_method>/attach",
        payment_methods.attach,
        sdk.PaymentMethodAttachParams,
        "customer",
    ),
    Route("POST", "/payment_methods/<payment_method>/detach", payment_methods.detach, sdk.PaymentMethodDetachParams),
    Route(
        "POST",
        "/payment_intents",
        payment_intents.create,
        sdk.PaymentIntentCreateParams,
        f"{_INTENT} amount currency customer confirm metadata description receipt_email setup_future_usage"
        " allowed_payment_method_types automatic_payment_methods statement_descriptor_suffix",
    ),
    Route("GET", "/payment_intents", payment_intents.list_all, sdk.PaymentIntentListParams, f"{_LIST} customer"),
    Route("GET", "/payment_intents/<intent>", payment_intents.retrieve, sdk.PaymentIntentRetrieveParams),
    Route(
        "POST",
        "/payment_intents/<intent>",
        payment_intents.update,
        sdk.PaymentIntentUpdateParams,
        "metadata description receipt_email",
    ),
    Route(
        "POST", "/payment_intents/<intent>/confirm", payment_intents.confirm, sdk.PaymentIntentConfirmParams, _INTENT
    ),
    Route(
        "POST",
        "/payment_intents/<intent>/cancel",
        payment_intents.cancel,
        sdk.PaymentIntentCancelParams,
        "cancellation_reason",
    ),
    Route(
        "POST",
        "/setup_intents",
        setup_intents.create,
        sdk.SetupIntentCreateParams,
        "customer payment_method confirm usage metadata description allowed_payment_method_types",
    ),
    Route(
        "GET", "/setup_intents", setup_intents.list_all, sdk.SetupIntentListParams, f"{_LIST} customer payment_method"
    ),
    Route("GET", "/setup_intents/<intent>", setup_intents.retrieve, sdk.SetupIntentRetrieveParams),
    Route(
        "POST", "/setup_intents/<intent>/confirm", setup_intents.confirm, sdk.SetupIntentConfirmParams, "payment_method"
    ),
    Route(
        "POST",
        "/setup_intents/<intent>/cancel",
        setup_intents.cancel,
        sdk.SetupIntentCancelParams,
        "cancellation_reason",
    ),
    Route("GET", "/charges", charges.list_all, sdk.ChargeListParams, f"{_LIST} customer payment_intent"),
    Route("GET", "/charges/<charge>", charges.retrieve, sdk.ChargeRetrieveParams),
    Route("POST", "/charges/<charge>", charges.update, sdk.ChargeUpdateParams, "metadata description receipt_email"),
    Route(
        "GET",
        "/balance_transactions",
        balance_transactions.list_all,
        sdk.BalanceTransactionListParams,
        f"{_LIST} source type currency",
    ),
    Route(
        "GET",
        "/balance_transactions/<transaction>",
        balance_transactions.retrieve,
        sdk.BalanceTransactionRetrieveParams,
    ),
    Route("POST", "/refunds", refunds.create, sdk.RefundCreateParams, "charge payment_intent amount reason metadata"),
    Route("GET", "/refunds", refunds.list_all, sdk.RefundListParams, f"{_LIST} charge payment_intent"),
    Route("GET", "/refunds/<refund>", refunds.retrieve, sdk.RefundRetrieveParams),
    Route("POST", "/refunds/<refund>", refunds.update, sdk.RefundUpdateParams, "metadata"),
    Route("GET", "/disputes", disputes.list_all, sdk.DisputeListParams, f"{_LIST} charge payment_intent"),
    Route("GET", "/disputes/<dispute>", disputes.retrieve, sdk.DisputeRetrieveParams),
    Route("POST", "/disputes/<dispute>", disputes.update, sdk.DisputeUpdateParams, "evidence metadata submit"),
    Route("POST", "/disputes/<dispute>/close", disputes.close, sdk.DisputeCloseParams),
    Route(
        "POST",
        "/subscriptions",
        subscriptions.create,
        sdk.SubscriptionCreateParams,
        "customer items default_payment_method metadata payment_behavior",
    ),
    Route(
        "GET",
        "/subscriptions",
        subscriptions.list_all,
        sdk.SubscriptionListParams,
        f"{_LIST} customer status price",
    ),
    Route("GET", "/subscriptions/<subscription>", subscriptions.retrieve, sdk.SubscriptionRetrieveParams),
    Route(
        "POST",
        "/subscriptions/<subscription>",
        subscription_changes.update,
        sdk.SubscriptionUpdateParams,
        "items metadata default_payment_method cancel_at_period_end proration_behavior proration_date payment_behavior",
    ),
    Route(
        "DELETE",
        "/subscriptions/<subscription>",
        subscription_changes.cancel,
        sdk.SubscriptionCancelParams,
        "cancellation_details prorate invoice_now",
    ),
    Route(
        "POST",
        "/invoices/create_preview",
        subscription_changes.preview_change,
        sdk.InvoiceCreatePreviewParams,
        "customer subscription subscription_details",
    ),
    Route("GET", "/invoices", invoices.list_all, sdk.InvoiceListParams, f"{_LIST} customer status subscription"),
    Route("GET", "/invoices/<invoice>", invoices.retrieve, sdk.InvoiceRetrieveParams),
    Route(
        "POST", "/invoices/<invoice>/pay", subscriptions.pay_invoice, sdk.InvoicePayParams, "payment_method off_session"
    ),
    Route("POST", "/invoices/<invoice>/void", pending_updates.void_invoice, sdk.InvoiceVoidInvoiceParams),
    Route(
        "GET",
        "/invoice_payments",
        invoices.list_payments,
        sdk.InvoicePaymentListParams,
        f"{_LIST} invoice payment status",
    ),
    Route(
        "POST",
        "/billing_portal/sessions",
        portal_sessions.create,
        sdk_portal.SessionCreateParams,
        "customer return_url locale configuration flow_data",
    ),
    Route("GET", "/events", events.list_all, sdk.EventListParams, f"{_LIST} type types"),
    Route("GET", "/events/<event>", events.retrieve, sdk.EventRetrieveParams),
]

MAP = Map([Rule(f"/v1{route.path}", methods=[route.method], endpoint=route) for route in ROUTES])
