import numpy as np
import pytest
from numpy.typing import NDArray

from processing.matting.layer_colours import fit_layer_colours

RED, GREEN = np.array([0.8, 0.2, 0.1], np.float32), np.array([0.1, 0.9, 0.2], np.float32)


def _ramp(height: int = 48, width: int = 64) -> NDArray[np.float32]:
    return np.tile(np.linspace(0, 1, width, dtype=np.float32), (height, 1))


def _mixed(alpha: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(alpha[..., np.newaxis] * RED + (1 - alpha[..., np.newaxis]) * GREEN, np.float32)


def test_two_plain_colours_are_found_wherever_they_are_mixed() -> None:
    alpha = _ramp()

    layers = fit_layer_colours(_mixed(alpha), alpha)

    assert np.abs(layers.foreground - RED[:, np.newaxis, np.newaxis]).max() < 0.03
    assert np.abs(layers.background - GREEN[:, np.newaxis, np.newaxis]).max() < 0.03
    assert layers.residual.max() < 1e-4


def test_wrong_alpha_shows_in_the_residual() -> None:
    alpha = _ramp()
    step = np.asarray(alpha > 0.5, np.float32)

    right, wrong = fit_layer_colours(_mixed(step), step), fit_layer_colours(_mixed(step), alpha)

    assert right.residual.max() < 1e-4
    assert wrong.residual[0, :, 30:34].min() > 0.01


def test_pixels_without_weight_count_for_nothing() -> None:
    alpha, weight = _ramp(), np.ones((48, 64), np.float32)
    weight[:, :20] = 0
    picture = _mixed(alpha)
    repainted = picture.copy()
    repainted[:, :20] = (0, 0, 1)

    first, second = (fit_layer_colours(seen, alpha, weight) for seen in (picture, repainted))

    assert np.array_equal(first.foreground, second.foreground)
    assert np.array_equal(first.background, second.background)


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (7, 1), (5, 3)])
def test_any_size_and_alpha_give_colours_between_0_and_1(size: tuple[int, int], level: float) -> None:
    layers = fit_layer_colours(np.full((*size, 3), 0.3, np.float32), np.full(size, level, np.float32))

    for planes in layers:
        assert planes.shape[1:] == size
        assert np.isfinite(planes).all()
        assert planes.min() >= 0
        assert planes.max() <= 1
