"""Real photos and every decode case through the real network."""

import io
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from processing.matting.options import CutoutOptions, DecodeLimits, Quality
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


def _ball(level: int, *, soft_share: float = 0.02) -> Image.Image:
    """Return a gray ball on a transparent ground, 300 x 225, soft along this share of its width."""
    y, x = np.mgrid[:225, :300] + 0.5
    distance = np.hypot(x - 150, y - 112)
    ball = np.full((225, 300, 4), level, np.uint8)
    ball[..., 3] = np.rint(((75 - distance) / (150 * soft_share)).clip(0, 1) * 255)
    return Image.fromarray(ball)


@pytest.mark.parametrize("level", [0, 100, 128, 160, 255])
def test_gray_ball_on_transparent_ground_is_kept(level: int, isnet: OnnxSession) -> None:
    """Over gray 128 those of 100 to 160 came back empty, with confidence 0."""
    ball = _ball(level)

    cutout = cut_out(as_file(ball, "PNG"), CutoutOptions(needs_subject=True), session=isnet, limits=LIMITS)

    assert np.array_equal(np.asarray(Image.open(io.BytesIO(cutout.data)))[..., 3], np.asarray(ball)[..., 3])
    assert cutout.matte_confidence > 0.9


@pytest.mark.parametrize(
    ("mode", "image_format", "settings"),
    [
        *(("RGBA", "PNG", {}), ("LA", "PNG", {}), ("RGBA", "WEBP", {"lossless": True})),
        ("P", "PNG", {"transparency": 0}),
    ],
)
def test_soft_ball_is_kept_however_its_alpha_is_written(
    mode: str, image_format: str, settings: dict[str, Any], isnet: OnnxSession
) -> None:
    ball = _ball(128, soft_share=0.5)
    if mode == "P":
        indices = np.where(np.asarray(ball)[..., 3] > 127, 1, 0).astype(np.uint8)
        picture = Image.fromarray(indices, "P")
        picture.putpalette([0, 0, 0, 128, 128, 128])
        expected = indices * np.uint8(255)
    else:
        picture, expected = ball.convert(mode), np.asarray(ball)[..., 3]

    cutout = cut_out(as_file(picture, image_format, **settings), CutoutOptions(), session=isnet, limits=LIMITS)

    assert np.array_equal(np.asarray(Image.open(io.BytesIO(cutout.data)))[..., 3], expected)
    assert cutout.matte_confidence > 0.3


@pytest.mark.parametrize("name", ["chelsea", "grace_hopper", "flower"])
def test_cutout_that_is_sent_again_comes_back_as_it_was(name: str, isnet: OnnxSession) -> None:
    """Its edges lost a third of their alpha each time."""
    once = cut_out(photo_bytes(name), CutoutOptions(), session=isnet, limits=LIMITS)

    twice = cut_out(once.data, CutoutOptions(), session=isnet, limits=LIMITS)

    before, after = (np.asarray(Image.open(io.BytesIO(cutout.data))) for cutout in (once, twice))
    assert np.array_equal(before, after)
    assert twice.matte_confidence > 0.9


def test_photo_with_a_transparent_border_or_round_corners_is_cut_out_as_without(isnet: OnnxSession) -> None:
    photo = Image.open(io.BytesIO(photo_bytes("astronaut"))).convert("RGB")
    plain = _alpha(cut_out(as_file(photo, "PNG"), CutoutOptions(), session=isnet, limits=LIMITS))
    bordered = Image.new("RGBA", (photo.width + 50, photo.height + 50))
    bordered.paste(photo, (25, 25))
    shape = Image.new("L", photo.size)
    ImageDraw.Draw(shape).rounded_rectangle((0, 0, photo.width - 1, photo.height - 1), 50, fill=255)
    rounded = photo.copy()
    rounded.putalpha(shape)

    within_border, within_corners = (
        _alpha(cut_out(as_file(picture, "PNG"), CutoutOptions(), session=isnet, limits=LIMITS))
        for picture in (bordered, rounded)
    )

    assert np.abs(within_border[25:-25, 25:-25] - plain).max() < 0.01
    assert not within_border[:25].any()
    assert np.abs(within_corners - np.minimum(plain, np.asarray(shape) / 255)).mean() < 0.02


def test_photo_at_half_opacity_is_cut_out_as_an_opaque_one(isnet: OnnxSession) -> None:
    photo = Image.open(io.BytesIO(photo_bytes("chelsea"))).convert("RGB")
    plain = _alpha(cut_out(as_file(photo, "PNG"), CutoutOptions(), session=isnet, limits=LIMITS))
    photo.putalpha(128)

    half = _alpha(cut_out(as_file(photo, "PNG"), CutoutOptions(), session=isnet, limits=LIMITS))

    assert np.abs(half - plain * (128 / 255)).max() < 0.01


@pytest.mark.parametrize("quality", ["fast", "standard"])
def test_almost_opaque_pixels_of_a_photo_keep_their_colors(quality: Quality, isnet: OnnxSession) -> None:
    photo = np.asarray(Image.open(io.BytesIO(photo_bytes("chelsea"))).convert("RGB"), np.float32)

    cutout = cut_out(photo_bytes("chelsea"), CutoutOptions(quality=quality), session=isnet, limits=LIMITS)

    result = np.asarray(Image.open(io.BytesIO(cutout.data)), np.float32)
    almost_opaque = result[..., 3] >= 240
    alpha = result[almost_opaque][:, 3:]
    assert almost_opaque.sum() > 10_000
    assert (np.abs(result[almost_opaque][:, :3] - photo[almost_opaque]) - (255 - alpha) / alpha * 255).max() <= 3


@pytest.mark.parametrize("size", [(1, 1), (1, 16_384)])
def test_extreme_sizes_come_through_the_network(size: tuple[int, int], isnet: OnnxSession) -> None:
    cutout = cut_out(
        as_file(Image.new("RGB", size, (200, 40, 40)), "PNG"), CutoutOptions(), session=isnet, limits=LIMITS
    )

    assert (cutout.width, cutout.height) == size
