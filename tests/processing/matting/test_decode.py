import io
import struct
import time
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngImageFile

from processing.matting.decode import decode, decode_opened, open_file, read_header
from processing.matting.errors import ImageTooLarge, MattingError, UnreadableImage
from processing.matting.options import DecodeLimits
from tests.mutated_images import mutated_images
from tests.photos import photo_bytes
from tests.processing.matting.decode_cases import DECODE_CASES, DecodeCase, as_file, upright_photo
from tests.processing.matting.raw_files import exif_block, jpeg_with_extra_scans, png_chunk, rgb_profile


@pytest.mark.parametrize("case", DECODE_CASES, ids=str)
def test_picture_comes_out_upright_in_srgb_with_its_transparency(case: DecodeCase, limits: DecodeLimits) -> None:
    photo = decode(case.make(), limits)

    expected = np.asarray(case.expected().convert("RGB"), np.int16)
    assert photo.rgb.shape == expected.shape
    visible = np.full(expected.shape[:2], True)
    if case.alpha is None:
        assert photo.alpha is None
    else:
        assert photo.alpha is not None
        assert np.array_equal(photo.alpha, np.asarray(case.alpha()))
        visible = photo.alpha > 0
    assert np.abs(photo.rgb - expected)[visible].mean() <= case.tolerance


@pytest.mark.parametrize("case", DECODE_CASES, ids=str)
def test_header_tells_the_upright_size(case: DecodeCase, limits: DecodeLimits) -> None:
    header = read_header(case.make(), limits)

    assert (header.width, header.height) == (240, 300)
    assert header.format == case.name.split()[0]


@pytest.mark.parametrize("case", DECODE_CASES[:12], ids=str)
def test_file_once_opened_needs_not_be_read_again(case: DecodeCase, limits: DecodeLimits) -> None:
    opened = open_file(case.make(), limits)

    assert opened.header == read_header(case.make(), limits)
    assert np.array_equal(decode_opened(opened).rgb, decode(case.make(), limits).rgb)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 16_384), (16_384, 1), (2, 3)])
@pytest.mark.parametrize("image_format", ["JPEG", "PNG"])
def test_extreme_sizes_are_read(width: int, height: int, image_format: str, limits: DecodeLimits) -> None:
    photo = decode(as_file(Image.new("RGB", (width, height), (200, 40, 40)), image_format), limits)

    assert (photo.width, photo.height) == (width, height)


def test_sixteen_bit_grey_is_scaled_and_rounded(limits: DecodeLimits) -> None:
    samples = np.array([[0, 128, 129, 255, 32768, 65535]], np.uint16)

    photo = decode(as_file(Image.fromarray(samples), "PNG"), limits)

    assert photo.rgb[0, :, 0].tolist() == [0, 0, 1, 1, 128, 255]


def test_profile_of_srgb_itself_leaves_the_pixels_alone(limits: DecodeLimits) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    photo = decode(as_file(upright_photo(), "PNG", icc_profile=profile), limits)

    assert np.array_equal(photo.rgb, np.asarray(upright_photo()))


def test_limits_are_read_from_the_header_before_any_pixel(limits: DecodeLimits) -> None:
    bomb = as_file(Image.new("1", (16_000, 4_000)), "PNG")
    began = time.thread_time()

    for refuse in (read_header, decode):
        with pytest.raises(ImageTooLarge) as refused:
            refuse(bomb, limits)
        assert "64,000,000 pixels" in refused.value.public_text
    assert time.thread_time() - began < 0.2


def test_side_over_the_limit_is_too_large(limits: DecodeLimits) -> None:
    with pytest.raises(ImageTooLarge) as refused:
        read_header(as_file(Image.new("1", (16_385, 1)), "PNG"), limits)
    assert "16,384 pixels a side" in refused.value.public_text


def test_file_over_the_limit_is_too_large_whatever_it_holds(limits: DecodeLimits) -> None:
    with pytest.raises(ImageTooLarge) as refused:
        read_header(b"\x00" * (limits.max_bytes + 1), limits)
    assert (refused.value.code, refused.value.status) == ("image_too_large", 400)


def test_pillow_size_warning_stays_inside(limits: DecodeLimits) -> None:
    generous = DecodeLimits(max_bytes=1 << 30, max_pixels=1 << 40, max_side_px=1 << 20, max_jpeg_scans=100)
    header_only = as_file(Image.new("1", (20_000, 10_000)), "PNG")[:-40]

    with pytest.raises(UnreadableImage):
        decode(header_only, generous)


def test_progressive_bomb_is_refused_before_it_costs_anything(limits: DecodeLimits) -> None:
    progressive = as_file(Image.new("RGB", (3000, 3000), (120, 90, 60)), "JPEG", progressive=True)
    bomb = jpeg_with_extra_scans(progressive, 1000)
    began = time.thread_time()

    with pytest.raises(UnreadableImage) as refused:
        decode(bomb, limits)

    assert "more than 100 scans" in refused.value.public_text
    assert time.thread_time() - began < 0.2


def test_scans_of_a_thumbnail_do_not_count(limits: DecodeLimits) -> None:
    thumbnail = jpeg_with_extra_scans(as_file(Image.new("RGB", (8, 8)), "JPEG", progressive=True), 300)
    exif = b"Exif\x00\x00" + exif_block(1) + thumbnail
    photo = as_file(upright_photo(), "JPEG", progressive=True, exif=exif)
    strict = DecodeLimits(max_bytes=1 << 20, max_pixels=1 << 20, max_side_px=400, max_jpeg_scans=12)

    assert read_header(photo, strict).width == 240


def test_empty_segments_by_the_million_are_refused_quickly(limits: DecodeLimits) -> None:
    stuffed = b"\xff\xd8" + b"\xff\xfe\x00\x02" * 2_000_000
    began = time.thread_time()

    with pytest.raises(UnreadableImage):
        read_header(stuffed, limits)
    assert time.thread_time() - began < 1


@pytest.mark.parametrize("mark", [b"\xff\xd8\xff" + b"\xff" * 5_000_000, b"\xff\xd8\xff\xc0" + b"\xff\x00" * 5_000_000])
def test_walk_through_a_jpeg_takes_linear_time(mark: bytes, limits: DecodeLimits) -> None:
    began = time.thread_time()

    with pytest.raises(UnreadableImage):
        read_header(mark, limits)
    assert time.thread_time() - began < 1


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.7, 0.98])
def test_truncated_file_is_refused(image_format: str, share: float, limits: DecodeLimits) -> None:
    whole = as_file(upright_photo(), image_format)

    with pytest.raises(UnreadableImage) as refused:
        decode(whole[: int(len(whole) * share)], limits)
    assert (refused.value.code, refused.value.status, refused.value.is_our_fault) == ("validation_error", 400, False)
    assert "cut off: its end is missing" in refused.value.public_text


def test_a_jpeg_with_its_end_that_the_decoder_refuses_is_not_called_cut_off(limits: DecodeLimits) -> None:
    lossless = as_file(upright_photo(), "JPEG").replace(b"\xff\xc0", b"\xff\xc3", 1)  # a kind no browser shows

    with pytest.raises(UnreadableImage) as refused:
        decode(lossless, limits)
    assert "cut off" not in refused.value.public_text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty"),
        (b"GIF89a" + b"\x00" * 20, "the format GIF"),
        (b"\x00\x00\x00\x18ftypheic" + b"\x00" * 20, "the format HEIC"),
        (b"\x00\x00\x00\x18ftypavif" + b"\x00" * 20, "the format AVIF"),
        (b"II*\x00" + b"\x00" * 20, "the format TIFF"),
        (b"hello", "This is not a JPEG, PNG or WebP image"),
        (b"<html></html>", "This is not a JPEG, PNG or WebP image"),
    ],
)
def test_other_content_is_named_and_refused(content: bytes, words: str, limits: DecodeLimits) -> None:
    with pytest.raises(UnreadableImage) as refused:
        read_header(content, limits)
    assert words in refused.value.public_text


def test_real_gif_bmp_and_tiff_are_refused(limits: DecodeLimits) -> None:
    for image_format in ("GIF", "BMP", "TIFF"):
        with pytest.raises(UnreadableImage):
            decode(as_file(upright_photo(), image_format), limits)


def test_text_bomb_beside_the_pixels_is_not_even_looked_at(limits: DecodeLimits) -> None:
    plain = as_file(upright_photo(), "PNG")
    text = b"Comment\x00\x00" + zlib.compress(b"\x00" * 100_000_000)
    profile = b"icc\x00\x00" + zlib.compress(b"\x00" * 100_000_000)
    loaded = plain[:33] + png_chunk(b"zTXt", text) + png_chunk(b"iCCP", profile) + plain[33:]

    assert np.array_equal(decode(loaded, limits).rgb, np.asarray(upright_photo()))


def test_profile_in_two_segments_is_joined_and_one_of_half_is_ignored(limits: DecodeLimits) -> None:
    grey = Image.new("RGB", (8, 8), (64, 64, 64))
    profile = rgb_profile()
    halves = [b"ICC_PROFILE\x00" + bytes((n, 2)) + part for n, part in ((1, profile[:150]), (2, profile[150:]))]
    whole = [b"\xff\xe2" + struct.pack(">H", 2 + len(half)) + half for half in halves]
    plain = as_file(grey, "JPEG", quality=95)

    assert abs(int(decode(plain[:2] + whole[1] + whole[0] + plain[2:], limits).rgb[0, 0, 0]) - 137) <= 2
    assert abs(int(decode(plain[:2] + whole[0] + plain[2:], limits).rgb[0, 0, 0]) - 64) <= 2


def test_size_that_the_decoder_disagrees_with_is_refused(limits: DecodeLimits) -> None:
    data = as_file(upright_photo(), "JPEG")
    frame = data[data.index(b"\xff\xc0") :][:19]
    other = frame[:5] + struct.pack(">HH", 64, 64) + frame[9:]

    with pytest.raises(UnreadableImage):
        decode(data[:2] + other + data[2:], limits)


def test_running_out_of_memory_is_not_blamed_on_the_file(limits: DecodeLimits, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: object) -> None:
        raise MemoryError

    monkeypatch.setattr(PngImageFile, "load", fail)

    with pytest.raises(MemoryError):
        decode(as_file(upright_photo(), "PNG"), limits)


def test_real_photos_are_read(limits: DecodeLimits) -> None:
    for name in ("astronaut", "chelsea", "coffee", "grace_hopper", "flower"):
        photo = decode(photo_bytes(name), limits)
        plain = np.asarray(Image.open(io.BytesIO(photo_bytes(name))).convert("RGB"), np.int16)

        assert np.abs(photo.rgb - plain).mean() < 1, name


def test_real_photo_with_a_wide_profile_is_converted(limits: DecodeLimits) -> None:
    stored = Image.open(io.BytesIO(photo_bytes("rocket")))
    wide = ImageCms.getOpenProfile(io.BytesIO(stored.info["icc_profile"]))
    converted = ImageCms.profileToProfile(stored, wide, ImageCms.createProfile("sRGB"))

    photo = decode(photo_bytes("rocket"), limits)

    assert np.abs(photo.rgb - np.asarray(converted, np.int16)).mean() < 1
    assert np.abs(photo.rgb - np.asarray(stored, np.int16)).mean() > 3


def test_mutated_file_ends_as_pixels_or_as_a_refusal(limits: DecodeLimits) -> None:
    deep = 0
    for mutated in mutated_images(300, seed=20):
        try:
            photo = decode(mutated.data, limits)
        except MattingError as error:
            assert error.status == 400, mutated.story
            deep += error.__cause__ is not None
        else:
            assert photo.rgb.shape == (photo.height, photo.width, 3)
            deep += 1

    assert deep >= 90, f"Only {deep} of 300 came as far as the decoder."
