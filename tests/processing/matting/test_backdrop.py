"""A background picture at the canvas' size: centred, filling it, never stretched."""

import numpy as np
import pytest

from processing.matting.backdrop import backdrop_at
from processing.matting.decode import Photo


def thirds(height: int, width: int, *, across: bool) -> Photo:
    """Return a picture in three bands, red, green and blue, side by side or one below the other."""
    length = width if across else height
    band = np.minimum(np.arange(length) * 3 // length, 2)
    colours = np.array([(255, 0, 0), (0, 255, 0), (0, 0, 255)], np.uint8)[band]
    rgb = np.broadcast_to(colours[np.newaxis] if across else colours[:, np.newaxis], (height, width, 3)).copy()
    return Photo(rgb=rgb, alpha=None)


def test_a_picture_of_the_same_size_stays_as_it_is():
    picture = thirds(30, 60, across=True)

    assert backdrop_at(picture, (30, 60)) is picture.rgb


@pytest.mark.parametrize("size", [(100, 100), (10, 10), (300, 300)])
@pytest.mark.parametrize("across", [True, False])
def test_of_a_long_picture_the_middle_third_fills_a_square(size, across):
    picture = thirds(100, 300, across=True) if across else thirds(300, 100, across=False)

    filled = backdrop_at(picture, size)

    assert filled.shape == (*size, 3)
    middle = filled[size[0] // 10 : -size[0] // 10 or None, size[1] // 10 : -size[1] // 10 or None]
    assert (middle == (0, 255, 0)).all()


def test_nothing_is_stretched():
    y, x = np.mgrid[:200, :300]
    disc = np.hypot(x - 149.5, y - 99.5) < 50
    picture = Photo(rgb=np.repeat(np.where(disc, 255, 0).astype(np.uint8)[..., None], 3, axis=2), alpha=None)

    filled = backdrop_at(picture, (400, 400))[..., 0] > 127

    rows, columns = np.flatnonzero(filled.any(axis=1)), np.flatnonzero(filled.any(axis=0))
    assert abs(len(rows) - 200) <= 2
    assert abs(len(columns) - 200) <= 2


def test_what_is_transparent_in_it_is_white():
    picture = Photo(rgb=np.zeros((10, 10, 3), np.uint8), alpha=np.zeros((10, 10), np.uint8))

    assert (backdrop_at(picture, (10, 10)) == 255).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1)])
def test_pictures_and_canvases_of_any_proportions_meet(size):
    assert backdrop_at(thirds(3, 400, across=True), size).shape == (*size, 3)
    assert backdrop_at(Photo(rgb=np.zeros((1, 1, 3), np.uint8), alpha=None), size).shape == (*size, 3)
