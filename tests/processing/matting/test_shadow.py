from collections.abc import Callable

import cv2
import numpy as np
import pytest

from processing.matting.framing import CROP_MIN_ALPHA
from processing.matting.shadow import Margins, ShadowStyle, cast_shadow, over_black, shadow_reach

STYLES: list[ShadowStyle] = ["drop", "3D", "car"]
ON_GROUND: list[ShadowStyle] = ["3D", "car"]


def _canvas() -> np.ndarray:
    return np.zeros((400, 600), np.uint8)


def _disc() -> np.ndarray:
    return cv2.circle(_canvas(), (250, 180), 80, 255, -1)


def _standing() -> np.ndarray:
    alpha = _canvas()
    alpha[100:300, 200:280] = 255
    return alpha


def _two_legs() -> np.ndarray:
    alpha = _canvas()
    alpha[100:200, 200:300] = alpha[200:300, 200:230] = alpha[200:300, 270:300] = 255
    return alpha


def _times(scale: int, alpha: np.ndarray) -> np.ndarray:
    return alpha.repeat(scale, axis=0).repeat(scale, axis=1)


MATTES = [_disc, _standing, _two_legs]


def _box(height: int, width: int, around: int) -> np.ndarray:
    return np.pad(np.full((height, width), 255, np.uint8), around)


def _seen_beyond(shadow: np.ndarray, height: int, width: int, around: int) -> Margins:
    left, top, seen_width, seen_height = cv2.boundingRect((shadow > 0).view(np.uint8))
    right, bottom = left + seen_width - around - width, top + seen_height - around - height
    return Margins(*(max(0, px) for px in (around - top, right, bottom, around - left)))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("matte", MATTES)
def test_shadow_lies_on_the_canvas_of_its_matte(matte: Callable[[], np.ndarray], style: ShadowStyle) -> None:
    alpha = matte()
    before = alpha.copy()

    shadow = cast_shadow(alpha, style, 1.0)

    assert shadow.shape == alpha.shape
    assert shadow.dtype == np.uint8
    assert shadow.max() > 150
    assert np.array_equal(alpha, before)
    assert np.array_equal(shadow, cast_shadow(alpha, style, 1.0))


def test_drop_shadow_of_a_disc_is_the_disc_moved_down_and_slightly_right() -> None:
    shadow = cast_shadow(_disc(), "drop", 1.0).astype(np.float64)
    rows, columns = np.indices(shadow.shape)

    down = (shadow * rows).sum() / shadow.sum() - 180
    right = (shadow * columns).sum() / shadow.sum() - 250

    assert down == pytest.approx(0.05 * 161, abs=0.5)
    assert right == pytest.approx(0.02 * 161, abs=0.5)
    assert shadow.sum() == pytest.approx(255 * (_disc() > 0).sum(), rel=0.01)
    assert shadow[188, 253] >= 254


def test_drop_shadow_has_no_hard_edge() -> None:
    shadow = cast_shadow(_standing(), "drop", 1.0).astype(np.int32)

    for axis in (0, 1):
        assert np.abs(np.diff(shadow, axis=axis)).max() <= 30


def test_drop_shadow_fades_from_its_middle_outwards() -> None:
    shadow = cast_shadow(_standing(), "drop", 1.0).astype(np.int32)

    assert (np.diff(shadow[200:, 242]) <= 0).all()
    assert (np.diff(shadow[:200, 242]) >= 0).all()
    assert (np.diff(shadow[200, 242:]) <= 0).all()


@pytest.mark.parametrize("style", ON_GROUND)
@pytest.mark.parametrize("matte", MATTES)
def test_ground_shadow_is_darkest_where_the_subject_stands(matte: Callable[[], np.ndarray], style: ShadowStyle) -> None:
    alpha = matte()
    base = np.flatnonzero(alpha.any(axis=1))[-1]

    seen = np.where(alpha, 0, cast_shadow(alpha, style, 1.0))
    darkest_row = int(seen.max(axis=1).argmax())

    assert abs(darkest_row - base) <= 12
    assert seen.max() > 120


@pytest.mark.parametrize("style", ON_GROUND)
def test_ground_shadow_below_the_base_is_narrow_and_fades_away_from_it(style: ShadowStyle) -> None:
    shadow = cast_shadow(_standing(), style, 1.0).astype(np.int32)

    below = shadow[300:, 240]

    assert below[0] > 120
    assert (np.diff(below) <= 0).all()
    assert below[20] == 0


def test_shadow_on_the_floor_falls_back_to_the_right_and_fades_and_softens_with_distance() -> None:
    shadow = cast_shadow(_standing(), "3D", 1.0).astype(np.int32)
    rows = [round(300 - 0.26 * 200 * share) for share in (0.3, 0.5, 0.7, 0.9)]
    # The middle axis of the rectangle, where each of those heights is thrown to.
    columns = [round(240 + 0.38 * 200 * share) for share in (0.3, 0.5, 0.7, 0.9)]
    darkness = [shadow[row, column] for row, column in zip(rows, columns, strict=True)]
    edges = [shadow[row, column:] for row, column in zip(rows, columns, strict=True)]
    softness_px = [((edge > 0.1 * edge[0]) & (edge < 0.9 * edge[0])).sum() for edge in edges]

    assert darkness == sorted(darkness, reverse=True)
    assert darkness[0] > 2 * darkness[-1] > 0
    assert softness_px == sorted(softness_px)
    assert softness_px[-1] > 1.5 * softness_px[0]
    assert shadow[:200].max() == 0
    assert shadow[:295, :190].max() == 0


def test_each_leg_has_a_contact_shadow_of_its_own() -> None:
    below = cast_shadow(_two_legs(), "3D", 1.0)[302].astype(np.int32)

    assert min(below[215], below[285]) > below[250] + 40
    assert min(below[215], below[285]) > max(below[180], below[325]) + 60


def test_ground_between_the_tyres_of_a_car_is_dark_and_a_little_beside_it() -> None:
    shadow = cast_shadow(_two_legs(), "car", 1.0)

    assert shadow[285:300, 235:265].min() > 100
    assert min(shadow[295, 190], shadow[295, 309]) > 15
    assert min(shadow[303, 215], shadow[303, 285]) > shadow[303, 250] + 30
    assert max(shadow[:, 150].max(), shadow[:, 350].max()) == 0
    assert shadow[:190].max() == 0


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("matte", MATTES)
@pytest.mark.parametrize("scale", [2, 5])
def test_same_matte_at_another_size_casts_the_same_shadow(
    matte: Callable[[], np.ndarray], style: ShadowStyle, scale: int
) -> None:
    small = cast_shadow(matte(), style, 1.0).astype(np.int32)
    large = cast_shadow(_times(scale, matte()), style, 1.0)

    shrunk = cv2.resize(large, (600, 400), interpolation=cv2.INTER_AREA).astype(np.int32)

    assert np.abs(shrunk - small).max() <= 6
    assert np.abs(shrunk - small).mean() <= 0.05


@pytest.mark.parametrize("style", STYLES)
def test_enlarged_shadow_shows_no_steps(style: ShadowStyle) -> None:
    shadow = cast_shadow(_times(8, _standing()), style, 1.0).astype(np.int32)

    assert np.abs(np.diff(shadow, n=2, axis=0)).max() <= 4
    assert np.abs(np.diff(shadow, n=2, axis=1)).max() <= 4


@pytest.mark.parametrize("style", STYLES)
def test_opacity_scales_the_shadow(style: ShadowStyle) -> None:
    full = cast_shadow(_disc(), style, 1.0).astype(np.float64)

    for opacity in (0.0, 0.25, 0.5, 0.9):
        assert np.abs(cast_shadow(_disc(), style, opacity) - full * opacity).max() <= 1


@pytest.mark.parametrize("style", STYLES)
def test_half_transparent_subject_casts_half_a_shadow(style: ShadowStyle) -> None:
    opaque = cast_shadow(_standing(), style, 1.0)

    half = cast_shadow((_standing() // 2).astype(np.uint8), style, 1.0)

    assert 0.45 * opaque.max() < half.max() < 0.8 * opaque.max()


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    ("height", "width"), [(300, 300), (600, 150), (150, 600), (300, 90), (1500, 1000), (40, 30), (9, 14)]
)
def test_reach_holds_all_of_the_shadow_of_a_box_and_little_more(height: int, width: int, style: ShadowStyle) -> None:
    around = 2 * max(height, width)

    seen = _seen_beyond(cast_shadow(_box(height, width, around), style, 1.0), height, width, around)
    reach = shadow_reach(height, width, style)

    for seen_px, reach_px in zip(seen, reach, strict=True):
        assert seen_px <= reach_px <= 1.5 * seen_px + 2


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(("height", "width"), [(2, 900), (900, 2), (30, 3000), (1, 1), (3000, 30)])
def test_reach_holds_all_of_the_shadow_of_a_sliver(height: int, width: int, style: ShadowStyle) -> None:
    around = 600
    alpha = _box(height, width, around)
    if style == "3D":
        alpha = np.pad(alpha, ((0, 0), (0, 2000)))

    seen = _seen_beyond(cast_shadow(alpha, style, 1.0), height, width, around)

    assert all(seen_px <= reach_px for seen_px, reach_px in zip(seen, shadow_reach(height, width, style), strict=True))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("matte", MATTES)
def test_shadow_fades_out_before_its_reach_ends(matte: Callable[[], np.ndarray], style: ShadowStyle) -> None:
    alpha = matte()
    left, top, width, height = cv2.boundingRect(alpha)
    reach = shadow_reach(height, width, style)

    shadow = cast_shadow(alpha, style, 1.0)
    shadow[top - reach.top : top + height + reach.bottom, left - reach.left : left + width + reach.right] = 0

    assert shadow.max() == 0


@pytest.mark.parametrize("style", STYLES)
def test_empty_matte_and_faint_noise_cast_nothing(style: ShadowStyle) -> None:
    assert not cast_shadow(_canvas(), style, 1.0).any()
    assert not cast_shadow(np.full((40, 60), CROP_MIN_ALPHA - 1, np.uint8), style, 1.0).any()


@pytest.mark.parametrize("style", STYLES)
def test_faint_noise_around_the_subject_changes_no_shadow(style: ShadowStyle) -> None:
    noisy = np.maximum(_disc(), CROP_MIN_ALPHA - 1)

    assert np.array_equal(cast_shadow(noisy, style, 1.0), cast_shadow(_disc(), style, 1.0))


@pytest.mark.parametrize("style", STYLES)
def test_single_pixel_casts_a_shadow(style: ShadowStyle) -> None:
    alpha = np.zeros((9, 9), np.uint8)
    alpha[4, 4] = 255

    assert cast_shadow(alpha, style, 1.0).any()
    assert cast_shadow(np.full((1, 1), 255, np.uint8), style, 1.0).shape == (1, 1)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("matte", MATTES)
def test_canvas_that_ends_at_the_subject_shows_what_a_larger_one_shows_there(
    matte: Callable[[], np.ndarray], style: ShadowStyle
) -> None:
    alpha = matte()
    left, top, width, height = cv2.boundingRect(alpha)
    box = slice(top, top + height), slice(left, left + width)

    assert np.array_equal(cast_shadow(alpha[box], style, 1.0), cast_shadow(alpha, style, 1.0)[box])


@pytest.mark.parametrize("style", STYLES)
def test_full_canvas_is_no_special_case(style: ShadowStyle) -> None:
    shadow = cast_shadow(np.full((50, 70), 255, np.uint8), style, 0.5)

    assert shadow.shape == (50, 70)
    assert 0 < shadow.max() <= 128


def test_every_cutout_over_its_shadow_is_the_nearest_value() -> None:
    alpha, shadow = (plane.astype(np.uint8) for plane in np.meshgrid(np.arange(256), np.arange(256)))
    for level in (0, 1, 90, 254, 255):
        foreground = np.full((256, 256, 3), level, np.uint8)
        foreground[..., 1] = 255 - level

        rgb, opacity = over_black(foreground, alpha, shadow)

        a, s = alpha / 255.0, shadow / 255.0
        both = a + s * (1 - a)
        colour = a[..., np.newaxis] * foreground / np.maximum(both, 1e-9)[..., np.newaxis]
        assert np.abs(opacity - 255 * both).max() <= 0.5 + 1e-4
        assert np.abs(rgb - colour)[both > 0].max() <= 0.5 + 1e-4


def test_nothing_changes_where_there_is_no_shadow_or_the_subject_is_opaque() -> None:
    random = np.random.default_rng(5)
    foreground = random.integers(0, 256, (100, 60, 3)).astype(np.uint8)
    alpha = random.integers(0, 256, (100, 60)).astype(np.uint8)
    shadow = random.integers(0, 2, (100, 60)).astype(np.uint8) * random.integers(0, 256, (100, 60)).astype(np.uint8)
    shadow[32:64] = 0
    alpha[70:80] = 255
    originals = foreground.copy(), alpha.copy(), shadow.copy()

    rgb, opacity = over_black(foreground, alpha, shadow)

    same = (shadow == 0) | (alpha == 255)
    assert np.array_equal(rgb[same], foreground[same])
    assert np.array_equal(opacity[same], alpha[same])
    for after, before in zip((foreground, alpha, shadow), originals, strict=True):
        assert np.array_equal(after, before)


def test_shadow_alone_is_black() -> None:
    rgb, opacity = over_black(
        np.full((40, 4, 3), 200, np.uint8), np.zeros((40, 4), np.uint8), np.full((40, 4), 77, np.uint8)
    )

    assert (rgb == 0).all()
    assert (opacity == 77).all()
