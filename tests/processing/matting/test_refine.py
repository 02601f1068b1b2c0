import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from processing.matting.refine import refine
from tests.processing.matting.fakes import disc_matte


def _disc_photo(side: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return an orange disc on blue with a sharp edge, and its true alpha."""
    y, x = np.mgrid[:side, :side].astype(np.float32) / side + 0.5 / side - 0.5
    alpha = np.clip((0.3 - np.hypot(x, y)) * side + 0.5, 0, 1)
    photo = alpha[..., None] * np.array([250, 140, 20]) + (1 - alpha[..., None]) * np.array([20, 60, 200])
    return np.rint(photo).astype(np.uint8), alpha.astype(np.float32)


def test_soft_matte_is_pulled_to_the_sharp_edge_of_the_photo() -> None:
    photo, truth = _disc_photo(600)
    network = disc_matte(soft=0.005)
    plain = cv2.resize(network, (600, 600), interpolation=cv2.INTER_AREA)

    refined = refine(photo, network) / 255

    assert np.abs(refined - truth).mean() < 0.5 * np.abs(plain - truth).mean()


def test_empty_matte_stays_empty_and_full_one_full() -> None:
    photo = np.random.default_rng(3).integers(0, 256, (50, 70, 3)).astype(np.uint8)

    assert not refine(photo, np.zeros((1024, 1024), np.float32)).any()
    assert (refine(photo, np.ones((1024, 1024), np.float32)) == 255).all()


def test_faint_haze_does_not_survive() -> None:
    photo = np.random.default_rng(3).integers(0, 256, (50, 70, 3)).astype(np.uint8)

    assert not refine(photo, np.full((1024, 1024), 0.015, np.float32)).any()


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (2, 1), (1, 16_384), (16_384, 1), (40, 60)])
def test_any_size_is_refined_and_keeps_the_share_that_is_seen(size: tuple[int, int]) -> None:
    photo = np.full((*size, 3), 120, np.uint8)

    alpha = refine(photo, disc_matte())

    assert alpha.shape == size
    assert alpha.mean() / 255 == pytest.approx(disc_matte().mean(), abs=0.05)


def test_strips_leave_no_seam() -> None:
    photo, _ = _disc_photo(900)

    alpha = refine(photo, disc_matte()).astype(np.int16)

    assert np.abs(alpha - alpha[::-1]).max() <= 2
    assert np.abs(alpha - alpha.T).max() <= 2


@pytest.mark.parametrize("size", [(3, 5), (65, 127), (64, 64)])
def test_tiles_cover_every_pixel(size: tuple[int, int]) -> None:
    photo = np.random.default_rng(4).integers(0, 256, (*size, 3)).astype(np.uint8)

    assert (refine(photo, np.ones((1024, 1024), np.float32)) == 255).all()
    assert refine(photo, np.full((1024, 1024), 0.6, np.float32)).min() > 200


def test_cost_follows_the_edge() -> None:
    """Tiles that are plainly opaque or transparent are filled, not computed: a photo of noise changes nothing there."""
    photo = np.random.default_rng(4).integers(0, 256, (1500, 1500, 3)).astype(np.uint8)

    alpha = refine(photo, disc_matte())

    assert (alpha[600:900, 600:900] == 255).all()
    assert not alpha[:200].any()
    assert not alpha[:, :200].any()
