"""The pages of an organization with many requests: `python -m benchmarks.pages [--records N] [--postgres]`.

Our own server as in production, over the loopback, asked by one visitor who is logged in; the time is that from the
request's first byte to the answer's last. Bounded in count, and it ends its servers itself.
"""

import argparse
import gzip
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import requests

from benchmarks.places import BENCH
from benchmarks.reports import circumstances, in_words, table, write_json, write_markdown
from tests.live.server import LiveServer
from tests.run_on_postgres import running_postgres

PAGES = (
    "/dashboard/",
    "/keys/",
    "/usage/",
    "/usage/?days=90",
    "/usage/?days=90&outcome=failed",
    "/usage/?days=90&origin=playground",
)
ASKED_MS = 100.0
KEYS = 20

SEED = """
import json, random, time
from datetime import timedelta
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from accounts import api_keys
from accounts.models import Membership, User
from accounts.vouching import vouch_for
from billing.opening import open_organization
from processing.models import RemovalRecord
from processing.records import count_past_days

user = User.objects.create_user(f"bench{time.time_ns()}@example.com", None)
vouch_for(user)
shop = open_organization("Bench", credits=1000).organization
Membership.objects.create(user=user, organization=shop, role="owner")
keys = [api_keys.issue(shop, name=f"Key {n}", created_by=user).api_key for n in range(KEYS)]
rng, now = random.Random(5), timezone.now()

def record(n):
    status = rng.choices([200, 400, 402, 500, 503], [90, 6, 2, 1, 1])[0]
    by_key = rng.random() < .8
    return RemovalRecord(
        organization=shop, api_key=rng.choice(keys) if by_key else None, origin="api" if by_key else "playground",
        request_id=f"req_{n:032x}", created=now - timedelta(seconds=rng.random() * 89 * 86400), status=status,
        code="" if status == 200 else "validation_error", credits_charged=int(status == 200), input_bytes=2_000_000,
        input_width=4000, input_height=3000, output_bytes=3_000_000, model="isnet-general-use", quality="standard",
        took_ms=int(rng.lognormvariate(7, .5)), timings_ms={"predict": 900},
    )

for start in range(0, RECORDS, 5000):
    RemovalRecord.objects.bulk_create([record(n) for n in range(start, min(RECORDS, start + 5000))])
count_past_days(now)
session = SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.create()
print(json.dumps(session.session_key))
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure every page and print the report; SystemExit where a median is over what was asked."""
    chosen = _parser().parse_args(arguments)
    with database(chosen.postgres) as (kind, environ), TemporaryDirectory(dir=_folder()) as folder:
        server = LiveServer(Path(folder), environ={"MODEL_NAME": "u2netp", **environ})
        try:
            server.start()
            words = SEED.replace("RECORDS", str(chosen.records)).replace("KEYS", str(KEYS))
            cookie = json.loads(server.manage("shell", "-v", "0", "-c", words))
            rows = [_measure(server.url + page, cookie, page, chosen.visits) for page in PAGES]
        finally:
            server.stop()
    report = {**circumstances(), "records": chosen.records, "visits": chosen.visits, "database": kind, "rows": rows}
    write_json(chosen.out / "pages.json", report)
    write_markdown(chosen.out / "pages.md", parts(report))
    print("\n\n".join(parts(report)))
    if slow := [row["page"] for row in rows if row["median_ms"] >= ASKED_MS]:
        raise SystemExit(f"Over {ASKED_MS:.0f} ms: {', '.join(slow)}.")


def parts(report: dict[str, Any]) -> list[str]:
    """Return the report's paragraphs and its table."""
    return [
        in_words(report),
        f"One organization with {report['records']:,} requests of 89 days and {KEYS} keys on {report['database']}; "
        f"{report['visits']} visits a page, one after the other, over the loopback. Asked for: a median under "
        f"{ASKED_MS:.0f} ms.",
        table(
            ["page", "median ms", "p95 ms", "HTML kB", "gzip kB"],
            [
                [
                    f"`{row['page']}`",
                    f"{row['median_ms']:.0f}",
                    f"{row['p95_ms']:.0f}",
                    f"{row['bytes'] / 1000:.1f}",
                    f"{row['gzip_bytes'] / 1000:.1f}",
                ]
                for row in report["rows"]
            ],
        ),
    ]


def _measure(url: str, cookie: str, page: str, visits: int) -> dict[str, Any]:
    visitor = requests.Session()
    visitor.cookies.set("sessionid", cookie)
    visitor.get(url, timeout=60)
    times = []
    for _ in range(visits):
        began = time.perf_counter()
        answer = visitor.get(url, timeout=60, allow_redirects=False)
        times.append((time.perf_counter() - began) * 1000)
        if answer.status_code != requests.codes.ok:
            raise SystemExit(f"{page} was answered with {answer.status_code}.")
    return {
        "page": page,
        "median_ms": float(np.median(times)),
        "p95_ms": float(np.percentile(times, 95)),
        "bytes": len(answer.content),
        "gzip_bytes": len(gzip.compress(answer.content)),
    }


@contextmanager
def database(is_postgres: bool) -> Iterator[tuple[str, dict[str, str]]]:
    """Give the database's name and the settings that lead to it."""
    if not is_postgres:
        yield "SQLite", {}
        return
    with TemporaryDirectory(prefix="removebg-bench-", dir="/tmp") as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        with running_postgres(Path(folder) / "data") as url:
            yield "PostgreSQL", {"DATABASE_URL": url}


def _folder() -> Path:
    folder = BENCH / "pages"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.add_argument("--records", type=int, default=100_000, help="Requests of the organization (100000).")
    parser.add_argument("--visits", type=int, default=30, help="Visits a page (30).")
    parser.add_argument("--postgres", action="store_true", help="On a PostgreSQL of its own instead of SQLite.")
    parser.add_argument("--out", type=Path, default=BENCH / "pages", help="Where to write (.bench/pages).")
    return parser


if __name__ == "__main__":
    main()
