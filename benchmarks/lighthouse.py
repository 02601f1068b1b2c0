"""Public pages in Lighthouse: `python -m benchmarks.lighthouse PATH/TO/lighthouse [/docs/ ...]`.

Lighthouse is an npm package that is no part of this project: `npm install lighthouse` in a folder of your own, and give
its `node_modules/.bin/lighthouse`. It measures in Debian's Chromium with its own default profile, a slow phone.
"""

import argparse
import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.browser.chromium import find_chromium
from tests.live.server import LiveServer

PATHS = ("/", "/docs/", "/docs/api/v1-remove/", "/pricing/", "/account/login/")
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
TIMES = {"first-contentful-paint": "first content", "cumulative-layout-shift": "layout shift"}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a row for each page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lighthouse", description=__doc__)
    parser.add_argument("lighthouse", type=Path)
    parser.add_argument("paths", nargs="*", default=PATHS)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        server = LiveServer(Path(folder), environ={"MODEL_NAME": "u2netp"}).start()
        try:
            print("| page |", " | ".join([*CATEGORIES, *TIMES.values()]), "|")
            for path in chosen.paths:
                print(f"| {path} |", " | ".join(row_of(measure(chosen.lighthouse, server.url + path))), "|", flush=True)
        finally:
            server.stop()


def measure(lighthouse: Path, url: str) -> dict[str, Any]:
    """Return Lighthouse's report on the page."""
    done = subprocess.run(
        [
            lighthouse.resolve(),
            url,
            "--quiet",
            "--output=json",
            f"--only-categories={','.join(CATEGORIES)}",
            "--chrome-flags=--headless=new --no-sandbox --disable-gpu",
        ],
        env={**os.environ, "CHROME_PATH": find_chromium()},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(json.loads(done.stdout))


def row_of(report: dict[str, Any]) -> list[str]:
    """Return the scores out of 100, then the times."""
    scores = [f"{100 * report['categories'][category]['score']:.0f}" for category in CATEGORIES]
    return [*scores, *(report["audits"][name]["displayValue"].replace("\u00a0", " ") for name in TIMES)]


if __name__ == "__main__":
    main()
