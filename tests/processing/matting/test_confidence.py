import numpy as np
import pytest

from processing.matting.confidence import ambiguous_ratio, matte_confidence


def test_decided_matte_is_sure_and_undecided_one_is_not() -> None:
    assert matte_confidence(np.array([[0, 0, 1, 1]], np.float32)) == 1
    assert matte_confidence(np.array([[0, 0, 0.5, 0.5]], np.float32)) == 0
    assert matte_confidence(np.array([[0, 0, 1, 0.75]], np.float32)) == pytest.approx(0.75)


def test_matte_that_saw_nothing_has_no_confidence() -> None:
    assert matte_confidence(np.zeros((4, 4), np.float32)) == 0
    assert matte_confidence(np.full((4, 4), 0.09, np.float32)) == 0


def test_ambiguous_ratio_counts_pixels_from_a_tenth_to_nine_tenths() -> None:
    alpha = np.array([[0, 25, 26, 128, 230, 231, 255, 255]], np.uint8)

    assert ambiguous_ratio(alpha) == pytest.approx(3 / 8)
