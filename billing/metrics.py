"""Counters of this process that operators watch about money, for Prometheus."""

from prometheus_client import Counter

free_credits_refused = Counter(
    "removebg_free_credits_refused_total", "Free credits that a daily budget refused, by budget.", ["budget"]
)
paid_after_closing = Counter(
    "removebg_paid_after_closing_total", "Payments that arrived for an organization after it was closed."
)
