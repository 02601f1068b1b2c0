import numpy as np

from processing.matting.lift import lift
from tests.processing.matting.fakes import disc_matte


def test_region_left_grey_becomes_opaque() -> None:
    grey = 0.4 * disc_matte()

    lifted = lift(grey)

    assert lifted[512, 512] > 0.99
    assert lifted[5, 5] == 0


def test_soft_edge_of_an_opaque_region_stays() -> None:
    matte = disc_matte(soft=0.02)

    lifted = lift(matte)

    assert np.abs(lifted - matte).max() < 0.08


def test_ghost_fades() -> None:
    matte = np.full((320, 320), 0.04, np.float32)

    assert lift(matte).max() == 0
