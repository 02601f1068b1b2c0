"""What the quality bench says of a set, from scores that were made up."""

import numpy as np
import pytest

from benchmarks.quality_report import parts
from benchmarks.quality_scores import ERRORS, ScoredMatte, summarise, worst_cases

SURE = np.ones(255)


def matte(name, tier, *, error, overlap, half=0, confidence=0.5, set_name="truealpha", curve=SURE):
    scores = {**dict.fromkeys(ERRORS, error), "IoU": overlap, "S": overlap, "BIoU": overlap}
    return ScoredMatte(set_name, name, tier, half, scores, confidence, True, curve)


def two_photos():
    return [
        matte("a", "fast", error=0.2, overlap=0.9),
        matte("a", "standard", error=0.1, overlap=0.95),
        matte("b", "fast", error=0.4, overlap=0.7, half=1),
        matte("b", "standard", error=0.5, overlap=0.7, half=1),
    ]


def test_errors_are_compared_by_the_ratio_of_their_means_and_likenesses_by_difference():
    figures = summarise(two_photos())["sets"]["truealpha"]

    assert figures["photos"] == 2
    assert figures["all"]["standard"]["ratio"]["Band"] == pytest.approx(0.6 / 0.6)
    assert figures["even"]["standard"]["ratio"]["Band"] == pytest.approx(0.1 / 0.2)
    assert figures["odd"]["standard"]["ratio"]["Band"] == pytest.approx(0.5 / 0.4)
    assert figures["all"]["standard"]["gain"]["IoU"] == pytest.approx(0.025)


def test_max_f_belongs_to_one_threshold_for_the_whole_set():
    low, high = np.zeros(255), np.zeros(255)
    low[10], high[20] = 1, 1
    mattes = [matte("a", "fast", error=0, overlap=1, curve=low), matte("b", "fast", error=0, overlap=1, curve=high)]

    assert summarise(mattes)["sets"]["truealpha"]["all"]["fast"]["means"]["maxF"] == pytest.approx(0.5)


def test_confidence_is_ranked_against_overlap_over_all_sets_and_in_each():
    mattes = [
        matte(str(rank), "fast", error=0.1, overlap=rank / 10, confidence=rank / 20, set_name=name)
        for name, ranks in (("one", range(1, 6)), ("other", (6, 7)))
        for rank in ranks
    ]

    assert summarise(mattes)["confidence"]["fast"] == {"all": pytest.approx(1), "one": pytest.approx(1), "other": None}


def test_worst_cases_are_the_lowest_overlaps_and_the_greatest_losses_against_the_plain_network():
    worst = worst_cases(two_photos(), "standard", 1)

    assert [row["name"] for row in worst["lowest IoU"]] == ["b"]
    assert [(row["name"], row["Band plain"]) for row in worst["Band worse than plain"]] == [("b", 0.4)]


def test_the_report_names_what_was_asked_and_every_set_that_lost():
    mattes = [
        matte("a", tier, error=error, overlap=overlap)
        for tier, error, overlap in (("fast", 0.2, 0.9), ("standard", 0.1, 0.897), ("best", 0.19, 0.9))
    ]
    around = {"day": "2026-11-23", "commit": "0", "machine": "a machine", "versions": {}, "weights_digest": "0" * 64}
    report = {**around, **summarise(mattes), "worst": worst_cases(mattes, "standard", 1)}

    text = "\n".join(parts(report))

    assert "| truealpha Band | 0.500x | <= 0.880x | 0.950x | <= 0.800x | yes, no |" in text
    assert "truealpha IoU -0.0030 in standard" in text
    assert "in best" not in text
