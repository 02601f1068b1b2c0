"""From scores of single mattes to what is said of a set: means, ratios to the plain network, halves, rank order."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from benchmarks.segmentation_metrics import max_f

PLAIN = "fast"  # the network's matte, enlarged: what every other tier is compared with
ERRORS = ("MAE", "SAD", "MSE", "Grad", "Band")  # less is better: compared by ratio
LIKENESSES = ("IoU", "S", "maxF", "BIoU")  # more is better: compared by difference
FEWEST_TO_RANK = 5


@dataclass(frozen=True, slots=True)
class ScoredMatte:
    """One tier's matte of one photo; `half` is 0 or 1, by the place of its name in its set."""

    set_name: str
    name: str
    tier: str
    half: int
    scores: dict[str, float]
    confidence: float
    has_subject: bool
    f_curve: NDArray[np.float64] | None = field(repr=False)

    def as_json(self) -> dict[str, Any]:
        """Return what is worth keeping of it."""
        own_f = {} if self.f_curve is None else {"maxF": float(self.f_curve.max())}
        return {
            "set": self.set_name,
            "name": self.name,
            "tier": self.tier,
            "half": self.half,
            **self.scores,
            **own_f,
            "confidence": self.confidence,
            "has_subject": self.has_subject,
        }


def summarise(mattes: list[ScoredMatte]) -> dict[str, Any]:
    """Return the figures of each set, whole and by halves, and how confidence ranks all mattes."""
    tiers = list(dict.fromkeys(matte.tier for matte in mattes))
    sets = sorted({matte.set_name for matte in mattes})
    by_set = {}
    for set_name in sets:
        of_set = [matte for matte in mattes if matte.set_name == set_name]
        by_set[set_name] = {
            "photos": len({matte.name for matte in of_set}),
            "all": _compared(of_set, tiers),
            "even": _compared([matte for matte in of_set if matte.half == 0], tiers),
            "odd": _compared([matte for matte in of_set if matte.half == 1], tiers),
        }
    return {"sets": by_set, "confidence": {tier: _ranking(_of_tier(mattes, tier), sets) for tier in tiers}}


def worst_cases(mattes: list[ScoredMatte], tier: str, count: int) -> dict[str, list[dict[str, Any]]]:
    """Return the photos where the tier keeps the wrong thing, and those where it is worse than the plain network."""
    plain = {(matte.set_name, matte.name): matte for matte in _of_tier(mattes, PLAIN)}
    own = _of_tier(mattes, tier)

    def loss(matte: ScoredMatte) -> float:
        return matte.scores["Band"] - plain[matte.set_name, matte.name].scores["Band"]

    return {
        "lowest IoU": _listed(own, lambda matte: matte.scores["IoU"], count),
        "Band worse than plain": [
            {**row, "Band plain": plain[row["set"], row["name"]].scores["Band"]}
            for row in _listed([matte for matte in own if loss(matte) > 0], lambda matte: -loss(matte), count)
        ],
    }


def _of_tier(mattes: Iterable[ScoredMatte], tier: str) -> list[ScoredMatte]:
    return [matte for matte in mattes if matte.tier == tier]


def _listed(mattes: list[ScoredMatte], key: Callable[[ScoredMatte], float], count: int) -> list[dict[str, Any]]:
    return [matte.as_json() for matte in sorted(mattes, key=key)[:count]]


def _compared(mattes: list[ScoredMatte], tiers: list[str]) -> dict[str, Any]:
    """Return each tier's means and, for tiers other than the plain network, what they gain on it."""
    if not mattes:
        return {}
    means = {tier: _means(_of_tier(mattes, tier)) for tier in tiers}
    compared: dict[str, Any] = {}
    for tier in tiers:
        ratios = {name: _ratio(means[tier][name], means[PLAIN][name]) for name in ERRORS}
        gains = {name: means[tier][name] - means[PLAIN][name] for name in LIKENESSES}
        compared[tier] = {"means": means[tier], "ratio": ratios, "gain": gains}
    return compared


def _means(mattes: list[ScoredMatte]) -> dict[str, float]:
    means = {name: float(np.mean([matte.scores[name] for matte in mattes])) for name in mattes[0].scores}
    return {**means, "maxF": max_f([matte.f_curve for matte in mattes if matte.f_curve is not None])}


def _ratio(own: float, plain: float) -> float:
    if plain:
        return own / plain
    return 1.0 if own == 0 else float("inf")


def _ranking(mattes: list[ScoredMatte], sets: list[str]) -> dict[str, float | None]:
    """Return Spearman's rank correlation of confidence with IoU over all photos and in each set."""
    groups = {"all": mattes, **{name: [matte for matte in mattes if matte.set_name == name] for name in sets}}
    return {name: _spearman(group) for name, group in groups.items()}


def _spearman(mattes: list[ScoredMatte]) -> float | None:
    confidences = [matte.confidence for matte in mattes]
    overlaps = [matte.scores["IoU"] for matte in mattes]
    if len(mattes) < FEWEST_TO_RANK or len(set(confidences)) == 1 or len(set(overlaps)) == 1:
        return None
    return float(spearmanr(confidences, overlaps).statistic)
