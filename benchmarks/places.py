"""Where the benchmarks find things and where they leave them."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BENCH = ROOT / ".bench"  # ignored by git: photos, network outputs, environments, results
