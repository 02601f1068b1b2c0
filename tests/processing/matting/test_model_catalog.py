"""Each row's way of feeding a network and of reading it, on stand-in graphs; U2Netp's also on its real weights."""

from collections.abc import Callable

import numpy as np
import onnxruntime
import pytest
from django.conf import settings
from PIL import Image

from processing.matting.model_catalog import CATALOG, ModelRow, UnknownModel, get_model
from processing.matting.predict import has_subject, predict
from processing.matting.session import open_session
from processing.weights import find_verified, load_verified
from tests.photos import photo_path
from tests.processing.matting.stand_in_graphs import red_times

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
NEUTRAL = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
# Typed from the makers' own inference code: side, mean and std, divisor, output, whether they stretch.
FED_AND_READ = {
    "isnet-general-use": (1024, ((0.5, 0.5, 0.5), (1.0, 1.0, 1.0)), "255", "matte", False),
    "isnet-anime": (1024, NEUTRAL, "255", "matte", False),
    "u2net": (320, IMAGENET, "picture maximum", "matte", True),
    "u2netp": (320, IMAGENET, "picture maximum", "matte", True),
    "silueta": (320, IMAGENET, "picture maximum", "matte", True),
    "birefnet-general": (1024, IMAGENET, "255", "logits", False),
    "birefnet-general-lite": (1024, IMAGENET, "255", "logits", False),
    "birefnet-portrait": (1024, IMAGENET, "255", "logits", False),
    "birefnet-hrsod": (1024, IMAGENET, "255", "logits", False),
    "ben2-base": (1024, NEUTRAL, "255", "matte", True),
}


def two_greys(dark: int, bright: int) -> np.ndarray:
    """Return a picture whose left half is dark and whose right half is bright."""
    picture = np.full((40, 40, 3), dark, np.uint8)
    picture[:, 20:] = bright
    return picture


def halves(matte: np.ndarray) -> tuple[float, float]:
    quarter = matte.shape[1] // 4
    return float(matte[:, quarter].mean()), float(matte[:, -quarter].mean())


def sigmoid(x: float) -> float:
    return float(1 / (1 + np.exp(-x)))


@pytest.mark.parametrize("name", FED_AND_READ)
def test_a_row_says_what_its_makers_do(name: str) -> None:
    row = get_model(name)

    assert (row.input_size, (row.mean, row.std), row.divisor, row.output, row.needs_stretch) == FED_AND_READ[name]


def test_every_row_is_checked_here() -> None:
    assert set(CATALOG) == set(FED_AND_READ)


@pytest.mark.parametrize("row", CATALOG.values(), ids=lambda row: row.name)
def test_a_rows_network_is_fed_and_read_as_the_row_says(row: ModelRow) -> None:
    dark, bright = 51, 204
    divisor = 255 if row.divisor == "255" else bright
    seen = [(value / divisor - row.mean[0]) / row.std[0] for value in (dark, bright)]
    # A network that answers .1 for the dark half and .8 for the bright one, or the same as logits.
    answers = (0.1, 0.8) if row.output == "matte" else (-2.0, 1.5)
    factor = (answers[1] - answers[0]) / (seen[1] - seen[0])
    session = open_session(red_times(row, factor, answers[0] - factor * seen[0]), row, threads=1)

    left, right = halves(predict(two_greys(dark, bright), session))

    if row.needs_stretch:
        assert (left, right) == pytest.approx((0, 1), abs=1e-3)
    elif row.output == "logits":
        assert (left, right) == pytest.approx((sigmoid(-2.0), sigmoid(1.5)), abs=1e-3)
    else:
        assert (left, right) == pytest.approx((0.1, 0.8), abs=1e-3)


@pytest.mark.parametrize("name", ["u2netp", "ben2-base"])
def test_haze_is_never_stretched_into_a_subject(name: str) -> None:
    row = get_model(name)
    session = open_session(red_times(row, 0.0, 0.08), row, threads=1)
    faint = open_session(red_times(row, 0.05, 0.2), row, threads=1)

    assert not has_subject(predict(two_greys(0, 255), session))
    matte = predict(two_greys(0, 255), faint)
    assert not has_subject(matte)
    assert matte.max() < 0.5


def test_an_all_black_picture_is_fed_without_a_division_by_zero() -> None:
    row = get_model("u2netp")
    session = open_session(red_times(row, 1.0), row, threads=1)

    assert np.isfinite(predict(two_greys(0, 0), session)).all()


def test_a_network_that_answers_in_half_precision_is_read_like_any_other() -> None:
    row = get_model("ben2-base")
    session = open_session(red_times(row, 0.5, 0.25, half_precision_out=True), row, threads=1)

    matte = predict(two_greys(0, 255), session, looks_twice=True)

    assert matte.dtype == np.float32
    assert halves(matte) == pytest.approx((0, 1), abs=2e-3)


def test_the_default_allows_commercial_use() -> None:
    assert get_model("isnet-general-use").allows_commercial_use


@pytest.mark.parametrize("row", CATALOG.values(), ids=lambda row: row.name)
def test_each_row_names_its_licence_its_origin_and_a_published_digest(row: ModelRow) -> None:
    assert row.licence
    assert row.licence_url.startswith("https://")
    assert row.origin.startswith("https://")
    assert row.allows_commercial_use or row.caveat
    for artifact in row.artifacts:
        assert len(artifact.digest) == {"md5": 32, "sha256": 64}[artifact.digest_algorithm]
        assert artifact.digest == artifact.digest.lower()
        assert artifact.sources


def test_no_two_files_of_the_catalog_have_one_name_or_one_digest() -> None:
    artifacts = [artifact for row in CATALOG.values() for artifact in row.artifacts]

    assert len({artifact.file_name for artifact in artifacts}) == len(artifacts)
    assert len({artifact.digest for artifact in artifacts}) == len(artifacts)


def test_an_unknown_model_is_told_with_the_names_there_are() -> None:
    with pytest.raises(UnknownModel, match=r"no model named 'u3net'; there is: isnet-general-use, .*, ben2-base"):
        get_model("u3net")


# --- U2Netp, on its real weights ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def u2netp() -> Callable[[np.ndarray], np.ndarray]:
    """Give the real network as its predict function; `manage.py fetch_model u2netp` puts it there."""
    row = get_model("u2netp")
    if find_verified(row, settings.MODEL_CACHE_DIR) is None:
        pytest.fail("u2netp is missing: run `python manage.py fetch_model u2netp` first.", pytrace=False)
    session = open_session(load_verified(row, settings.MODEL_CACHE_DIR).data, row, threads=settings.INFERENCE_THREADS)
    return lambda picture: predict(picture, session)


def photo(name: str) -> np.ndarray:
    with Image.open(photo_path(name)) as image:
        return np.asarray(image.convert("RGB"))


def by_the_makers_recipe(picture: np.ndarray) -> np.ndarray:
    """Return what U-2-Net's own test script makes of a picture: scaled by its maximum, ImageNet's mean and std, d1."""
    path = find_verified(get_model("u2netp"), settings.MODEL_CACHE_DIR)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    small = np.asarray(Image.fromarray(picture).resize((320, 320), Image.Resampling.BILINEAR), np.float64)
    scaled = (small / small.max() - IMAGENET[0]) / IMAGENET[1]
    first = session.run(None, {"input.1": scaled.transpose(2, 0, 1)[None].astype(np.float32)})[0][0, 0]
    return np.asarray((first - first.min()) / (first.max() - first.min()))


@pytest.mark.parametrize("name", ["chelsea", "astronaut"])
def test_u2netp_finds_what_its_makers_own_recipe_finds(name: str, u2netp: Callable[[np.ndarray], np.ndarray]) -> None:
    picture = photo(name)

    matte = u2netp(picture)

    assert matte.shape == (320, 320)
    assert (matte.min(), matte.max()) == (0, 1)
    assert np.abs(matte - by_the_makers_recipe(picture)).mean() < 0.002


def test_u2netp_finds_the_cat_and_not_the_wall(u2netp: Callable[[np.ndarray], np.ndarray]) -> None:
    matte = u2netp(photo("chelsea"))

    assert matte[160:280, 100:220].mean() > 0.9
    assert matte[:30, :20].mean() < 0.1


def test_u2netp_sees_no_subject_where_there_is_none(u2netp: Callable[[np.ndarray], np.ndarray]) -> None:
    assert not has_subject(u2netp(np.full((200, 300, 3), 128, np.uint8)))
