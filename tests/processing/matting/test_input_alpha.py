"""What is measured of the alpha that a picture comes with."""

import numpy as np
import pytest
from numpy.typing import NDArray

from processing.matting.input_alpha import (
    BACKDROPS,
    contrasting_color,
    has_hole,
    outline_of,
    rectangle_sides_share,
    show,
    stretched,
)


def _disc(side: int = 100, radius: float = 30) -> NDArray[np.bool_]:
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    return np.asarray(np.hypot(x, y) < radius)


@pytest.mark.parametrize("level", [0, 60, 100, 128, 160, 200, 255])
def test_backdrop_stands_out_from_every_gray(level: int) -> None:
    rgb = np.full((90, 120, 3), level, np.uint8)

    backdrop = contrasting_color(rgb, np.full((90, 120), 255, np.uint8))

    assert np.abs(np.asarray(backdrop) - level).max() >= 100


def test_backdrop_stands_out_from_a_subject_in_black_and_white() -> None:
    rgb = np.zeros((90, 120, 3), np.uint8)
    rgb[:, ::2] = 255

    assert contrasting_color(rgb, np.full((90, 120), 255, np.uint8)) not in ((255, 255, 255), (0, 0, 0))


def test_hidden_colors_do_not_choose_the_backdrop() -> None:
    rgb = np.full((100, 100, 3), 255, np.uint8)
    rgb[_disc()] = 0
    opacity = np.where(_disc(), np.uint8(90), np.uint8(0))

    assert contrasting_color(rgb, opacity) == (255, 255, 255)
    assert contrasting_color(rgb, np.zeros((100, 100), np.uint8)) == BACKDROPS[0]


def test_greatest_opacity_is_raised_to_full() -> None:
    assert stretched(np.array([[0, 64, 128]], np.uint8)).tolist() == [[0, 128, 255]]
    assert stretched(np.array([[0, 64, 255]], np.uint8)).tolist() == [[0, 64, 255]]
    assert stretched(np.zeros((1, 3), np.uint8)).tolist() == [[0, 0, 0]]


def test_picture_is_shown_over_the_backdrop_with_its_most_opaque_pixels_opaque() -> None:
    shown = show(np.full((1, 3, 3), 200, np.uint8), np.array([[0, 64, 128]], np.uint8), (0, 0, 0))

    assert shown[0, :, 0].tolist() == [0, 100, 200]


@pytest.mark.parametrize(("clear_rows", "expected"), [(0, False), (4, False), (5, True), (500, True), (999, True)])
def test_hole_needs_half_a_percent_of_transparent_pixels(clear_rows: int, expected: bool) -> None:
    opacity = np.full((1000, 20), 128, np.uint8)
    opacity[:clear_rows] = 0

    assert has_hole(opacity) is expected


def test_picture_that_is_half_opaque_or_wholly_transparent_has_no_hole() -> None:
    assert not has_hole(np.full((50, 50), 128, np.uint8))
    assert not has_hole(np.zeros((50, 50), np.uint8))


def test_outline_includes_the_edges_of_the_picture_and_of_holes() -> None:
    visible = np.ones((200, 200), np.bool_)
    visible[90:110, 90:110] = False

    outline = outline_of(visible)

    assert outline[[0, 199, 100, 100], [100, 100, 0, 199]].all()
    assert outline[[89, 110, 100, 100], [100, 100, 89, 110]].all()
    assert not outline[50, 50]
    assert not outline[~visible].any()


def test_photo_lies_along_the_sides_of_its_rectangle_and_a_disc_does_not() -> None:
    bordered = np.zeros((100, 140), np.bool_)
    bordered[5:95, 5:135] = True
    rounded = bordered.copy()
    for rows in (slice(5, 15), slice(85, 95)):
        rounded[rows, 5:15] = rounded[rows, 125:135] = False

    assert rectangle_sides_share(bordered) == 1
    assert rectangle_sides_share(rounded) > 0.6
    assert rectangle_sides_share(_disc()) < 0.3
    assert rectangle_sides_share(np.zeros((9, 9), np.bool_)) == 0
