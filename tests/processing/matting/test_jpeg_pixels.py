"""The binding of libjpeg-turbo, which `make test` installs, against Pillow."""

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from processing.matting import jpeg_pixels
from processing.matting.decode import decode
from processing.matting.jpeg_pixels import find_jpeg_pixels
from processing.matting.options import DecodeLimits
from tests.mutated_images import mutated_images
from tests.photos import photo_bytes
from tests.processing.matting.decode_cases import as_file, upright_photo


def _find(data: bytes) -> NDArray[np.uint8] | None:
    width, height = Image.open(io.BytesIO(data)).size
    return find_jpeg_pixels(data, width=width, height=height)


@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("progressive", [True, False])
@pytest.mark.parametrize("size", [(240, 300), (1, 1), (17, 9)])
def test_pixels_are_those_of_pillow(subsampling: int, progressive: bool, size: tuple[int, int]) -> None:
    data = as_file(upright_photo().resize(size), "JPEG", quality=85, subsampling=subsampling, progressive=progressive)

    assert np.array_equal(_find(data), np.asarray(Image.open(io.BytesIO(data))))


def test_pixels_of_a_real_photo_are_those_of_pillow() -> None:
    data = photo_bytes("grace_hopper")

    assert np.array_equal(_find(data), np.asarray(Image.open(io.BytesIO(data))))


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_other_colours_are_left_to_pillow(mode: str) -> None:
    assert _find(as_file(upright_photo().convert(mode), "JPEG")) is None


def test_other_size_than_the_header_told_is_left_to_pillow() -> None:
    assert find_jpeg_pixels(as_file(upright_photo(), "JPEG"), width=300, height=240) is None


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_file_that_ends_early_is_left_to_pillow_even_with_an_end_mark(share: float) -> None:
    whole = as_file(upright_photo(), "JPEG")
    cut = whole[: int(len(whole) * share)]

    for data in (cut, cut + b"\xff\xd9"):
        assert find_jpeg_pixels(data, width=240, height=300) is None


def test_mutated_files_give_the_pixels_of_pillow_or_none() -> None:
    found = 0
    for mutated in mutated_images(400, seed=23):
        try:
            picture = Image.open(io.BytesIO(mutated.data))
            expected = np.asarray(picture)
        except Exception:
            continue
        pixels = find_jpeg_pixels(mutated.data, width=picture.width, height=picture.height)
        if pixels is not None:
            found += 1
            assert np.array_equal(pixels, expected), mutated.story
    assert found >= 10


def test_photo_is_the_same_without_the_binding(monkeypatch: pytest.MonkeyPatch, limits: DecodeLimits) -> None:
    with_binding = decode(photo_bytes("grace_hopper"), limits)
    monkeypatch.setattr(jpeg_pixels, "simplejpeg", None)

    without = decode(photo_bytes("grace_hopper"), limits)

    assert find_jpeg_pixels(photo_bytes("grace_hopper"), width=without.width, height=without.height) is None
    assert np.array_equal(without.rgb, with_binding.rgb)
