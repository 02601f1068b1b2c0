import numpy as np

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
