"""What operators watch of billing: counters of this process, in Prometheus' terms."""

from prometheus_client import Counter

free_credits_refused = Counter(
    "removebg_free_credits_refused_total", "Free credits that a daily budget refused, by budget.", ["budget"]
)
