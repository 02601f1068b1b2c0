"""What operators watch: counters of this process, in Prometheus' terms."""

from prometheus_client import Counter, Histogram

removals = Counter("removebg_removals_total", "Answers of the removal endpoints.", ["status", "code"])
removal_seconds = Histogram(
    "removebg_removal_seconds",
    "Seconds from the request's start to its answer, delivered images only.",
    ["model", "quality"],
    buckets=(0.25, 0.5, 1, 2, 3, 5, 8, 13, 21, 34),
)
trial_previews = Counter("removebg_trial_previews_total", "Answers to strangers who try.", ["status", "code"])
free_calls = Counter(
    "removebg_free_calls_total",
    "Calls without a charge by kind (replays, tests, late, previews): counted, given back, or refused by a budget.",
    ["kind", "outcome"],
)
rate_limit_unavailable = Counter(
    "removebg_rate_limit_unavailable_total", "Requests let through because the cache could not count them."
)
places_refused = Counter(
    "removebg_places_refused_total",
    "Bodies, drains, long answers and connections without a place.",
    ["kind"],
)
scheduler_runs = Counter("removebg_scheduler_runs_total", "Periodic jobs run by this process.", ["job"])
scheduler_failures = Counter("removebg_scheduler_failures_total", "Periodic jobs that raised.", ["job"])
