import numpy as np

from processing.matting.composite import clear_hidden_colour, multiply, place_over


def test_composite_is_alpha_f_plus_rest_of_b() -> None:
    foreground = np.array([[[200, 100, 0]] * 3], np.uint8)
    alpha = np.array([[0, 51, 255]], np.uint8)  # 0, 1/5, 1

    composed = place_over(foreground, alpha, (100, 200, 255))

    assert composed.tolist() == [[[100, 200, 255], [120, 180, 204], [200, 100, 0]]]


def test_composite_rounds_to_the_nearest_value() -> None:
    white_at = [
        place_over(np.full((1, 1, 3), 255, np.uint8), np.full((1, 1), a, np.uint8), (0, 0, 0)) for a in (1, 128)
    ]

    assert [int(pixel[0, 0, 0]) for pixel in white_at] == [1, 128]


def test_tall_picture_is_composed_to_its_last_row() -> None:
    tall = np.full((700, 2, 3), 10, np.uint8)

    assert (place_over(tall, np.full((700, 2), 255, np.uint8), (0, 0, 0)) == 10).all()
    assert (place_over(tall, np.zeros((700, 2), np.uint8), (7, 7, 7)) == 7).all()


def test_alphas_multiply() -> None:
    matte = np.array([[255, 255, 128, 0, 1]], np.uint8)
    opacity = np.array([[255, 100, 128, 255, 127]], np.uint8)

    assert multiply(matte, opacity).tolist() == [[255, 100, 64, 0, 0]]
    assert multiply(matte, None) is matte


def test_colour_under_zero_alpha_is_cleared_and_no_other() -> None:
    colours = np.array([[[9, 8, 7], [6, 5, 4]]], np.uint8)

    cleared = clear_hidden_colour(colours, np.array([[0, 1]], np.uint8))

    assert cleared.tolist() == [[[0, 0, 0], [6, 5, 4]]]
    assert colours[0, 0].tolist() == [9, 8, 7]
