import numpy as np
from numpy.typing import NDArray

from processing.matting.soft_matting import PRIOR_POWER, solve_matte


def _strands(side: int = 200) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Return a photo of thin dark strands before grey, their true alpha, and a prior that draws them thrice as bold."""
    alpha, bold = np.zeros((side, side), np.float32), np.zeros((side, side), np.float32)
    for column in range(20, side, 12):
        alpha[:100, column], bold[:100, column - 1 : column + 2] = 0.8, 1
    alpha[100:], bold[100:] = 1, 1
    noise = np.random.default_rng(7).normal(0, 0.01, (side, side, 3))
    photo = alpha[..., None] * np.array([0.3, 0.15, 0.1]) + (1 - alpha[..., None]) * 0.7 + noise
    return photo.astype(np.float32), alpha, bold


def test_strands_drawn_too_bold_become_as_thin_as_the_photo_shows_them() -> None:
    photo, alpha, bold = _strands()

    solved = solve_matte(photo, bold)

    among = slice(10, 90)
    assert np.abs(solved - alpha)[among].mean() < 0.4 * np.abs(bold - alpha)[among].mean()
    assert solved[150:].min() > 0.95


def test_what_is_decided_and_flat_stays() -> None:
    prior = np.zeros((80, 90), np.float32)
    prior[:, 45:] = 1

    solved = solve_matte(np.full((80, 90, 3), 0.5, np.float32), prior)

    assert solved[:, :20].max() < 0.05
    assert solved[:, 70:].min() > 0.95


def test_the_same_twice() -> None:
    photo, _, bold = _strands()

    assert np.array_equal(solve_matte(photo, bold), solve_matte(photo, bold))


def test_one_pixel_keeps_its_prior() -> None:
    assert np.allclose(
        solve_matte(np.full((1, 1, 3), 0.3, np.float32), np.full((1, 1), 0.6, np.float32)), 0.6**PRIOR_POWER
    )
