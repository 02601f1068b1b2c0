import numpy as np

from processing.matting.trimap import BACKGROUND, FOREGROUND, UNKNOWN, make_trimap

B, U, F = BACKGROUND, UNKNOWN, FOREGROUND


def test_soft_pixels_and_their_neighbours_are_unknown() -> None:
    matte = np.array([[0, 0, 0, 0.5, 1, 1, 1]], np.float32)

    assert make_trimap(matte, band_px=1).tolist() == [[B, B, U, U, U, F, F]]


def test_hard_edge_is_unknown_on_both_sides() -> None:
    matte = np.array([[0, 0, 0, 1, 1, 1]], np.float32)

    assert make_trimap(matte, band_px=1).tolist() == [[B, B, U, U, F, F]]


def test_border_of_the_picture_is_no_edge() -> None:
    assert (make_trimap(np.ones((5, 5), np.float32), band_px=2) == F).all()
    assert (make_trimap(np.zeros((5, 5), np.float32), band_px=2) == B).all()


def test_one_pixel_is_what_it_is() -> None:
    values = [make_trimap(np.full((1, 1), value, np.float32), band_px=3).item() for value in (0.05, 0.06, 0.94, 0.95)]

    assert values == [B, U, U, F]
