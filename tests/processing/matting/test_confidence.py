import numpy as np
import pytest

from processing.matting.confidence import ambiguous_ratio, matte_confidence


def test_decided_matte_is_sure() -> None:
    assert matte_confidence(np.array([[0, 0, 1, 1]], np.float32)) == 1


def test_confidence_is_expected_intersection_over_expected_union() -> None:
    # Kept: 1 and 0.75, of which 1.75 are to be expected right; 0.25 more belong to the subject and are left out.
    assert matte_confidence(np.array([[0, 0.25, 0.75, 1]], np.float32)) == pytest.approx(1.75 / 2.25)


def test_confidence_falls_as_a_subject_fades() -> None:
    disc = np.hypot(*np.mgrid[-32:32, -32:32]).astype(np.float32) < 20

    faded = [matte_confidence(np.where(disc, level, 0).astype(np.float32)) for level in (1, 0.9, 0.7, 0.5)]

    assert faded == pytest.approx([1, 0.9, 0.7, 0.5])


def test_haze_around_the_subject_costs_confidence() -> None:
    matte = np.zeros((64, 64), np.float32)
    matte[16:48, 16:48] = 1
    hazy = np.maximum(matte, np.float32(0.1))

    assert matte_confidence(hazy) == pytest.approx(1024 / (1024 + 3072 * 0.1))


def test_matte_that_saw_nothing_has_no_confidence() -> None:
    assert matte_confidence(np.zeros((4, 4), np.float32)) == 0
    assert matte_confidence(np.full((4, 4), 0.49, np.float32)) == 0


def test_ambiguous_ratio_counts_pixels_from_a_tenth_to_nine_tenths() -> None:
    alpha = np.array([[0, 25, 26, 128, 230, 231, 255, 255]], np.uint8)

    assert ambiguous_ratio(alpha) == pytest.approx(3 / 8)
