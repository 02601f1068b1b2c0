"""Pages in Lighthouse: `python -m benchmarks.lighthouse PATH/TO/lighthouse [/docs/ ...] [--runs N]`.

Lighthouse is an npm package that is no part of this project: `npm install lighthouse` in a folder of your own, and give
its `node_modules/.bin/lighthouse`. It measures in Debian's Chromium with its own default profile, a slow phone, against
a server of ours with one organization of 20 keys and 2,000 requests. Pages behind the log-in are visited with a
session. Of several runs of a page the median counts.
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import requests

from benchmarks.pages import KEYS, SEED
from benchmarks.places import BENCH
from benchmarks.reports import circumstances, in_words, table, write_json, write_markdown
from tests.browser.chromium import find_chromium
from tests.live.server import LiveServer

PUBLIC = ("/", "/pricing/", "/docs/", "/docs/quickstart/", "/docs/api/v1-remove/", "/account/login/")
PRIVATE = (
    "/try/",
    "/dashboard/",
    "/keys/",
    "/keys/new/",
    "/usage/",
    "/usage/?days=90",
    "/people/",
    "/credits/warning/",
    "/account/email/",
)
RECORDS = 2000
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
SIZES = {"Document": "HTML kB", "Stylesheet": "CSS kB", "Script": "JS kB"}
HEADER = ["page", *CATEGORIES, "first content s", "layout shift", *SIZES.values(), "requests", "elsewhere"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print and keep a row for each page."""
    chosen = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        server = LiveServer(Path(folder), environ={"MODEL_NAME": "u2netp"})
        try:
            server.start()
            words = SEED.replace("RECORDS", str(RECORDS)).replace("KEYS", str(KEYS))
            cookie = json.loads(server.manage("shell", "-v", "0", "-c", words))
            rows = {}
            for path in chosen.paths or [*PUBLIC, *PRIVATE]:
                headers = {} if path in PUBLIC else {"Cookie": f"sessionid={cookie}"}
                # A process' first visit to a page compiles its templates.
                requests.get(server.url + path, headers=headers, timeout=60).raise_for_status()
                runs = [_figures(measure(chosen.lighthouse, server.url + path, headers)) for _ in range(chosen.runs)]
                rows[path] = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
                print(path, rows[path], flush=True)
        finally:
            server.stop()
    version = subprocess.run([chosen.lighthouse.resolve(), "--version"], capture_output=True, text=True, check=True)
    report = {**circumstances(), "lighthouse": version.stdout.strip(), "runs": chosen.runs, "rows": rows}
    write_json(chosen.out / "lighthouse.json", report)
    write_markdown(chosen.out / "lighthouse.md", parts(report))
    print("\n\n".join(parts(report)))


def measure(lighthouse: Path, url: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """Return Lighthouse's report on the page, asked for with these headers."""
    done = subprocess.run(
        [
            lighthouse.resolve(),
            url,
            "--quiet",
            "--output=json",
            f"--only-categories={','.join(CATEGORIES)}",
            f"--extra-headers={json.dumps(dict(headers))}",
            "--chrome-flags=--headless=new --no-sandbox --disable-gpu",
        ],
        env={**os.environ, "CHROME_PATH": find_chromium()},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"Lighthouse failed at {url}: {done.stderr[-2000:]}")
    report = dict(json.loads(done.stdout))
    if report["finalDisplayedUrl"] != url:
        raise SystemExit(f"{url} led to {report['finalDisplayedUrl']}.")
    return report


def _figures(report: Mapping[str, Any]) -> dict[str, float]:
    """Return the scores out of 100, the times, and what came over the line."""
    audits = report["audits"]
    loaded = audits["network-requests"]["details"]["items"]
    own = report["finalDisplayedUrl"].split("/")[2]
    return {
        **{name: 100 * report["categories"][name]["score"] for name in CATEGORIES},
        "first content s": audits["first-contentful-paint"]["numericValue"] / 1000,
        "layout shift": audits["cumulative-layout-shift"]["numericValue"],
        **{
            title: sum(item["transferSize"] for item in loaded if item.get("resourceType") == kind) / 1000
            for kind, title in SIZES.items()
        },
        "requests": len(loaded),
        "elsewhere": sum(item["url"].split("/")[2] != own for item in loaded if item["url"].startswith("http")),
    }


def parts(report: Mapping[str, Any]) -> list[str]:
    """Return the report's paragraphs and its table."""
    digits = {"first content s": 2, "layout shift": 3} | dict.fromkeys(SIZES.values(), 1)
    return [
        in_words(report),
        f"Lighthouse {report['lighthouse']}, its default profile (a slow phone on a slow line); the median of "
        f"{report['runs']} runs a page.",
        table(
            HEADER,
            [
                [f"`{path}`", *(f"{row[name]:.{digits.get(name, 0)}f}" for name in HEADER[1:])]
                for path, row in report["rows"].items()
            ],
        ),
    ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lighthouse", description=__doc__)
    parser.add_argument("lighthouse", type=Path)
    parser.add_argument("paths", nargs="*", help="Pages; all of ours where none is named.")
    parser.add_argument("--runs", type=int, default=1, help="How often each is visited (1).")
    parser.add_argument("--out", type=Path, default=BENCH / "lighthouse", help="Where to write (.bench/lighthouse).")
    return parser


if __name__ == "__main__":
    main()
