import cv2
import numpy as np
import pytest

from processing.matting.framing import CROP_MIN_ALPHA, shrink, subject_box
from processing.matting.layout import Box, pixels_at_most
from processing.matting.options import ResultSize


def _picture(height: int, width: int) -> np.ndarray:
    return np.full((height, width, 3), 90, np.uint8)


def _within(height: int, width: int, limit: int) -> tuple[int, int]:
    return pixels_at_most(height, width, ResultSize(max_side_px=limit), is_png=False)


def test_the_subjects_box_is_tight_around_what_is_seen() -> None:
    alpha = np.zeros((10, 20), np.uint8)
    alpha[3:6, 4:9] = 255

    assert subject_box(alpha) == Box(4, 3, 5, 3)


def test_faint_noise_does_not_widen_the_box() -> None:
    alpha = np.full((10, 20), CROP_MIN_ALPHA - 1, np.uint8)
    alpha[3, 4] = CROP_MIN_ALPHA

    assert subject_box(alpha) == Box(4, 3, 1, 1)


def test_an_empty_matte_has_no_box() -> None:
    assert subject_box(np.zeros((10, 20), np.uint8)) is None


@pytest.mark.parametrize(
    ("size", "limit", "expected"),
    [
        ((100, 200), 50, (25, 50)),
        ((200, 100), 50, (50, 25)),
        ((100, 200), 200, (100, 200)),
        ((1, 16_384), 256, (1, 256)),
        ((3, 3), 1, (1, 1)),
    ],
)
def test_a_plain_picture_stays_as_it_is_when_shrunk(
    size: tuple[int, int], limit: int, expected: tuple[int, int]
) -> None:
    rgb, alpha = shrink(_picture(*size), np.full(size, 200, np.uint8), _within(*size, limit))

    assert alpha.shape == expected
    assert rgb.shape == (*expected, 3)
    assert (alpha == 200).all()
    assert (rgb == 90).all()


def test_hidden_colours_do_not_bleed_when_pixels_are_averaged() -> None:
    rgb = np.array([[[200, 0, 0], [0, 255, 0]]], np.uint8)
    alpha = np.array([[254, 0]], np.uint8)

    small_rgb, small_alpha = shrink(rgb, alpha, (1, 1))

    assert small_alpha.tolist() == [[127]]
    assert small_rgb.tolist() == [[[200, 0, 0]]]


def test_colours_are_averaged_by_their_alpha() -> None:
    rgb = np.array([[[240, 0, 0], [0, 120, 0]]], np.uint8)
    alpha = np.array([[150, 50]], np.uint8)

    small_rgb, small_alpha = shrink(rgb, alpha, (1, 1))

    assert small_alpha.tolist() == [[100]]
    assert small_rgb.tolist() == [[[180, 30, 0]]]


@pytest.mark.parametrize(("size", "limit"), [((301, 200), 100), ((90, 333), 332), ((400, 7), 33), ((64, 64), 5)])
def test_strips_give_the_average_over_the_whole(size: tuple[int, int], limit: int) -> None:
    pixels = np.random.default_rng(4).integers(0, 256, (*size, 4)).astype(np.uint8)
    rgb, alpha = pixels[..., :3].copy(), pixels[..., 3].copy()

    small_rgb, small_alpha = shrink(rgb, alpha, _within(*size, limit))

    side = (small_alpha.shape[1], small_alpha.shape[0])
    opacity = cv2.resize(alpha.astype(np.float64), side, interpolation=cv2.INTER_AREA)
    seen = cv2.resize(rgb * alpha.astype(np.float64)[..., None], side, interpolation=cv2.INTER_AREA)
    assert np.abs(small_alpha - opacity).max() <= 0.501
    assert np.abs(small_rgb - seen / np.maximum(opacity, 1e-6)[..., None])[opacity > 0].max() <= 0.501
