"""Pixels on the canvas: cut, shrunk and enlarged, checked at points and against a plain computation."""

import numpy as np
import pytest

from processing.matting.layout import Box, Layout
from processing.matting.placing import place

RED = (200, 30, 10)


def square(height: int = 40, width: int = 60, box: tuple[int, int, int, int] = (20, 10, 20, 20)):
    """Return a red square on hidden green."""
    rgb = np.full((height, width, 3), (0, 255, 0), np.uint8)
    alpha = np.zeros((height, width), np.uint8)
    left, top, wide, tall = box
    rgb[top : top + tall, left : left + wide] = RED
    alpha[top : top + tall, left : left + wide] = 255
    return rgb, alpha


def bounds(alpha):
    rows, columns = np.flatnonzero(alpha.max(axis=1) > 127), np.flatnonzero(alpha.max(axis=0) > 127)
    return columns[0], rows[0], columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1


def test_the_whole_photo_is_not_copied():
    rgb, alpha = square()

    placed = place(rgb, alpha, Layout(40, 60, Box(0, 0, 60, 40), Box(0, 0, 60, 40)))

    assert np.shares_memory(placed[0], rgb)
    assert np.shares_memory(placed[1], alpha)


def test_a_frame_beyond_the_photo_is_transparent_there():
    rgb, alpha = place(*square(), Layout(60, 80, Box(-10, -15, 80, 60), Box(0, 0, 80, 60)))

    assert alpha.shape == (60, 80)
    assert bounds(alpha) == (30, 25, 20, 20)
    assert not rgb[:15].any()
    assert rgb[30, 35].tolist() == list(RED)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (Box(0, 0, 20, 20), (0, 0, 20, 20)),
        (Box(5, 7, 10, 10), (5, 7, 10, 10)),
        (Box(3, 2, 50, 50), (3, 2, 50, 50)),
        (Box(10.5, 0, 20, 20), (10, 0, 20, 20)),
        (Box(-10, -10, 40, 40), (0, 0, 30, 30)),
        (Box(30, 30, 60, 60), (30, 30, 50, 30)),
    ],
)
def test_the_subject_stands_where_the_layout_says(target, expected):
    _, alpha = place(*square(), Layout(60, 80, Box(20, 10, 20, 20), target))

    assert np.allclose(bounds(alpha), expected, atol=1)


def test_a_subject_outside_the_canvas_leaves_it_empty():
    rgb, alpha = place(*square(), Layout(60, 80, Box(20, 10, 20, 20), Box(500, 0, 20, 20)))

    assert not alpha.any()
    assert not rgb.any()


def test_a_subject_thinner_than_a_pixel_is_still_seen():
    _, alpha = place(*square(), Layout(10, 10, Box(20, 10, 20, 20), Box(5, 5, 0.2, 0.2)))

    assert alpha.any()


@pytest.mark.parametrize("factor", [0.3, 0.5, 1.5, 7.0, 100.0])
def test_hidden_colours_never_show(factor):
    rgb, alpha = place(
        *square(),
        Layout(round(40 * factor), round(60 * factor), Box(0, 0, 60, 40), Box(0, 0, 60 * factor, 40 * factor)),
    )

    assert rgb[alpha > 20][:, 1].max() <= RED[1] + 2
    # OpenCV reads between pixels in steps of a 32nd, and either edge may be one or two of them off.
    assert np.allclose(bounds(alpha), [round(value * factor) for value in (20, 10, 20, 20)], atol=1 + factor / 8)


def test_an_enlarged_ramp_is_the_ramp_enlarged():
    ramp = np.tile(np.arange(0, 200, 5, dtype=np.uint8), (30, 1))
    rgb = np.dstack([ramp] * 3)

    large, alpha = place(rgb, np.full((30, 40), 255, np.uint8), Layout(90, 120, Box(0, 0, 40, 30), Box(0, 0, 120, 90)))

    expected = ((np.arange(120) + 0.5) / 3 - 0.5) * 5
    assert (alpha == 255).all()
    assert np.abs(large[45, 6:-6, 0] - expected[6:-6]).max() <= 1


def test_strips_join_without_a_seam():
    rng = np.random.default_rng(3)
    rgb, alpha = rng.integers(0, 256, (50, 70, 3)).astype(np.uint8), rng.integers(0, 256, (50, 70)).astype(np.uint8)

    large = place(rgb, alpha, Layout(400, 560, Box(0, 0, 70, 50), Box(0, 0, 560, 400)))
    shifted = place(rgb, alpha, Layout(400 - 8, 560, Box(0, 0, 70, 50), Box(0, -8, 560, 400)))

    assert np.abs(large[1][8:].astype(int) - shifted[1]).max() <= 1
