import numpy as np
import pytest

from processing.matting.composite import interleave, intersect, place_over, place_over_film, place_over_picture


def test_composite_is_alpha_f_plus_rest_of_b() -> None:
    foreground = np.array([[[200, 100, 0]] * 3], np.uint8)
    alpha = np.array([[0, 51, 255]], np.uint8)  # 0, 1/5, 1

    composed = place_over(foreground, alpha, (100, 200, 255))

    assert composed.tolist() == [[[100, 200, 255], [120, 180, 204], [200, 100, 0]]]


def test_composite_rounds_to_the_nearest_value() -> None:
    white_at = [
        place_over(np.full((1, 1, 3), 255, np.uint8), np.full((1, 1), a, np.uint8), (0, 0, 0)) for a in (1, 128)
    ]

    assert [int(pixel[0, 0, 0]) for pixel in white_at] == [1, 128]


def test_tall_picture_is_composed_to_its_last_row() -> None:
    tall = np.full((700, 2, 3), 10, np.uint8)

    assert (place_over(tall, np.full((700, 2), 255, np.uint8), (0, 0, 0)) == 10).all()
    assert (place_over(tall, np.zeros((700, 2), np.uint8), (7, 7, 7)) == 7).all()


def test_smaller_alpha_of_matte_and_input_wins() -> None:
    matte = np.array([[255, 255, 128, 0, 1]], np.uint8)
    opacity = np.array([[255, 100, 128, 255, 127]], np.uint8)

    assert intersect(matte, opacity).tolist() == [[255, 100, 128, 0, 1]]
    assert intersect(matte, None) is matte


def test_matte_is_scaled_to_the_greatest_opacity() -> None:
    matte = np.arange(256, dtype=np.uint8).reshape(1, 256)

    halved = intersect(matte, np.full((1, 256), 128, np.uint8))

    assert np.array_equal(halved, np.rint(matte * (128 / 255)).astype(np.uint8))
    assert not intersect(matte, np.zeros((1, 256), np.uint8)).any()


def test_every_composite_is_the_nearest_value() -> None:
    alpha, colour = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
    a, background = alpha[..., np.newaxis] / 255, np.array([0, 90, 255])

    exact = a * colour[..., np.newaxis] + (1 - a) * background

    composed = place_over(np.dstack([colour] * 3), alpha, (0, 90, 255))
    assert np.abs(composed - exact).max() <= 0.5 + 1e-9


def test_interleaved_colour_under_zero_alpha_is_black_and_no_other_is_changed() -> None:
    colours = np.array([[[9, 8, 7], [6, 5, 4]]], np.uint8)

    rgba = interleave(colours, np.array([[0, 1]], np.uint8))

    assert rgba.tolist() == [[[0, 0, 0, 0], [6, 5, 4, 1]]]
    assert colours[0, 0].tolist() == [9, 8, 7]


def test_cut_from_a_larger_picture_is_interleaved_like_any_other() -> None:
    large = np.random.default_rng(3).integers(1, 256, (40, 30, 4)).astype(np.uint8)
    box = slice(5, 25), slice(7, 20)

    assert np.array_equal(interleave(large[..., :3].copy()[box], large[..., 3].copy()[box]), large[box])


def test_a_background_picture_shows_where_the_subject_does_not() -> None:
    rng = np.random.default_rng(5)
    foreground, background = (rng.integers(0, 256, (40, 30, 3)).astype(np.uint8) for _ in range(2))
    alpha = rng.integers(0, 256, (40, 30)).astype(np.uint8)

    composed = place_over_picture(foreground, alpha, background)

    a = alpha[..., None].astype(np.float64) / 255
    assert np.abs(composed - (a * foreground + (1 - a) * background)).max() <= 0.501


@pytest.mark.parametrize("film", [(10, 200, 30, 128), (255, 255, 255, 1), (0, 0, 0, 254), (9, 9, 9, 0)])
def test_a_film_mixes_by_porter_and_duff(film: tuple[int, int, int, int]) -> None:
    rng = np.random.default_rng(6)
    foreground = rng.integers(0, 256, (40, 30, 3)).astype(np.uint8)
    alpha = rng.integers(0, 256, (40, 30)).astype(np.uint8)
    alpha[0], alpha[1] = 0, 255

    rgb, opacity = place_over_film(foreground, alpha, film)

    a, b = alpha.astype(np.float64) / 255, film[3] / 255
    both = a + b * (1 - a)
    expected = (a[..., None] * foreground + (b * (1 - a))[..., None] * np.array(film[:3])) / np.maximum(both, 1e-9)[
        ..., None
    ]
    assert np.abs(opacity - both * 255).max() <= 0.501
    assert np.abs(rgb - expected)[both > 0].max() <= 0.51
    assert (rgb[1] == foreground[1]).all()
    assert (opacity[0] == film[3]).all()
