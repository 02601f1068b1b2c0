import cv2
import numpy as np
import pytest

from processing.matting.resample import area_weights, enlarged_rows, resized, working_size
from processing.matting.strips import row_strips


def test_working_size_keeps_the_shape_and_never_enlarges() -> None:
    assert working_size(1000, 4000, 1_000_000) == (500, 2000)
    assert working_size(10, 20, 1_000_000) == (10, 20)
    assert working_size(1, 16_384, 100) == (1, 1280)


def test_shrinking_averages() -> None:
    assert resized(np.array([[0, 1, 1, 1]], np.float32), (1, 2)).tolist() == [[0.5, 1.0]]


def test_one_side_may_shrink_while_the_other_grows() -> None:
    columns = np.array([[0, 1], [0, 1], [0, 0], [0, 0]], np.float32)

    assert resized(columns, (1, 4)).tolist() == [[0, 0.125, 0.375, 0.5]]


@pytest.mark.parametrize(
    ("small_size", "size"), [((7, 9), (61, 40)), ((1, 1), (5, 3)), ((4, 4), (4, 4)), ((3, 1), (600, 1))]
)
@pytest.mark.parametrize("channels", [(), (1,), (2,), (6,)])
def test_rows_enlarged_in_strips_are_those_of_the_whole(
    small_size: tuple[int, int], size: tuple[int, int], channels: tuple[int, ...]
) -> None:
    small = np.random.default_rng(1).random((*small_size, *channels), np.float32)
    whole = cv2.resize(small, size[::-1], interpolation=cv2.INTER_LINEAR)

    strips = [enlarged_rows(small, size, rows) for rows in row_strips(size[0], 13)]

    assert np.allclose(np.concatenate(strips).reshape(whole.shape), whole, atol=1e-5)


@pytest.mark.parametrize(("before", "after"), [(10, 10), (10, 3), (1000, 999), (7, 1), (1, 1)])
def test_area_weights_are_those_of_averaging(before: int, after: int) -> None:
    column = np.random.default_rng(6).random((before, 1), np.float32)
    whole = cv2.resize(column, (1, after), interpolation=cv2.INTER_AREA)

    averaged = []
    for rows in row_strips(after, 4):
        covered, weights = area_weights(before, after, rows)
        assert np.allclose(weights.sum(axis=1), 1, atol=1e-5)
        averaged.append(weights @ column[covered])

    assert np.allclose(np.concatenate(averaged), whole, atol=1e-4)
