"""Pages where people and money meet."""

from django.urls import path

from billing import buying_views, details_views, order_views, recharge_views, statement_views, views

urlpatterns = [
    path("organizations/new/", views.new_organization, name="organization-new"),
    path("credits/warning/", views.credit_warning, name="credit-warning"),
    path("billing/", buying_views.overview, name="billing"),
    path("billing/buy/", buying_views.buy, name="billing-buy"),
    path("billing/orders/", order_views.order_list, name="billing-orders"),
    path("billing/orders/<uuid:order>/", order_views.order_page, name="billing-order"),
    path("billing/orders/<uuid:order>/receipt/", order_views.receipt, name="billing-receipt"),
    path("billing/statement/", statement_views.movements, name="billing-statement"),
    path("billing/statement.csv", statement_views.export, name="billing-statement-export"),
    path("billing/details/", details_views.details, name="billing-details"),
    path("billing/details/portal/", details_views.portal, name="billing-portal"),
    path("billing/auto-recharge/", recharge_views.page, name="billing_recharge"),
    path("billing/auto-recharge/choose/", recharge_views.choose, name="billing_recharge_choose"),
    path("billing/auto-recharge/off/", recharge_views.turn_off, name="billing_recharge_off"),
    path("billing/auto-recharge/card/remove/", recharge_views.remove_card, name="billing_recharge_remove_card"),
    path("billing/auto-recharge/confirm/", recharge_views.confirm, name="billing_recharge_confirm"),
]
