"""How the admin looks and where its pages stand: grouped by what an operator wants to know, not by our apps."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy

Row = tuple[str, str, str, str]
"""Title, icon (Material Symbols), route of the admin, and the permission that shows it; none: every member of staff."""

GROUPS: tuple[tuple[str, tuple[Row, ...]], ...] = (
    (
        "",
        (
            ("Overview", "monitoring", "index", ""),
            ("Check the books", "fact_check", "billing_audit", "billing.view_ledgerentry"),
        ),
    ),
    (
        "Customers",
        (
            ("Organizations", "storefront", "accounts_organization_changelist", "accounts.view_organization"),
            ("People", "person", "accounts_user_changelist", "accounts.view_user"),
            ("API keys", "key", "accounts_apikey_changelist", "accounts.view_apikey"),
        ),
    ),
    (
        "Money",
        (
            ("Orders", "receipt_long", "billing_order_changelist", "billing.view_order"),
            ("Subscriptions", "autorenew", "billing_subscription_changelist", "billing.view_subscription"),
            ("Invoices of plans", "request_quote", "billing_planinvoice_changelist", "billing.view_planinvoice"),
            ("Changes of plans", "swap_vert", "billing_planchange_changelist", "billing.view_planchange"),
            ("Auto-recharges", "bolt", "billing_autorecharge_changelist", "billing.view_autorecharge"),
            ("Consents to them", "handshake", "billing_rechargeconsent_changelist", "billing.view_rechargeconsent"),
            ("Mails about them", "mail", "billing_rechargenews_changelist", "billing.view_rechargenews"),
            ("Saved cards", "credit_card", "billing_savedcard_changelist", "billing.view_savedcard"),
            ("Payments", "payments", "billing_payment_changelist", "billing.view_payment"),
            ("Refunds", "undo", "billing_refundrequest_changelist", "billing.view_refundrequest"),
            ("Disputes", "gavel", "billing_dispute_changelist", "billing.view_dispute"),
            ("Customers at Stripe", "badge", "billing_stripecustomer_changelist", "billing.view_stripecustomer"),
            ("Events of Stripe", "notifications", "billing_stripeevent_changelist", "billing.view_stripeevent"),
        ),
    ),
    (
        "Credits",
        (
            ("Accounts", "account_balance_wallet", "billing_creditaccount_changelist", "billing.view_creditaccount"),
            (
                *("Free credits waiting", "approval_delegation"),
                *("billing_freecreditrequest_changelist", "billing.view_freecreditrequest"),
            ),
            ("Free credits by day", "event", "billing_freecreditday_changelist", "billing.view_freecreditday"),
            ("Ledger", "menu_book", "billing_ledgerentry_changelist", "billing.view_ledgerentry"),
            ("What is left of them", "hourglass", "billing_creditlot_changelist", "billing.view_creditlot"),
            ("Holds", "front_hand", "billing_credithold_changelist", "billing.view_credithold"),
            ("Months of keys", "calendar_month", "billing_keymonth_changelist", "billing.view_keymonth"),
            ("Retry names", "replay", "billing_idempotencyclaim_changelist", "billing.view_idempotencyclaim"),
        ),
    ),
    (
        "For sale",
        (
            ("Packs", "sell", "billing_pack_changelist", "billing.view_pack"),
            ("Plans", "speed", "billing_plan_changelist", "billing.view_plan"),
            ("Terms of plans", "contract", "billing_planterms_changelist", "billing.view_planterms"),
        ),
    ),
    (
        "Work",
        (
            ("Requests", "image", "processing_removalrecord_changelist", "processing.view_removalrecord"),
            ("Days", "bar_chart", "processing_dailyusage_changelist", "processing.view_dailyusage"),
            ("Models", "neurology", "processing_models", "processing.view_modelchoice"),
            ("Who gets which model", "tune", "processing_modelchoice_changelist", "processing.view_modelchoice"),
            ("What sizes mean", "straighten", "processing_sizevocabulary_changelist", "processing.view_sizevocabulary"),
        ),
    ),
    (
        "Who did what",
        (
            ("Log-ins as somebody", "visibility", "accounts_supportvisit_changelist", "accounts.view_supportvisit"),
            ("Security log", "shield", "accounts_securityevent_changelist", "accounts.view_securityevent"),
            ("Suspensions", "block", "accounts_suspension_changelist", "accounts.view_suspension"),
            ("Changes in the admin", "history", "admin_logentry_changelist", "admin.view_logentry"),
        ),
    ),
    (
        "Ways in",
        (
            ("Addresses", "mail", "account_emailaddress_changelist", "account.view_emailaddress"),
            ("Second factors", "lock", "mfa_authenticator_changelist", "mfa.view_authenticator"),
            (
                "Accounts elsewhere",
                "link",
                "socialaccount_socialaccount_changelist",
                "socialaccount.view_socialaccount",
            ),
            ("Sessions", "devices", "usersessions_usersession_changelist", "usersessions.view_usersession"),
            ("Groups of staff", "groups", "auth_group_changelist", "auth.view_group"),
        ),
    ),
)

_TINTS = {
    "50": (0.975, 0.015),
    "100": (0.95, 0.03),
    "200": (0.9, 0.06),
    "300": (0.83, 0.1),
    "400": (0.74, 0.12),
    "500": (0.62, 0.17),
    "600": (0.48, 0.18),
    "700": (0.43, 0.17),
    "800": (0.37, 0.14),
    "900": (0.31, 0.11),
    "950": (0.23, 0.08),
}
"""Lightness and chroma of each step; the hue is the brand's."""


def unfold_settings(product_name: str, hue: float) -> dict[str, Any]:
    """Return django-unfold's setting."""
    tints = {step: f"oklch({lightness} {chroma} {hue})" for step, (lightness, chroma) in _TINTS.items()}
    return {
        "SITE_TITLE": product_name,
        "SITE_HEADER": product_name,
        "SITE_SYMBOL": "content_cut",
        "SHOW_HISTORY": True,
        "SHOW_VIEW_ON_SITE": False,
        "SHOW_BACK_BUTTON": False,
        "COLORS": {"primary": tints},
        "STYLES": [lambda request: static("site/admin.css")],
        "DASHBOARD_CALLBACK": "processing.operator_overview.add_to",
        "SIDEBAR": {
            "show_search": True,
            "show_all_applications": False,
            "navigation": [
                {"title": title, "separator": bool(title), "items": [_item(*row) for row in rows]}
                for title, rows in GROUPS
            ],
        },
    }


def _item(title: str, icon: str, route: str, permission: str) -> dict[str, Any]:
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{route}"),
        "permission": _shows(permission),
    }


def _shows(permission: str) -> Callable[[HttpRequest], bool]:
    return lambda request: not permission or request.user.has_perm(permission)
