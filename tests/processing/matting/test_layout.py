"""Where the cutout stands: worked out by hand for each thing a caller may ask."""

import pytest

from processing.matting.errors import ResultTooLarge
from processing.matting.layout import NO_MARGINS, Box, Layout, Margins, lay_out, pixels_at_most
from processing.matting.options import Crop, CutoutOptions, DecodeLimits, Length, ResultSize

PHOTO = (400, 600)
SUBJECT = Box(150, 100, 300, 200)
LIMITS = DecodeLimits(max_bytes=1, max_pixels=50_000_000, max_side_px=16_384, max_jpeg_scans=1)


def layout_of(subject=SUBJECT, photo=PHOTO, is_png=True, shadow_reach=NO_MARGINS, **options) -> Layout:
    return lay_out(photo, subject, CutoutOptions(**options), is_png=is_png, limits=LIMITS, shadow_reach=shadow_reach)


def share(value: float) -> Length:
    return Length(value, "share")


def px(value: float) -> Length:
    return Length(value, "px")


def test_without_wishes_the_canvas_is_the_photo():
    assert layout_of() == Layout(400, 600, Box(0, 0, 600, 400), Box(0, 0, 600, 400))


@pytest.mark.parametrize(
    ("crop", "frame"),
    [
        (Crop(), Box(150, 100, 300, 200)),
        (Crop(top=px(10), right=px(20), bottom=px(30), left=px(40)), Box(110, 90, 360, 240)),
        (Crop(top=share(0.1), right=share(0.1), bottom=share(0.1), left=share(0.1)), Box(120, 80, 360, 240)),
        (Crop(left=px(200)), Box(-50, 100, 500, 200)),
        (Crop(ratio=(1, 1)), Box(150, 50, 300, 300)),
        (Crop(ratio=(16, 9)), Box(122, 100, 356, 200)),
        (Crop(ratio=(1, 2), top=share(0.5), bottom=share(0.5)), Box(150, -100, 300, 600)),
    ],
)
def test_a_crop_is_the_subject_with_its_margins_and_proportions(crop, frame):
    layout = layout_of(crop=crop)

    assert layout == Layout(int(frame.height), int(frame.width), frame, Box(0, 0, frame.width, frame.height))


def test_a_crop_keeps_the_shadow():
    assert layout_of(crop=Crop(), shadow_reach=Margins(1, 2, 30, 4)).source == Box(146, 99, 306, 231)


@pytest.mark.parametrize(
    ("options", "target"),
    [
        ({"position": (0.5, 0.5)}, Box(150, 100, 300, 200)),
        ({"position": (0, 0)}, Box(0, 0, 300, 200)),
        ({"position": (1, 1)}, Box(300, 200, 300, 200)),
        ({"position": (0.25, 0.75)}, Box(75, 150, 300, 200)),
        ({"scale": 1.0, "position": (0.5, 0.5)}, Box(0, 0, 600, 400)),
        ({"scale": 0.5, "position": (0.5, 0.5)}, Box(150, 100, 300, 200)),
        ({"scale": 0.1, "position": (0, 1)}, Box(0, 360, 60, 40)),
        ({"scale": 0.2}, Box(240, 160, 120, 80)),
    ],
)
def test_scale_and_position_move_the_subject_alone(options, target):
    layout = layout_of(**options)

    assert (layout.height, layout.width, layout.source) == (400, 600, SUBJECT)
    assert layout.target == pytest.approx(target)


def test_a_tall_subject_is_scaled_by_its_height():
    layout = layout_of(subject=Box(0, 0, 10, 100), scale=0.8, position=(0.5, 0.5))

    assert layout.target == pytest.approx(Box(284, 40, 32, 320))


def test_a_subject_that_grows_where_it_is_stays_on_the_canvas():
    layout = layout_of(subject=Box(0, 0, 100, 100), scale=0.5)

    assert layout.target == pytest.approx(Box(0, 0, 200, 200))


@pytest.mark.parametrize(
    ("size", "canvas", "target"),
    [
        (ResultSize(width=300), (200, 300), Box(0, 0, 300, 200)),
        (ResultSize(height=800), (800, 1200), Box(0, 0, 1200, 800)),
        (ResultSize(width=300, height=300), (300, 300), Box(0, 50, 300, 200)),
        (ResultSize(width=300, height=300, fit="cover"), (300, 300), Box(-75, 0, 450, 300)),
        (ResultSize(width=1000, height=1000, fit="scale-down"), (1000, 1000), Box(200, 300, 600, 400)),
        (ResultSize(width=1200, fit="scale-down"), (400, 600), Box(0, 0, 600, 400)),
        (ResultSize(width=60, fit="scale-down"), (40, 60), Box(0, 0, 60, 40)),
        (ResultSize(width=100, height=400, fit="contain"), (400, 100), Box(0, 166, 100, 67)),
    ],
)
def test_width_height_and_fit_decide_the_canvas(size, canvas, target):
    layout = layout_of(size=size)

    assert (layout.height, layout.width) == canvas
    assert layout.target == pytest.approx(target, abs=0.01)


@pytest.mark.parametrize(("left", "expected"), [(0, 0), (250, -100), (350, -200), (500, -200)])
def test_cover_keeps_the_subject_central_as_far_as_the_photo_reaches(left, expected):
    layout = layout_of(subject=Box(left, 0, 100, 100), size=ResultSize(width=400, height=400, fit="cover"))

    assert layout.target.left == expected


@pytest.mark.parametrize(
    ("photo", "size", "is_png", "expected"),
    [
        ((400, 600), ResultSize(max_pixels=250_000), False, (400, 600)),
        ((1600, 2500), ResultSize(max_pixels=250_000), False, (400, 625)),
        ((3000, 4000), ResultSize(max_pixels=25_000_000, max_png_pixels=10_000_000), False, (3000, 4000)),
        ((3000, 4000), ResultSize(max_pixels=25_000_000, max_png_pixels=10_000_000), True, (2738, 3651)),
        ((100, 200), ResultSize(max_side_px=50), False, (25, 50)),
        ((1, 16_384), ResultSize(max_side_px=256), False, (1, 256)),
        ((10_000, 1), ResultSize(max_pixels=100), False, (1000, 1)),
    ],
)
def test_caps_shrink_in_proportion_and_never_enlarge(photo, size, is_png, expected):
    assert pixels_at_most(*photo, size, is_png=is_png) == expected


def test_a_product_over_the_cap_by_rounding_is_impossible():
    for height in range(500, 900, 7):
        tall, wide = pixels_at_most(height, 1201, ResultSize(max_pixels=250_000), is_png=False)
        assert tall * wide <= 250_000


def test_what_would_be_larger_than_any_picture_is_refused():
    with pytest.raises(ResultTooLarge):
        layout_of(crop=Crop(ratio=(999, 1)))
    with pytest.raises(ResultTooLarge):
        layout_of(photo=(10, 6000), size=ResultSize(height=6000))


def test_without_a_subject_nothing_is_cropped_scaled_or_moved():
    layout = layout_of(subject=None, crop=Crop(), scale=0.5, position=(0, 0))

    assert layout == Layout(400, 600, Box(0, 0, 600, 400), Box(0, 0, 600, 400))
