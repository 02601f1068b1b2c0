"""The logic around the network, with one whose answer is known; test_cut_out.py has the real one."""

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from processing.matting.errors import ImageTooLarge, NoSubject, UnreadableImage
from processing.matting.options import Crop, CutoutOptions, DecodeLimits, ResultSize
from processing.matting.pipeline import Cutout, cut_out
from tests.processing.matting.decode_cases import as_file
from tests.processing.matting.fakes import BlindSession, DiscSession, FixedSession, disc_matte
from tests.processing.matting.raw_files import exif_block, rgb_profile

ORANGE, BLUE = (250, 140, 20), (20, 60, 200)


@pytest.fixture
def photo() -> bytes:
    """Return an orange disc on blue, 400 x 200, so that the disc of the network is an ellipse of 240 x 120."""
    y, x = np.mgrid[:200, :400].astype(np.float32) + 0.5
    disc = np.hypot((x - 200) / 400, (y - 100) / 200) < 0.3
    return as_file(Image.fromarray(np.where(disc[..., None], ORANGE, BLUE).astype(np.uint8)), "PNG")


@pytest.fixture
def cut(photo: bytes, limits: DecodeLimits) -> Any:
    def run(image_bytes: bytes = photo, **options: Any) -> tuple[Cutout, Image.Image]:
        cutout = cut_out(image_bytes, CutoutOptions(**options), session=DiscSession(), limits=limits)
        return cutout, Image.open(io.BytesIO(cutout.data))

    return run


def _pixels(picture: Image.Image) -> NDArray[np.int16]:
    return np.asarray(picture, np.int16)


def test_cutout_is_the_subject_with_straight_alpha_and_nothing_under_it(cut: Any) -> None:
    cutout, picture = cut()

    assert (cutout.content_type, picture.mode, picture.size) == ("image/png", "RGBA", (400, 200))
    pixels = _pixels(picture)
    assert pixels[100, 200].tolist() == [*ORANGE, 255]
    assert pixels[5, 5].tolist() == [0, 0, 0, 0]
    assert not pixels[pixels[..., 3] == 0].any()


def test_soft_edge_has_the_subjects_colour_not_the_backgrounds(cut: Any) -> None:
    pixels = _pixels(cut()[1])

    soft = (pixels[..., 3] > 60) & (pixels[..., 3] < 200)
    assert soft.sum() > 100
    blue_share = (pixels[soft][:, 2] - ORANGE[2]).clip(0) / (BLUE[2] - ORANGE[2])
    assert np.average(blue_share) < 0.35


def test_facts_tell_sizes_steps_and_confidence(cut: Any) -> None:
    cutout, _ = cut(size=ResultSize(max_side_px=100))

    assert (cutout.width, cutout.height, cutout.input_width, cutout.input_height) == (100, 50, 400, 200)
    assert list(cutout.timings_ms) == ["decode", "predict", "refine", "foreground", "composite", "encode"]
    assert cutout.has_subject
    assert cutout.matte_confidence > 0.9
    assert 0 <= cutout.matte_ambiguous_ratio < 0.1


def test_small_result_of_a_large_photo_is_the_large_one_made_small(cut: Any) -> None:
    y, x = np.mgrid[:1700, :5001].astype(np.float32) + 0.5
    disc = np.hypot((x - 2500) / 5001, (y - 850) / 1700) < 0.3
    large = as_file(Image.fromarray(np.where(disc[..., None], ORANGE, BLUE).astype(np.uint8)), "PNG")

    small, whole = cut(large, size=ResultSize(max_side_px=1000))[1], cut(large)[1]

    assert small.size == (1000, 340)
    expected = _pixels(whole.resize(small.size, Image.Resampling.BOX))
    difference = np.abs(_pixels(small) - expected)
    soft = (expected[..., 3] > 0) & (expected[..., 3] < 255)
    assert difference[soft][:, 3].mean() <= 2.5
    assert difference[expected[..., 3] == 255].max() <= 3


def test_crop_comes_before_the_size_limit(cut: Any) -> None:
    cutout, picture = cut(crop=Crop(), size=ResultSize(max_side_px=60))

    assert picture.size == (cutout.width, cutout.height)
    assert cutout.width == 60
    assert 29 <= cutout.height <= 31
    assert _pixels(picture)[15, 30, 3] == 255


def test_crop_without_limit_is_the_box_of_the_subject(cut: Any) -> None:
    assert np.allclose(cut(crop=Crop())[1].size, (240, 120), atol=6)


@pytest.mark.parametrize(
    ("image_format", "channels", "mode"),
    [
        ("png", "rgba", "RGBA"),
        ("webp", "rgba", "RGBA"),
        ("jpg", "rgba", "RGB"),
        ("png", "rgb", "RGB"),
        ("webp", "rgb", "RGB"),
        ("jpg", "rgb", "RGB"),
    ],
)
def test_opaque_results_stand_on_the_background(cut: Any, image_format: str, channels: str, mode: str) -> None:
    background = (0, 200, 0, 255) if mode == "RGB" else None
    _, picture = cut(image_format=image_format, channels=channels, background=background)

    assert picture.mode == mode
    assert picture.format == {"png": "PNG", "jpg": "JPEG", "webp": "WEBP"}[image_format]
    corner, middle = _pixels(picture)[3, 3], _pixels(picture)[100, 200]
    assert np.abs(corner[:3] - ((0, 200, 0) if mode == "RGB" else (0, 0, 0))).max() <= 4
    assert np.abs(middle[:3] - ORANGE).max() <= 6


def test_picture_without_subject_gives_an_empty_cutout(photo: bytes, limits: DecodeLimits) -> None:
    cutout = cut_out(photo, CutoutOptions(crop=Crop()), session=BlindSession(), limits=limits)

    assert not cutout.has_subject
    assert cutout.matte_confidence == 0
    assert (cutout.width, cutout.height) == (400, 200)
    assert not _pixels(Image.open(io.BytesIO(cutout.data))).any()


def _with_hole(visible: tuple[slice, slice], color: tuple[int, int, int] = ORANGE) -> bytes:
    """Return 400 x 200 pixels of one color, of which all but a part are transparent."""
    pixels = np.full((200, 400, 4), (*color, 0), np.uint8)
    pixels[(*visible, 3)] = 255
    return as_file(Image.fromarray(pixels), "PNG")


def _delivered_alpha(image_bytes: bytes, session: FixedSession, limits: DecodeLimits) -> NDArray[np.int16]:
    cutout = cut_out(image_bytes, CutoutOptions(), session=session, limits=limits)
    return _pixels(Image.open(io.BytesIO(cutout.data)))[..., 3]


def test_photo_with_a_transparent_border_is_cut_out_within_it(limits: DecodeLimits) -> None:
    alpha = _delivered_alpha(_with_hole((slice(10, 190), slice(20, 380))), DiscSession(), limits)

    assert alpha[100, 200] == 255
    assert alpha[100, 30] == alpha[15, 200] == 0
    assert not alpha[:10].any()


def test_cutout_keeps_its_alpha_and_its_colors(limits: DecodeLimits) -> None:
    pixels = np.full((200, 400, 4), (*ORANGE, 0), np.uint8)
    y, x = np.mgrid[:200, :400] + 0.5
    distance = np.hypot((x - 200) / 400, (y - 100) / 200)
    pixels[..., 3] = np.rint(((0.36 - distance) / 0.04).clip(0, 1) * 255)

    # As large as what is visible is within its margin, less a notch that the network misses.
    matte = disc_matte(0.36)
    matte[:, 380:420] = 0

    picture = as_file(Image.fromarray(pixels), "PNG")
    cutout = cut_out(picture, CutoutOptions(), session=FixedSession(matte), limits=limits)

    result = _pixels(Image.open(io.BytesIO(cutout.data)))
    assert np.array_equal(result[..., 3], pixels[..., 3])
    assert (result[result[..., 3] > 0][:, :3] == ORANGE).all()


@pytest.mark.parametrize("needs_subject", [False, True])
def test_visible_part_is_the_subject_if_the_network_finds_none(limits: DecodeLimits, needs_subject: bool) -> None:
    picture = _with_hole((slice(50, 150), slice(100, 300)))

    options = CutoutOptions(needs_subject=needs_subject)
    cutout = cut_out(picture, options, session=BlindSession(), limits=limits)

    alpha = _pixels(Image.open(io.BytesIO(cutout.data)))[..., 3]
    assert (alpha[50:150, 100:300] == 255).all()
    assert np.count_nonzero(alpha) == 100 * 200
    assert cutout.has_subject
    assert cutout.matte_confidence > 0.9


def test_picture_with_nothing_visible_has_no_subject(limits: DecodeLimits) -> None:
    clear = as_file(Image.new("RGBA", (64, 48), (10, 20, 30, 0)), "PNG")

    assert not cut_out(clear, CutoutOptions(), session=BlindSession(), limits=limits).has_subject
    with pytest.raises(NoSubject):
        cut_out(clear, CutoutOptions(needs_subject=True), session=BlindSession(), limits=limits)


def test_photo_at_half_opacity_is_judged_as_if_opaque_and_stays_at_half(photo: bytes, limits: DecodeLimits) -> None:
    opaque, pale = DiscSession(), DiscSession()
    faded = Image.open(io.BytesIO(photo)).convert("RGB")
    faded.putalpha(128)

    whole = _delivered_alpha(photo, opaque, limits)
    half = _delivered_alpha(as_file(faded, "PNG"), pale, limits)

    assert np.array_equal(pale.seen[0], opaque.seen[0])
    assert np.abs(half - whole * (128 / 255)).max() <= 0.51


@pytest.mark.parametrize("size", [ResultSize(), ResultSize(max_side_px=500)])
def test_small_cutout_on_a_large_canvas_stays_where_it_was(limits: DecodeLimits, size: ResultSize) -> None:
    pixels = np.zeros((3000, 4000, 4), np.uint8)
    pixels[1200:1800, 2000:3200] = (*ORANGE, 255)

    options = CutoutOptions(size=size)
    cutout = cut_out(as_file(Image.fromarray(pixels), "PNG"), options, session=BlindSession(), limits=limits)

    picture = Image.open(io.BytesIO(cutout.data))
    factor = picture.width / 4000
    assert picture.size == ((4000, 3000) if size == ResultSize() else (500, 375))
    assert picture.getbbox() == tuple(round(factor * edge) for edge in (2000, 1200, 3200, 1800))
    assert _pixels(picture)[round(1500 * factor), round(2600 * factor)].tolist() == [*ORANGE, 255]


def test_hidden_colors_reach_neither_the_network_nor_the_result(limits: DecodeLimits) -> None:
    seen, results = [], []
    for hidden in ((255, 0, 255), (0, 90, 20)):
        session = DiscSession()
        pixels = np.full((200, 400, 4), (*hidden, 0), np.uint8)
        pixels[10:190, 20:380] = (*ORANGE, 255)
        picture = as_file(Image.fromarray(pixels), "PNG")
        results.append(cut_out(picture, CutoutOptions(), session=session, limits=limits))
        seen.append(session.seen[0])

    assert np.array_equal(*seen)
    assert results[0].data == results[1].data


@pytest.mark.parametrize("image_format", ["png", "jpg", "webp"])
def test_no_metadata_of_the_input_survives(cut: Any, photo: bytes, image_format: str) -> None:
    marked = as_file(
        Image.open(io.BytesIO(photo)),
        "JPEG",
        exif=b"Exif\x00\x00" + exif_block(1) + b"SECRET",
        icc_profile=rgb_profile(),
        comment=b"SECRET",
        xmp=b"SECRET",
    )

    cutout, picture = cut(marked, image_format=image_format)

    assert b"SECRET" not in cutout.data
    assert not {"exif", "icc_profile", "xmp", "comment"} & set(picture.info)


def test_same_input_gives_the_same_bytes(cut: Any) -> None:
    assert cut()[0].data == cut()[0].data


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (1, 3), (1, 16_384), (16_384, 1)])
@pytest.mark.parametrize(
    "options", [{}, {"crop": Crop(), "size": ResultSize(max_side_px=256)}, {"image_format": "jpg"}]
)
def test_tiny_and_long_pictures_come_through(cut: Any, size: tuple[int, int], options: dict[str, Any]) -> None:
    cutout, picture = cut(as_file(Image.new("RGB", size, ORANGE), "PNG"), **options)

    assert picture.size == (cutout.width, cutout.height)
    assert (cutout.input_width, cutout.input_height) == size


def test_picture_too_long_for_webp_is_refused_and_fits_when_smaller(cut: Any) -> None:
    long = as_file(Image.new("RGB", (16_384, 2), ORANGE), "PNG")

    with pytest.raises(ImageTooLarge):
        cut(long, image_format="webp")
    assert cut(long, image_format="webp", size=ResultSize(max_side_px=2048))[0].width == 2048


def test_unreadable_file_never_reaches_the_network(limits: DecodeLimits) -> None:
    session = DiscSession()

    with pytest.raises(UnreadableImage):
        cut_out(b"no picture", CutoutOptions(), session=session, limits=limits)
    assert session.seen == []


_FIFTY_MEGAPIXELS = """
import io, resource, sys
from PIL import Image
from processing.matting.options import CutoutOptions, DecodeLimits
from processing.matting.pipeline import cut_out
from tests.processing.matting.fakes import DiscSession
limits = DecodeLimits(max_bytes=1 << 30, max_pixels=50_000_000, max_side_px=16_384, max_jpeg_scans=100)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
cut_out(open(sys.argv[1], "rb").read(), CutoutOptions(), session=DiscSession(), limits=limits)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_fifty_megapixels_stay_far_below_a_gigabyte_and_a_half_beside_the_model(tmp_path: Path) -> None:
    large = tmp_path / "large.jpg"
    Image.linear_gradient("L").resize((8000, 6250)).convert("RGB").save(large, exif=b"Exif\x00\x00" + exif_block(6))

    run = subprocess.run(
        [sys.executable, "-c", _FIFTY_MEGAPIXELS, str(large)], capture_output=True, text=True, check=True, timeout=300
    )

    assert int(run.stdout) < 1000
