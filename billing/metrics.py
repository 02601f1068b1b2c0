"""What operators watch about money: counters of this process, in Prometheus' terms."""

from prometheus_client import Counter

paid_after_closing = Counter(
    "removebg_paid_after_closing_total", "Payments that arrived for an organization after it was closed."
)
