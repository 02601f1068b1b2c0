"""Pages where people and money meet."""

from django.urls import path

from billing import (
    buying_views,
    details_views,
    order_views,
    plan_views,
    recharge_views,
    statement_views,
    views,
)

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
    path("billing/plan/", plan_views.plan, name="billing-plan"),
    path("billing/plan/subscribe/", plan_views.subscribe, name="billing-plan-subscribe"),
    path("billing/plan/change/", plan_views.change, name="billing-plan-change"),
    path("billing/plan/change/drop/", plan_views.drop, name="billing-plan-drop"),
    path("billing/plan/cancel/", plan_views.cancel, name="billing-plan-cancel"),
    path("billing/plan/resume/", plan_views.resume, name="billing-plan-resume"),
    path("billing/details/", details_views.details, name="billing-details"),
    path("billing/details/portal/", details_views.portal, name="billing-portal"),
    path("billing/auto-recharge/", recharge_views.page, name="billing-recharge"),
    path("billing/auto-recharge/choose/", recharge_views.choose, name="billing-recharge-choose"),
    path("billing/auto-recharge/off/", recharge_views.turn_off, name="billing-recharge-off"),
    path("billing/auto-recharge/card/remove/", recharge_views.remove_card, name="billing-recharge-remove-card"),
    path("billing/auto-recharge/confirm/", recharge_views.confirm, name="billing-recharge-confirm"),
]
