"""The admin's first page: the figures as charts with their tables, and what waits for somebody to look."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from billing.money import in_major_units, show
from processing.operator_figures import GIVEN, SOLD, USED, Figures, Takings, figures_of

LENGTHS = (30, 90)
ACCENT, QUIET, BAD = "var(--color-primary-600)", "var(--color-base-400)", "#dc2626"
INK = "#7b8494"
"""Readable on white and on black, so that a chart needs not be drawn again when the theme changes."""


DRAWN = {
    "responsive": True,
    "maintainAspectRatio": False,
    "animation": False,
    "barPercentage": 1,
    "plugins": {"legend": {"position": "bottom", "labels": {"color": INK}}},
    "scales": {
        "x": {"grid": {"display": False}, "ticks": {"maxTicksLimit": 8, "maxRotation": 0, "color": INK}},
        "y": {"beginAtZero": True, "ticks": {"precision": 0, "color": INK}},
    },
}
"""How Chart.js draws them: its defaults, with whole numbers and few days named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Bars by day, and the same numbers as a table."""

    title: str
    said: str
    data: str
    heads: list[str]
    rows: list[list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One number, the rows that it leads to, the permission to see them, and whether it asks for somebody."""

    title: str
    value: str
    said: str
    link: str
    needs: str
    is_urgent: bool = False


def add_to(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the figures to what the page is made of, for staff who may see money and credits."""
    if not request.user.has_perms(["billing.view_order", "billing.view_ledgerentry"]):
        return context
    length = next((length for length in LENGTHS if request.GET.get("days") == str(length)), LENGTHS[0])
    figures = figures_of(timezone.now().astimezone(UTC).date(), length=length)
    overview = {
        "length": length,
        "lengths": LENGTHS,
        "tiles": _open_to(request, _tiles(figures)),
        "waiting": _open_to(request, _waiting(figures)),
        "charts": [*map(_money_chart, figures.takings), _credit_chart(figures), _failure_chart(figures)],
        "options": json.dumps(DRAWN),
        "is_live": figures.is_live,
    }
    return {**context, "overview": overview}


def _open_to(request: HttpRequest, tiles: list[Tile]) -> list[Tile]:
    """Lead nobody to rows that they may not see; the numbers are for all who see the figures."""
    return [tile if request.user.has_perm(tile.needs) else replace(tile, link="") for tile in tiles]


def _tiles(figures: Figures) -> list[Tile]:
    money = [
        Tile(
            title=f"Paid in {takings.currency.upper()}",
            value=show(sum(takings.paid.values()), takings.currency),
            said=f"{_sold(takings)}, of which {_back(takings)} went back",
            **_rows("billing.order" if takings.orders else "billing.planinvoice", f"currency={takings.currency}"),
        )
        for takings in figures.takings
    ]
    sums = {doing: sum(days.values()) for doing, days in figures.credits.items()}
    has = figures.outstanding
    return [
        *money,
        Tile(
            title="Credits sold",
            value=f"{sums[SOLD]:,}",
            said=f"and {sums[GIVEN]:,} given",
            **_rows("billing.ledgerentry"),
        ),
        Tile(
            title="Credits used",
            value=f"{sums[USED]:,}",
            said="one for each image",
            **_rows("billing.ledgerentry", "kind__exact=use"),
        ),
        Tile(
            title="Credits outstanding",
            value=f"{has.balance:,}",
            said=f"{has.held:,} of them held, {has.debt:,} owed to us",
            **_rows("billing.creditaccount"),
        ),
    ]


def _waiting(figures: Figures) -> list[Tile]:
    """Return what waits for somebody; what is at nothing is said in one word."""
    waiting = figures.waiting
    disagree, organization = "problem__isempty=0", "accounts.organization"
    rows = (
        ("Events that failed", waiting.failed_events, ("billing.stripeevent", "state__exact=failed"), "replay them"),
        ("Orders with a problem", waiting.orders_with_problems, ("billing.order", disagree), "open them"),
        (
            "Subscriptions with a problem",
            waiting.subscriptions_with_problems,
            ("billing.subscription", disagree),
            "compare",
        ),
        (
            "Invoices of plans with a problem",
            waiting.invoices_with_problems,
            ("billing.planinvoice", disagree),
            "compare",
        ),
        (
            "Refunds without an answer",
            waiting.refunds_without_answer,
            ("billing.refundrequest", "state__exact=asked"),
            "",
        ),
        (
            "Orders paid for closed organizations",
            waiting.orders_paid_after_closing,
            ("billing.order", "paid_after_closing=yes"),
            "return the money",
        ),
        (
            "Invoices paid for closed organizations",
            waiting.invoices_paid_after_closing,
            ("billing.planinvoice", "paid_after_closing=yes"),
            "return the money",
        ),
        ("Open disputes", waiting.open_disputes, ("billing.dispute", "stage__exact=3"), "answer at Stripe"),
        ("Questions of banks", waiting.inquiries, ("billing.dispute", "stage__exact=1"), "answer at Stripe"),
        (
            "Organizations whose keys rest",
            waiting.resting,
            (organization, "keys_frozen_at__isempty=0&closed_at__isempty=1"),
            "by a dispute",
        ),
        (
            "Suspended organizations",
            waiting.suspended,
            (organization, "suspended_at__isempty=0&closed_at__isempty=1"),
            "by one of us",
        ),
        (
            "Free credits that wait for you",
            waiting.free_credit_requests,
            ("billing.freecreditrequest", "state__exact=waiting"),
            "grant or refuse",
        ),
        (
            "Free credits refused today by a budget",
            waiting.free_credits_refused,
            ("billing.freecreditday", ""),
            "check for abuse",
        ),
    )
    return [
        Tile(title=title, value=f"{number:,}", said=said, is_urgent=number > 0, **_rows(*where))
        for title, number, where, said in rows
    ]


def _money_chart(takings: Takings) -> Chart:
    currency = takings.currency
    code = currency.upper()
    return Chart(
        title=f"Paid each day in {code}",
        said="By the day on which it was paid; what went back since is shown beside it.",
        data=_bars(
            takings.paid,
            [
                (
                    f"Paid ({code})",
                    [float(in_major_units(amount, currency)) for amount in takings.paid.values()],
                    ACCENT,
                ),
                (
                    f"Returned ({code})",
                    [float(in_major_units(sum_, currency)) for sum_ in takings.returned.values()],
                    QUIET,
                ),
            ],
        ),
        heads=["Day", "Paid", "Returned since"],
        rows=[
            [day.isoformat(), show(amount, currency), show(takings.returned[day], currency)]
            for day, amount in takings.paid.items()
            if amount
        ],
    )


def _credit_chart(figures: Figures) -> Chart:
    sold, given, used = (figures.credits[doing] for doing in (SOLD, GIVEN, USED))
    return Chart(
        title="Credits each day",
        said="Sold in packs and plans, given away, and used for images.",
        data=_bars(
            sold,
            [
                ("Sold", list(sold.values()), ACCENT),
                ("Given", list(given.values()), "var(--color-primary-300)"),
                ("Used", list(used.values()), QUIET),
            ],
        ),
        heads=["Day", "Sold", "Given", "Used"],
        rows=[
            [day.isoformat(), f"{sold[day]:,}", f"{given[day]:,}", f"{used[day]:,}"]
            for day in figures.days
            if sold[day] or given[day] or used[day]
        ],
    )


def _failure_chart(figures: Figures) -> Chart:
    requests, events = figures.failed_requests, figures.failed_events
    return Chart(
        title="Failures each day",
        said="Requests that failed by our fault, and events of Stripe's that could not be acted on and still wait.",
        data=_bars(
            requests, [("Requests", list(requests.values()), BAD), ("Events", list(events.values()), "#d97706")]
        ),
        heads=["Day", "Requests", "Events"],
        rows=[
            [day.isoformat(), f"{requests[day]:,}", f"{events[day]:,}"]
            for day in figures.days
            if requests[day] or events[day]
        ],
    )


def _bars(days: Mapping[date, Any], sets: list[tuple[str, list[Any], str]]) -> str:
    """Return what Chart.js draws."""
    datasets = [{"label": label, "data": values, "backgroundColor": color} for label, values, color in sets]
    return json.dumps({"labels": [day.isoformat() for day in days], "datasets": datasets})


def _sold(takings: Takings) -> str:
    """Return how many of what was sold, in words."""
    orders = f"{takings.orders:,} order{'' if takings.orders == 1 else 's'}"
    invoices = f"{takings.invoices:,} invoice{'' if takings.invoices == 1 else 's'} of plans"
    return " and ".join(words for number, words in ((takings.orders, orders), (takings.invoices, invoices)) if number)


def _back(takings: Takings) -> str:
    return show(sum(takings.returned.values()), takings.currency)


def _rows(model: str, question: str = "") -> dict[str, Any]:
    """Return where the rows of a model are, and the permission to see them."""
    app, name = model.split(".")
    address = reverse(f"admin:{app}_{name}_changelist")
    return {"link": f"{address}?{question}" if question else address, "needs": f"{app}.view_{name}"}
