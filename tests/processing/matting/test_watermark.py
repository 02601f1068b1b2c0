import io

import cv2
import numpy as np
import pytest
from PIL import Image

from processing.matting.decode import open_file
from processing.matting.options import CutoutOptions
from processing.matting.pipeline import cut_out_opened
from processing.matting.watermark import anchor_of, write_test_over, write_test_over_grey
from tests.photos import photo_bytes

LEAST_COVERED_IN_ALL = 0.2
"""The share of a picture that stays hidden, however many calls are combined."""
LEAST_ALPHA_DIFFERENCE = 20
"""Mean difference, of 255, between the paid matte and the best that several samples give."""

SIZES = [(1, 1), (7, 400), (400, 7), (300, 500), (500, 500)]


@pytest.mark.parametrize("size", SIZES)
def test_the_word_is_seen_on_any_colour_and_where_nothing_was(size):
    clear = np.zeros(size, np.uint8)
    for colour in (0, 128, 255):
        rgb, alpha = write_test_over(np.full((*size, 3), colour, np.uint8), clear, anchor_of(clear))
        written = alpha == 255
        assert set(np.unique(alpha)) <= {0, 255}
        assert {35, 245} >= set(np.unique(rgb[written]))
        assert (rgb[~written] == colour).all()


def test_it_covers_a_good_part_of_every_quarter_and_leaves_the_rest_alone():
    clear = np.zeros((500, 500), np.uint8)
    _rgb, alpha = write_test_over(np.zeros((500, 500, 3), np.uint8), clear, anchor_of(clear))

    for rows in (slice(0, 250), slice(250, 500)):
        for columns in (slice(0, 250), slice(250, 500)):
            assert 0.1 < (alpha[rows, columns] > 0).mean() < 0.5


def test_an_opaque_picture_stays_opaque_and_a_matte_stays_grey():
    matte = np.zeros((80, 80), np.uint8)
    rgb, alpha = write_test_over(np.zeros((80, 80, 3), np.uint8), None, anchor_of(matte))
    grey = write_test_over_grey(matte, anchor_of(matte))

    assert alpha is None
    assert (rgb[..., 0] == grey).all()
    assert grey.max() == 245


def test_what_was_beneath_the_letters_cannot_be_told():
    rng = np.random.default_rng(1)
    first, second = (rng.integers(0, 256, (200, 200, 3), np.uint8) for _ in range(2))
    alpha = np.zeros((200, 200), np.uint8)
    written = write_test_over(first, alpha, anchor_of(alpha))[1] == 255

    assert (
        write_test_over(first, alpha, anchor_of(alpha))[0][written]
        == write_test_over(second, alpha, anchor_of(alpha))[0][written]
    ).all()


def test_the_same_picture_gives_the_same_sample():
    picture, alpha = np.full((90, 130, 3), 9, np.uint8), np.full((90, 130), 200, np.uint8)
    once, again = (write_test_over(picture, alpha, anchor_of(alpha)) for _ in range(2))

    assert (once[0] == again[0]).all()
    assert (once[1] == again[1]).all()
    assert picture.max() == 9, "the picture that came in is left as it was"


def window_of(width, height, left, top, gain):
    """Return a part of the photo of a cup, brightened by a factor, as a PNG file."""
    photo = np.asarray(Image.open(io.BytesIO(photo_bytes("coffee"))).convert("RGB"), np.float32)
    part = np.clip(photo[top : top + height, left : left + width] * gain, 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(part).save(file, "PNG")
    return file.getvalue()


def made_of(file, session, limits, *, is_sample):
    opened = open_file(file, limits)
    return cut_out_opened(opened, CutoutOptions(), session=session, limits=limits, is_sample=is_sample)


def test_shifted_and_brightened_calls_cannot_be_combined_into_a_clean_cutout(isnet, limits):
    """The best an attacker can do who knows the ink: take each pixel from a call that has no ink there."""
    width, height = 540, 370
    calls = [(12 * n, 7 * n % 30, 1 + 0.02 * (n - 2)) for n in range(5)]
    common = (slice(30, height - 30), slice(60, width - 60))
    alphas, inked = [], []
    for left, top, gain in calls:
        file = window_of(width, height, left, top, gain)
        sample = made_of(file, isnet, limits, is_sample=True)
        rgba = np.asarray(Image.open(io.BytesIO(sample.data)))
        ours = np.zeros((height + 60, width + 120), np.uint8)
        place = (slice(top, top + height), slice(left, left + width))
        alpha, ink = ours.copy(), ours.copy()
        alpha[place] = rgba[..., 3]
        grey = rgba[..., :3].astype(int)
        is_ink = (np.ptp(grey, axis=2) == 0) & np.isin(grey[..., 0], (35, 245)) & (rgba[..., 3] == 255)
        ink[place] = is_ink
        alphas.append(alpha[common])
        inked.append(ink[common].astype(bool))
    paid = made_of(window_of(width, height, 0, 0, 1), isnet, limits, is_sample=False)
    true_alpha = np.asarray(Image.open(io.BytesIO(paid.data)))[..., 3][common].astype(int)

    covered_in_all = np.logical_and.reduce(inked)
    rebuilt = np.median(np.stack(alphas), axis=0)

    assert covered_in_all.mean() > LEAST_COVERED_IN_ALL
    assert np.abs(rebuilt - true_alpha).mean() > LEAST_ALPHA_DIFFERENCE


@pytest.mark.parametrize("change", [np.fliplr, np.flipud, np.rot90])
def test_rings_cover_the_same_places_of_a_mirrored_or_turned_subject(change):
    matte = np.zeros((400, 400), np.uint8)
    cv2.ellipse(matte, (170, 220), (120, 60), 30, 0, 360, 255, -1)
    turned = np.ascontiguousarray(change(matte))
    first = write_test_over_grey(matte, anchor_of(matte)) != matte
    second = write_test_over_grey(turned, anchor_of(turned)) != turned
    back = np.rot90(second, -1) if change is np.rot90 else change(second)

    assert (first & back).mean() > LEAST_COVERED_IN_ALL
