"""The scores of the quality bench, on mattes whose scores follow from the definitions by hand."""

import numpy as np
import pytest

from benchmarks.matting_metrics import edge_band, gradient_magnitude, matting_scores
from benchmarks.segmentation_metrics import boundary_iou, f_curve, max_f, segmentation_scores, structure_measure

SIDE = 100


def square(left=30, side=40):
    matte = np.zeros((SIDE, SIDE))
    matte[30 : 30 + side, left : left + side] = 1
    return matte


def test_a_matte_equal_to_its_reference_has_no_error_and_full_likeness():
    scores = {**matting_scores(square(), square()), **segmentation_scores(square(), square())}

    assert [scores[name] for name in ("MAE", "SAD", "MSE", "Grad", "Band")] == [0, 0, 0, 0, 0]
    assert [scores[name] for name in ("IoU", "BIoU")] == [1, 1]
    assert scores["S"] == pytest.approx(1)


def test_errors_of_a_faint_matte_follow_from_its_area():
    scores = matting_scores(square() * 0.5, square())

    assert scores["MAE"] == pytest.approx(0.5 * 1600 / 10_000)
    assert scores["SAD"] == pytest.approx(0.5 * 1600 / 1000)
    assert scores["MSE"] == pytest.approx(0.25 * 1600 / 10_000)


def test_a_square_moved_by_ten_pixels_keeps_three_fifths():
    scores = segmentation_scores(square(left=40), square())

    assert scores["IoU"] == pytest.approx(30 / 50)
    assert scores["BIoU"] < scores["IoU"]


def test_gradient_of_an_edge_between_flat_sides_peaks_on_it_and_vanishes_elsewhere():
    edge = np.zeros((SIDE, SIDE))
    edge[:, 50:] = 1

    magnitude = gradient_magnitude(edge)

    assert magnitude[:, 49] == pytest.approx(magnitude[:, 50])
    assert magnitude[:, 49].min() == magnitude.max()
    assert magnitude[:, :40].max() == pytest.approx(0, abs=1e-12)


def test_gradient_of_noise_keeps_its_energy():
    noise = np.random.default_rng(1).standard_normal((400, 400))

    # Two derivatives of unit energy: the mean square is that of the noise, twice.
    assert np.square(gradient_magnitude(noise)).mean() == pytest.approx(2, rel=0.05)


def test_band_follows_the_outline_and_the_soft_pixels_and_nothing_else():
    reference = square()
    reference[80, 80] = 0.5

    band = edge_band(reference)

    assert band[30, 30]
    assert band[80, 80]
    assert band[80, 81]
    assert not band[50, 50]
    assert not band[10, 10]
    assert not edge_band(np.ones((SIDE, SIDE))).any()


def test_boundary_iou_looks_at_the_border_only():
    hollow = square()
    hollow[45:55, 45:55] = 0

    assert boundary_iou(square() > 0.5, square() > 0.5) == 1
    # The hole is a border of its own, as long as a quarter of the square's, and it is not in the reference.
    assert 0.7 < boundary_iou(hollow > 0.5, square() > 0.5) < 0.9


def test_f_is_full_at_every_threshold_below_a_clean_matte_and_none_for_an_empty_one():
    wanted = square() > 0.5

    assert f_curve(square(), wanted) == pytest.approx(np.ones(255))
    assert max_f([f_curve(np.zeros((SIDE, SIDE)), wanted)]) == 0
    # Half the picture's right side kept instead of the square: precision 800 / 5000, recall 800 / 1600.
    right_side = np.zeros((SIDE, SIDE))
    right_side[:, 50:] = 1
    precision, recall = 800 / 5000, 800 / 1600
    expected = 1.3 * precision * recall / (0.3 * precision + recall)
    assert max_f([f_curve(right_side, wanted)]) == pytest.approx(expected)


def test_structure_measure_of_the_inverse_is_low_and_of_empty_references_is_what_is_left():
    wanted = square() > 0.5

    assert structure_measure(1 - square(), wanted) == 0
    assert structure_measure(np.full((SIDE, SIDE), 0.25), np.zeros((SIDE, SIDE), bool)) == 0.75
    assert structure_measure(np.full((SIDE, SIDE), 0.25), np.ones((SIDE, SIDE), bool)) == 0.25
