"""All benchmarks, then their plots: `python -m benchmarks [--parts quality,speed,...] [--write]`.

`make bench` calls it. Each part is a program of its own, as it is when it is run alone, so that one that fails does not
take the others with it.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import page
from benchmarks.environments import python_of
from benchmarks.places import BENCH, ROOT

PARTS = ("quality", "colour", "speed", "serve", "pages", "webhook_flood")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the chosen parts; SystemExit names those that failed."""
    chosen = _parser().parse_args(arguments)
    parts = [part for part in chosen.parts.split(",") if part]
    unknown = sorted(set(parts) - set(PARTS))
    if unknown:
        raise SystemExit(f"There is no part {', '.join(unknown)}; there are {', '.join(PARTS)}.")
    failed = [part for part in parts if not _run(part, _options(part, chosen))]
    _draw()
    if chosen.write:
        page.write_results(parts or list(PARTS))
    print(f"Tables, JSON and pictures: {BENCH.relative_to(ROOT)}/PART; plots: {BENCH.relative_to(ROOT)}/plots.")
    if failed:
        raise SystemExit(f"Failed: {', '.join(failed)}.")


def _options(part: str, chosen: argparse.Namespace) -> list[str]:
    """Return the part's own options: the data where it needs some, and what the caller gave for it."""
    options = {"quality": chosen.quality, "speed": chosen.speed, "serve": chosen.serve}
    given = options.get(part, "").split()
    return ["--data", str(chosen.data), *given] if part == "quality" else given


def _run(part: str, options: Sequence[str]) -> bool:
    if part == "quality" and not Path(options[1]).is_dir():
        print(f"No photos with references in {options[1]}: name them with DATA=; quality is left out.", flush=True)
        return True
    print(f"--- {part} ---", flush=True)
    return subprocess.run([sys.executable, "-m", f"benchmarks.{part}", *options], cwd=ROOT, check=False).returncode == 0


def _draw() -> None:
    """Draw the plots in their own environment, from the JSON that lies there."""
    environment = {**os.environ, "MPLBACKEND": "agg", "MPLCONFIGDIR": str(BENCH / "matplotlib")}
    subprocess.run([python_of("plots"), "-m", "benchmarks.plots"], cwd=ROOT, env=environment, check=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--parts", default=",".join(PARTS), help=f"Of {', '.join(PARTS)}; none with --write: what lies there."
    )
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "eval", help="Photos with references.")
    parser.add_argument("--quality", default="", help="Options for the quality part, as one word.")
    parser.add_argument("--speed", default="", help="Options for the speed part.")
    parser.add_argument("--serve", default="", help="Options for the HTTP part.")
    parser.add_argument("--write", action="store_true", help="Put the tables into docs/benchmarks.md.")
    return parser


if __name__ == "__main__":
    main()
