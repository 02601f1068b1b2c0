import io

import numpy as np
import pytest
from PIL import Image

from processing.matting.png_writer import write_png


@pytest.mark.parametrize("height", [1, 31, 32, 33, 511, 512, 513, 1100])
@pytest.mark.parametrize("is_opaque", [True, False])
def test_every_number_of_strips_and_bands_comes_back_pixel_for_pixel(height: int, is_opaque: bool) -> None:
    pixels = np.random.default_rng(height).integers(1, 256, (height, 9, 4)).astype(np.uint8)
    rgb, alpha = pixels[..., :3].copy(), pixels[..., 3].copy()

    read = Image.open(io.BytesIO(write_png(rgb, None if is_opaque else alpha)))

    assert np.array_equal(np.asarray(read), rgb if is_opaque else pixels)


def test_picture_cut_from_a_larger_one_is_written_like_any_other() -> None:
    pixels = np.random.default_rng(2).integers(1, 256, (900, 40, 4)).astype(np.uint8)
    rgb, alpha = pixels[..., :3].copy(), pixels[..., 3].copy()
    box = slice(100, 800), slice(3, 30)

    assert np.array_equal(np.asarray(Image.open(io.BytesIO(write_png(rgb[box], alpha[box])))), pixels[box])
