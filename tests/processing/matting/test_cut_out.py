"""Real photos and every decode case through the real network."""

import io
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from processing.matting.options import CutoutOptions, DecodeLimits
from processing.matting.pipeline import Cutout, cut_out
from processing.matting.session import OnnxSession
from tests.photos import photo_bytes
from tests.processing.matting.decode_cases import COLOURS, FORMATS, ORIENTATIONS, TRANSPARENCIES, DecodeCase, as_file
from tests.real_model import real_session

# All eight orientations once, and one sideways one in each other format: test_decode.py compares the pixels of all.
THROUGH_THE_NETWORK = (
    *FORMATS,
    *(case for case in ORIENTATIONS if case.name.startswith("jpeg") or case.name.endswith(("n 6", "pixels"))),
    *COLOURS,
    *TRANSPARENCIES,
)
LIMITS = DecodeLimits(max_bytes=20 * 1024 * 1024, max_pixels=50_000_000, max_side_px=16_384, max_jpeg_scans=100)


def _alpha(cutout: Cutout) -> NDArray[np.float32]:
    alpha = np.asarray(Image.open(io.BytesIO(cutout.data)).getchannel("A"))
    return np.asarray(alpha, np.float32) * np.float32(1 / 255)


@cache
def _plain_cutout(picture: Callable[[], Image.Image], alpha: Callable[[], Image.Image] | None) -> NDArray[np.float32]:
    """Return the alpha of the same picture sent as the plainest PNG."""
    plain = picture().convert("RGB")
    if alpha is not None:
        plain.putalpha(alpha())
    return _alpha(cut_out(as_file(plain, "PNG"), CutoutOptions(), session=real_session(), limits=LIMITS))


@pytest.mark.parametrize("case", THROUGH_THE_NETWORK, ids=str)
def test_every_way_to_write_a_picture_gives_the_same_cutout(case: DecodeCase, isnet: OnnxSession) -> None:
    cutout = cut_out(case.make(), CutoutOptions(), session=isnet, limits=LIMITS)

    alpha = _alpha(cutout)
    assert (cutout.width, cutout.height, cutout.input_width, cutout.input_height) == (240, 300, 240, 300)
    assert np.abs(alpha - _plain_cutout(case.expected, case.alpha)).mean() < (0.002 if case.tolerance == 0 else 0.015)


def test_person_is_kept_and_the_room_is_gone(isnet: OnnxSession) -> None:
    cutout = cut_out(photo_bytes("astronaut"), CutoutOptions(), session=isnet, limits=LIMITS)

    alpha = _alpha(cutout)
    face, suit = alpha[80:150, 200:250], alpha[300:480, 60:300]
    flag, wall = alpha[20:200, :80], alpha[10:100, 420:]
    assert face.mean() > 0.97
    assert suit.mean() > 0.9
    assert flag.mean() < 0.03
    assert wall.mean() < 0.03
    assert cutout.has_subject
    assert cutout.matte_confidence > 0.9
    assert cutout.matte_ambiguous_ratio < 0.05


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [
        ("chelsea", (150, 200), (20, 420)),
        ("coffee", (200, 200), (20, 560)),
        ("grace_hopper", (400, 250), (40, 40)),
        ("flower", (213, 330), (30, 30)),
    ],
)
def test_subject_of_real_photos_is_kept(
    name: str, inside: tuple[int, int], outside: tuple[int, int], isnet: OnnxSession
) -> None:
    cutout = cut_out(photo_bytes(name), CutoutOptions(), session=isnet, limits=LIMITS)

    alpha = _alpha(cutout)
    assert alpha[inside] > 0.95
    assert alpha[outside] < 0.05
    assert cutout.has_subject


def test_lawn_has_no_subject_and_gives_an_empty_cutout(isnet: OnnxSession) -> None:
    cutout = cut_out(photo_bytes("grass"), CutoutOptions(), session=isnet, limits=LIMITS)

    assert not cutout.has_subject
    assert cutout.matte_confidence == 0
    assert not _alpha(cutout).any()


@pytest.mark.parametrize("size", [(1, 1), (1, 16_384)])
def test_extreme_sizes_come_through_the_network(size: tuple[int, int], isnet: OnnxSession) -> None:
    cutout = cut_out(
        as_file(Image.new("RGB", size, (200, 40, 40)), "PNG"), CutoutOptions(), session=isnet, limits=LIMITS
    )

    assert (cutout.width, cutout.height) == size
