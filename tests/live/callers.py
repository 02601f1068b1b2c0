"""Organizations on a live server, one for each thing that can happen to a caller."""

import json

from tests.live.server import LiveServer

# One process opens them all: each start of Django costs more than a request.
OPEN = """
import json
from billing.models import Plan
from billing.opening import open_organization

wide = {{"requests_per_minute": 600, "requests_per_second": 60, "max_concurrency": 8}}
narrow, _ = Plan.objects.get_or_create(
    slug="one-megapixel", defaults={{**wide, "name": "One megapixel", "megapixels_per_minute": 1}}
)
slow, _ = Plan.objects.get_or_create(
    slug="slow",
    defaults={{"name": "Slow", "requests_per_minute": 2, "requests_per_second": 2, "max_concurrency": 1}},
)
pro = Plan.objects.get(slug="pro")
wanted = {{"rich": ({credits}, pro), "poor": (0, pro), "narrow": (5, narrow), "slow": (5, slow)}}
print(json.dumps({{
    name: open_organization(name, credits=credits, plan=plan).issued.secret
    for name, (credits, plan) in wanted.items()
}}))
"""


def open_callers(live: LiveServer, *, credits: int) -> dict[str, str]:
    """Return keys by name.

    `rich` has that many credits, and needs one to be told what is wrong with an address: a hold comes before a fetch.
    `poor` has none, `narrow` may send one megapixel a minute on /v1.0, `slow` two requests a minute on /v1, and nobody
    gave out `wrong`.
    """
    keys = json.loads(live.manage("shell", "-v", "0", "-c", OPEN.format(credits=credits)))
    return {**keys, "wrong": "rb_live_wrong"}
