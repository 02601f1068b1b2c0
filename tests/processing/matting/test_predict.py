import numpy as np
import pytest

from processing.matting.predict import SUBJECT_MIN_MATTE, SUBJECT_MIN_SHARE, has_subject, predict
from tests.processing.matting.fakes import BlindSession, DiscSession, FixedSession, disc_matte


def test_network_is_fed_rgb_minus_one_half_channels_first(disc: DiscSession) -> None:
    predict(np.full((30, 20, 3), (255, 0, 51), np.uint8), disc)

    (tensor,) = disc.seen
    assert tensor.shape == (1, 3, 1024, 1024)
    assert tensor.dtype == np.float32
    assert np.allclose(tensor[0, :, 512, 512], [0.5, -0.5, -0.3])


@pytest.mark.parametrize("size", [(1, 1), (1, 16_384), (16_384, 1), (3000, 2500), (1024, 1024), (1500, 900)])
def test_picture_of_any_size_keeps_its_places(size: tuple[int, int], disc: DiscSession) -> None:
    picture = np.zeros((*size, 3), np.uint8)
    picture[: size[0] // 2] = 255

    predict(picture, disc)

    shown = disc.seen[0][0, 0]
    assert shown[1000].max() == pytest.approx(-0.5, abs=0.01)
    if size[0] > 1:
        assert shown[20].min() == pytest.approx(0.5, abs=0.01)


def test_prediction_is_never_stretched() -> None:
    matte = predict(np.zeros((10, 10, 3), np.uint8), BlindSession())

    assert matte.max() == pytest.approx(0.08)
    assert not has_subject(matte)


def test_subject_is_there_when_a_small_share_is_sure() -> None:
    matte = np.zeros((1000, 1000), np.float32)
    count = round(SUBJECT_MIN_SHARE * matte.size)
    matte.flat[: count - 1] = SUBJECT_MIN_MATTE
    assert not has_subject(matte)

    matte.flat[:count] = SUBJECT_MIN_MATTE
    assert has_subject(matte)
    assert has_subject(disc_matte())


class _LeftHalfSession(FixedSession):
    """Sees its subject on the left of whatever it is shown: wrong once, right once, for a symmetric picture."""

    def __init__(self) -> None:
        matte = np.zeros((1024, 1024), np.float32)
        matte[:, :512] = 1
        super().__init__(matte)


def test_two_looks_are_a_picture_and_its_mirror_image_averaged() -> None:
    session = _LeftHalfSession()
    picture = np.zeros((8, 8, 3), np.uint8)
    picture[:, :4] = 255

    matte = predict(picture, session, looks_twice=True)

    assert np.allclose(matte, 0.5)
    first, second = session.seen
    assert np.array_equal(second, first[..., ::-1])
    assert not np.array_equal(first, second)
