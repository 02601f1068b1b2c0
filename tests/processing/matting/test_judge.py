"""Whether a transparent picture keeps its alpha, by a network whose answer is known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from processing.matting.decode import Photo
from processing.matting.input_alpha import has_hole, visible_box
from processing.matting.judge import MARGIN_OF_SIDE, Judgment, judge
from processing.matting.session import MattingSession
from tests.processing.matting.fakes import BlindSession, DiscSession, FixedSession, disc_matte

WHITE = (255, 255, 255)


def _judged(photo: Photo, session: MattingSession) -> Judgment:
    """Judge the photo trimmed to what is visible, as the pipeline does."""
    assert photo.alpha is not None
    box = visible_box(photo.alpha)
    assert box is not None
    part = np.s_[int(box.top) : int(box.top + box.height), int(box.left) : int(box.left + box.width)]
    trimmed = Photo(rgb=photo.rgb[part], alpha=photo.alpha[part])
    return judge(trimmed, session, has_hole=has_hole(photo.alpha))


def _photo(alpha: NDArray[np.uint8], level: int = 40) -> Photo:
    return Photo(rgb=np.full((*alpha.shape, 3), level, np.uint8), alpha=alpha)


def _disc_alpha(radius: float, side: int = 200) -> NDArray[np.uint8]:
    y, x = (np.mgrid[:side, :side] + 0.5) / side - 0.5
    return np.asarray(np.where(np.hypot(x, y) < radius, 255, 0), np.uint8)


def _bordered_alpha(side: int = 200, border: int = 10) -> NDArray[np.uint8]:
    return np.pad(np.full((side - 2 * border, side - 2 * border), 255, np.uint8), border)


def _network_sees_part_of_disc(seen_share: float) -> FixedSession:
    """Return a network that sees a disc as large as a trimmed one is with its margin, but only its lower part."""
    radius = 0.5 * (1 - 2 * MARGIN_OF_SIDE)
    matte = disc_matte(radius)
    matte[: round(matte.shape[0] * (0.5 + radius - 2 * radius * seen_share))] = 0
    return FixedSession(matte)


def test_opaque_photo_is_shown_as_it_is() -> None:
    session = DiscSession()
    photo = Photo(rgb=np.full((60, 80, 3), 90, np.uint8), alpha=None)

    judgment = judge(photo, session, has_hole=False)

    assert judgment.has_subject
    assert not judgment.keeps_alpha
    assert len(session.seen) == 1


def test_transparent_part_and_margin_are_shown_in_the_contrasting_color() -> None:
    session = DiscSession()

    _judged(_photo(_disc_alpha(0.3)), session)

    white = session.seen[0].max()
    shown = session.seen[0][0, 0]
    corner = round(0.14 * len(shown))
    assert shown[0, 0] == shown[-1, -1] == shown[corner, corner] == white
    assert shown[len(shown) // 2, len(shown) // 2] < white


def test_photo_with_a_border_loses_its_background_even_if_the_network_is_unsure() -> None:
    unsure = FixedSession(disc_matte() * np.float32(0.6))

    judgment = _judged(_photo(_bordered_alpha()), unsure)

    assert not judgment.keeps_alpha
    assert judgment.matte.max() == np.float32(0.6)


def test_shape_without_sides_keeps_its_alpha_if_the_network_is_unsure() -> None:
    """Lettering and drawings: a network trained on photos often sees a part of them, and says so."""
    alpha = _disc_alpha(0.48)
    small = disc_matte(0.2)

    assert not _judged(_photo(alpha), FixedSession(small)).keeps_alpha
    assert _judged(_photo(alpha), FixedSession(small * np.float32(0.7))).keeps_alpha


@pytest.mark.parametrize("seen_share", [1, 0.75, 0.6])
def test_cutout_keeps_what_the_network_misses_of_it(seen_share: float) -> None:
    photo = _photo(_disc_alpha(0.3))

    judgment = _judged(photo, _network_sees_part_of_disc(seen_share))

    assert judgment.keeps_alpha
    assert judgment.confidence > 0.9


@pytest.mark.parametrize("level", [1, 20, 30, 128, 255])
def test_alpha_is_read_as_a_matte_if_the_network_sees_nothing(level: int) -> None:
    alpha = (_disc_alpha(0.3) // 255 * level).astype(np.uint8)

    judgment = _judged(_photo(alpha), BlindSession())

    assert judgment.keeps_alpha
    assert judgment.has_subject
    assert judgment.confidence > 0.9


def test_soft_shape_keeps_its_alpha() -> None:
    y, x = (np.mgrid[:200, :200] + 0.5) / 200 - 0.5
    soft = np.asarray(np.rint((1 - 2 * np.hypot(x, y)).clip(0, 1) * 255), np.uint8)

    assert _judged(_photo(soft), FixedSession(disc_matte(0.1))).keeps_alpha


def test_flaws_of_an_opaque_photo_give_it_no_outline() -> None:
    alpha = np.full((200, 200), 255, np.uint8)
    alpha[:10, :10] = 0

    assert not _judged(_photo(alpha), BlindSession()).has_subject


@pytest.mark.parametrize("size", [(1, 1), (1, 700), (700, 1), (2, 3)])
@pytest.mark.parametrize("lowest", [0, 254])
def test_any_size_is_judged(size: tuple[int, int], lowest: int) -> None:
    alpha = np.full(size, 255, np.uint8)
    alpha[0, 0] = lowest

    judgment = judge(_photo(alpha), DiscSession(), has_hole=has_hole(alpha), looks_twice=True)

    assert judgment.matte.shape[0] == judgment.matte.shape[1]
