import numpy as np
from numpy.typing import NDArray

from processing.matting.fine_structure import strands
from tests.processing.matting.fakes import disc_matte

_SIZE = (300, 300)


def _calm() -> NDArray[np.float32]:
    return np.full((*_SIZE, 3), 0.5, np.float32)


def test_plain_outline_has_none_however_soft() -> None:
    for soft in (0.003, 0.02, 0.2):
        matte = disc_matte(soft=soft)
        assert strands(_calm(), matte).max() < 0.05


def test_hair_on_a_disc_is_found_where_it_is() -> None:
    matte = disc_matte()
    matte[100:300, 400:600:5] = 0.9

    found = strands(_calm(), matte)

    assert found[60:80, 125:165].min() > 0.95
    assert found[200:].max() < 0.05


def test_wider_gaps_count_in_a_calm_photo_only() -> None:
    """In a photo full of edges they are as likely the background's pattern."""
    ridges = 0.4 + 0.3 * np.sin(2 * np.pi * np.arange(1024) / 56)
    matte = np.broadcast_to(ridges, (1024, 1024)).astype(np.float32)
    checks = np.indices(_SIZE).sum(axis=0)[..., np.newaxis] // 2 % 2 * np.ones(3)

    assert strands(_calm(), matte).mean() > 0.3
    assert strands(checks.astype(np.float32), matte).mean() < 0.02
