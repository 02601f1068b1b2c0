from typing import Any

import numpy as np
import pytest

from processing.matting import guided_filter
from processing.matting.guided_filter import ColourGuide


def test_matte_that_follows_colour_is_found_exactly() -> None:
    guide = np.random.default_rng(2).random((40, 50, 3), np.float32)
    matte = (0.5 * guide[..., 0] - 0.2 * guide[..., 1] + 0.1 * guide[..., 2] + 0.3).astype(np.float32)

    fit = ColourGuide(guide, radius=3, epsilon=1e-7).fit(matte)

    assert np.allclose(fit.coefficients, [0.5, -0.2, 0.1, 0.3], atol=2e-3)
    assert fit.explained.min() > 0.8


def test_matte_without_relation_to_colour_is_its_own_mean() -> None:
    guide = np.full((20, 20, 3), 0.4, np.float32)
    matte = np.zeros((20, 20), np.float32)
    matte[:, 10:] = 1

    fit = ColourGuide(guide, radius=2, epsilon=1e-4).fit(matte)

    assert np.allclose(fit.coefficients[..., :3], 0, atol=1e-3)
    assert fit.explained.max() < 0.01


def test_one_pixel_has_a_finite_fit() -> None:
    fit = ColourGuide(np.full((1, 1, 3), 0.2, np.float32), radius=2, epsilon=1e-4).fit(np.full((1, 1), 0.7, np.float32))

    assert np.allclose(fit.coefficients, [0, 0, 0, 0.7], atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 16384), (16384, 1)])
def test_a_window_wider_than_the_picture_is_cut_to_it(shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """A line of pixels must not be padded to a square of its length: 366 bytes of file took 1.2 GB that way."""
    windows: list[tuple[int, int]] = []
    blur = guided_filter.cv2.blur

    def noted(planes: Any, window: tuple[int, int], **options: Any) -> Any:
        windows.append(window)
        return blur(planes, window, **options)

    monkeypatch.setattr(guided_filter.cv2, "blur", noted)
    line = np.linspace(0, 1, 16384, dtype=np.float32).reshape(shape)

    mean = guided_filter.box_mean(line, 1638)

    assert sorted(windows[0]) == [3, 2 * 1638 + 1]
    assert np.allclose(mean.ravel()[4000:12000], line.ravel()[4000:12000], atol=1e-3)


def test_filtering_is_the_fit_applied_to_its_own_guide_and_linear_in_the_matte() -> None:
    rng = np.random.default_rng(5)
    colours = ColourGuide(rng.random((30, 40, 3), np.float32), radius=4, epsilon=1e-4)
    one, other = rng.random((2, 30, 40), np.float32)

    together = colours.filtered(2 * one - other)

    assert np.allclose(together, 2 * colours.filtered(one) - colours.filtered(other), atol=1e-4)


def test_filter_agrees_with_solving_each_window_by_least_squares() -> None:
    """He, Sun, Tang 2013, equations 14 and 15, for the window in the middle, with numpy's own solver."""
    rng = np.random.default_rng(6)
    guide, matte = rng.random((9, 9, 3), np.float32), rng.random((9, 9), np.float32)
    pixels, values = guide.reshape(-1, 3).astype(np.float64), matte.ravel().astype(np.float64)
    covariance = (pixels * values[:, None]).mean(0) - pixels.mean(0) * values.mean()
    slope = np.linalg.solve(np.cov(pixels.T, bias=True) + 1e-3 * np.eye(3), covariance)

    _, _, ours, offset = ColourGuide(guide, radius=4, epsilon=1e-3)._solved(matte)

    assert np.allclose([plane[4, 4] for plane in ours], slope, atol=1e-4)
    assert offset[4, 4] == pytest.approx(values.mean() - slope @ pixels.mean(0), abs=1e-4)
