import numpy as np
import pytest

from processing.matting.watermark import write_test_over, write_test_over_grey

SIZES = [(1, 1), (7, 400), (400, 7), (300, 500), (500, 500)]


@pytest.mark.parametrize("size", SIZES)
def test_the_word_is_seen_on_any_colour_and_where_nothing_was(size):
    clear = np.zeros(size, np.uint8)
    for colour in (0, 128, 255):
        rgb, alpha = write_test_over(np.full((*size, 3), colour, np.uint8), clear)
        written = alpha == 255
        assert set(np.unique(alpha)) <= {0, 255}
        assert {35, 245} >= set(np.unique(rgb[written]))
        assert (rgb[~written] == colour).all()


def test_it_covers_a_good_part_of_every_quarter_and_leaves_the_rest_alone():
    _rgb, alpha = write_test_over(np.zeros((500, 500, 3), np.uint8), np.zeros((500, 500), np.uint8))

    for rows in (slice(0, 250), slice(250, 500)):
        for columns in (slice(0, 250), slice(250, 500)):
            assert 0.1 < (alpha[rows, columns] > 0).mean() < 0.5


def test_an_opaque_picture_stays_opaque_and_a_matte_stays_grey():
    rgb, alpha = write_test_over(np.zeros((80, 80, 3), np.uint8), None)
    grey = write_test_over_grey(np.zeros((80, 80), np.uint8))

    assert alpha is None
    assert (rgb[..., 0] == grey).all()
    assert grey.max() == 245


def test_what_was_beneath_the_letters_cannot_be_told():
    rng = np.random.default_rng(1)
    first, second = (rng.integers(0, 256, (200, 200, 3), np.uint8) for _ in range(2))
    alpha = np.zeros((200, 200), np.uint8)
    written = write_test_over(first, alpha)[1] == 255

    assert (write_test_over(first, alpha)[0][written] == write_test_over(second, alpha)[0][written]).all()


def test_the_same_picture_gives_the_same_sample():
    picture, alpha = np.full((90, 130, 3), 9, np.uint8), np.full((90, 130), 200, np.uint8)
    once, again = write_test_over(picture, alpha), write_test_over(picture, alpha)

    assert (once[0] == again[0]).all()
    assert (once[1] == again[1]).all()
    assert picture.max() == 9, "the picture that came in is left as it was"
