from typing import Any

import numpy as np
import pytest

from processing.matting import guided_filter
from processing.matting.guided_filter import fit_to_colour


def test_matte_that_follows_colour_is_found_exactly() -> None:
    guide = np.random.default_rng(2).random((40, 50, 3), np.float32)
    matte = (0.5 * guide[..., 0] - 0.2 * guide[..., 1] + 0.1 * guide[..., 2] + 0.3).astype(np.float32)

    fit = fit_to_colour(guide, matte, radius=3, epsilon=1e-7)

    assert np.allclose(fit.coefficients, [0.5, -0.2, 0.1, 0.3], atol=2e-3)
    assert fit.explained.min() > 0.8


def test_matte_without_relation_to_colour_is_its_own_mean() -> None:
    guide = np.full((20, 20, 3), 0.4, np.float32)
    matte = np.zeros((20, 20), np.float32)
    matte[:, 10:] = 1

    fit = fit_to_colour(guide, matte, radius=2, epsilon=1e-4)

    assert np.allclose(fit.coefficients[..., :3], 0, atol=1e-3)
    assert fit.explained.max() < 0.01


def test_one_pixel_has_a_finite_fit() -> None:
    fit = fit_to_colour(np.full((1, 1, 3), 0.2, np.float32), np.full((1, 1), 0.7, np.float32), radius=2, epsilon=1e-4)

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
