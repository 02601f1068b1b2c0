import io
import zipfile

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from processing.matting.encode import encode, encode_grey
from processing.matting.errors import ImageTooLarge
from processing.matting.options import ImageFormat


def _noise(height: int, width: int, channels: int = 3) -> NDArray[np.uint8]:
    pixels = np.random.default_rng(5).integers(0, 256, (height, width, channels))
    return pixels.astype(np.uint8)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 500), (500, 1), (64, 3), (65, 3), (200, 77)])
@pytest.mark.parametrize("image_format", ["png", "webp"])
def test_transparent_picture_comes_back_pixel_for_pixel_but_for_hidden_colours(
    height: int, width: int, image_format: ImageFormat
) -> None:
    rgb, alpha = _noise(height, width), _noise(height, width)[..., 0]

    read = Image.open(io.BytesIO(encode(rgb, alpha, image_format)))

    assert read.format == {"png": "PNG", "webp": "WEBP"}[image_format]
    assert np.array_equal(np.asarray(read.convert("RGBA")), np.dstack((rgb * (alpha != 0)[..., None], alpha)))


def test_opaque_png_comes_back_pixel_for_pixel_without_alpha() -> None:
    rgb = _noise(130, 50)

    read = Image.open(io.BytesIO(encode(rgb, None, "png")))

    assert read.mode == "RGB"
    assert np.array_equal(np.asarray(read), rgb)


@pytest.mark.parametrize("image_format", ["jpg", "webp"])
def test_opaque_picture_is_close_and_has_no_alpha(image_format: ImageFormat) -> None:
    smooth = np.asarray(Image.linear_gradient("L").convert("RGB"))

    read = Image.open(io.BytesIO(encode(smooth, None, image_format)))

    assert read.mode == "RGB"
    assert np.abs(np.asarray(read, np.int16) - smooth).mean() < 2


@pytest.mark.parametrize("image_format", ["png", "jpg", "webp"])
def test_file_holds_nothing_but_the_picture(image_format: ImageFormat) -> None:
    read = Image.open(io.BytesIO(encode(_noise(9, 9), None, image_format)))

    assert not {"exif", "icc_profile", "xmp", "comment", "photoshop"} & set(read.info)
    assert not read.getexif()


def test_same_pixels_give_the_same_bytes() -> None:
    rgb, alpha = _noise(90, 40), _noise(90, 40)[..., 0]

    for image_format in ("png", "webp"):
        assert encode(rgb, alpha, image_format) == encode(rgb.copy(), alpha.copy(), image_format)


def test_side_that_webp_cannot_hold_is_refused_in_plain_words() -> None:
    with pytest.raises(ImageTooLarge) as refused:
        encode(np.zeros((1, 16_384, 3), np.uint8), None, "webp")

    assert refused.value.status == 400
    assert "Ask for PNG" in refused.value.public_text


@pytest.mark.parametrize(
    ("image_format", "read_as", "mode", "tolerance"),
    [("png", "PNG", "L", 0), ("webp", "WEBP", "RGB", 0), ("jpg", "JPEG", "L", 12)],
)
def test_a_grey_matte_is_a_picture_of_its_own(image_format, read_as, mode, tolerance) -> None:
    y, x = np.mgrid[:40, :70]
    grey = ((x * 3 + y) % 256).astype(np.uint8)

    read = Image.open(io.BytesIO(encode_grey(grey, image_format)))

    assert (read.format, read.mode, read.size) == (read_as, mode, (70, 40))
    assert np.abs(np.asarray(read.convert("L"), np.int16) - grey).max() <= tolerance


def test_a_zip_holds_colour_and_matte_always_in_the_same_bytes() -> None:
    rgb, alpha = np.full((20, 30, 3), (200, 100, 50), np.uint8), np.zeros((20, 30), np.uint8)
    alpha[5:15, 5:15] = 200

    data = encode(rgb, alpha, "zip")

    archive = zipfile.ZipFile(io.BytesIO(data))
    assert archive.testzip() is None
    assert archive.namelist() == ["color.jpg", "alpha.png"]
    colour = np.asarray(Image.open(io.BytesIO(archive.read("color.jpg"))), np.int16)
    matte = Image.open(io.BytesIO(archive.read("alpha.png")))
    assert np.abs(colour - (200, 100, 50)).max() <= 3, "the colour goes on under the transparent part"
    assert matte.mode == "L"
    assert np.array_equal(np.asarray(matte), alpha)
    assert data == encode(rgb.copy(), alpha.copy(), "zip")


def test_the_matte_of_an_opaque_zip_is_white() -> None:
    archive = zipfile.ZipFile(io.BytesIO(encode(np.zeros((4, 4, 3), np.uint8), None, "zip")))

    assert np.asarray(Image.open(io.BytesIO(archive.read("alpha.png")))).min() == 255
