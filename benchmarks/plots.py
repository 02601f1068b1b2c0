"""Plots of what the benchmarks wrote: `python -m benchmarks.plots`, in the environment that has matplotlib.

It reads JSON and knows nothing of the product.
"""

import json
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt

from benchmarks.places import BENCH

FOLDER = BENCH / "plots"
OURS, OURS_TOO, PEER, GROUND = "#0a7d5a", "#8cc9b0", "#b0532c", "#8a8f98"
mpl.rcParams.update({"axes.spines.top": False, "axes.spines.right": False, "figure.constrained_layout.use": True})


def main() -> None:
    """Draw what there are results for, and say which."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for part, draw in (("quality", quality), ("speed", speed), ("serve", serve)):
        path = BENCH / part / f"{part}.json"
        if path.exists():
            draw(json.loads(path.read_text(encoding="utf-8")))
            print(f"drew {part}")


def quality(report: dict[str, Any]) -> None:
    """Ratios to the plain network by set, and confidence against IoU."""
    figure, axes = plt.subplots(1, 2, figsize=(11, 4), sharey=True)
    names = list(report["sets"])
    for axis, metric in zip(axes, ("Band", "Grad"), strict=True):
        for shift, (tier, colour) in enumerate((("standard", OURS), ("best", OURS_TOO))):
            ratios = [report["sets"][name]["all"][tier]["ratio"][metric] for name in names]
            axis.barh([place + 0.35 * shift for place in range(len(names))], ratios, 0.33, color=colour, label=tier)
        axis.axvline(1, color=GROUND, linewidth=1)
        axis.set_yticks([place + 0.17 for place in range(len(names))], names)
        axis.set_xlabel(f"{metric} error / plain network's (less is better)")
    axes[0].legend(frameon=False)
    _save(figure, "quality-ratios.png")
    figure, axis = plt.subplots(figsize=(6, 4.5))
    mattes = [matte for matte in report["mattes"] if matte["tier"] == "standard"]
    for name in names:
        of_set = [matte for matte in mattes if matte["set"] == name]
        confidences, overlaps = [matte["confidence"] for matte in of_set], [matte["IoU"] for matte in of_set]
        axis.scatter(confidences, overlaps, s=14, label=name)
    axis.set_xlabel("X-Matte-Confidence")
    axis.set_ylabel("IoU with the reference")
    axis.legend(frameon=False, fontsize=7)
    _save(figure, "confidence.png")


def speed(report: dict[str, Any]) -> None:
    """Median times, the network's part of them in a darker shade."""
    cases = dict(reversed(report["timed"].items()))
    figure, axis = plt.subplots(figsize=(8, 0.45 * len(cases) + 1))
    for place, (name, case) in enumerate(cases.items()):
        colour = OURS if name.startswith("ours") else PEER if name.startswith(("rembg", "withoutbg")) else GROUND
        axis.barh(place, case["median_s"], color=colour, alpha=0.45)
        axis.barh(place, case.get("inference_s", 0), color=colour)
    axis.set_yticks(range(len(cases)), list(cases))
    axis.set_xlabel("seconds, median; darker: the network alone")
    _save(figure, "speed.png")


def serve(report: dict[str, Any]) -> None:
    """Images a minute and waiting times by the number of clients."""
    figure, (rate, wait) = plt.subplots(1, 2, figsize=(10, 3.8))
    for server, colour in (("ours", OURS), ("rembg s", PEER)):
        levels = [level for level in report["levels"] if level["server"] == server and level["p50_s"] is not None]
        clients = [level["concurrency"] for level in levels]
        rate.plot(clients, [level["images_a_minute"] for level in levels], "o-", color=colour, label=server)
        wait.plot(clients, [level["p50_s"] for level in levels], "o-", color=colour, label=f"{server}, p50")
        wait.plot(clients, [level["p95_s"] for level in levels], "o:", color=colour, label=f"{server}, p95")
    rate.set(xlabel="clients at once", ylabel="images a minute", ylim=(0, None))
    wait.set(xlabel="clients at once", ylabel="seconds", ylim=(0, None))
    for axis in (rate, wait):
        axis.legend(frameon=False)
    _save(figure, "serve.png")


def _save(figure: Any, name: str) -> None:
    path: Path = FOLDER / name
    figure.savefig(path, dpi=120)
    plt.close(figure)


if __name__ == "__main__":
    main()
