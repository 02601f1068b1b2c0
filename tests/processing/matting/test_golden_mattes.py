"""The mattes of real photos are still those that were looked at; golden_mattes.py says how to write new ones down."""

import numpy as np
import pytest

from benchmarks.remembered_session import RememberingSession
from tests.processing.matting.golden_mattes import (
    PHOTOS,
    QUALITIES,
    alpha_of,
    describe,
    differences,
    read_golden,
    weights_digest,
)

GOLDEN = read_golden()


@pytest.fixture(scope="module")
def remembering(isnet, tmp_path_factory):
    """The real network, asked once for each picture that it is shown."""
    return RememberingSession(isnet, weights_digest(), tmp_path_factory.mktemp("network"))


@pytest.mark.parametrize("quality", QUALITIES)
@pytest.mark.parametrize("name", PHOTOS)
def test_a_matte_is_as_it_was(remembering, name, quality):
    seen = describe(alpha_of(name, quality, remembering))

    assert differences(seen, GOLDEN["mattes"][name][quality]) == []


@pytest.mark.parametrize("name", PHOTOS)
def test_a_matte_of_another_quality_would_be_noticed(name):
    mattes = GOLDEN["mattes"][name]

    assert differences(mattes["fast"], mattes["standard"])
    assert differences(mattes["standard"], mattes["best"])


def test_a_mirrored_a_faint_and_a_blurred_matte_would_be_noticed(remembering):
    alpha = alpha_of("chelsea", "standard", remembering)
    golden = GOLDEN["mattes"]["chelsea"]["standard"]
    blurred = (alpha[:-1, :-1] // 4 + alpha[1:, :-1] // 4 + alpha[:-1, 1:] // 4 + alpha[1:, 1:] // 4).astype(np.uint8)

    assert differences(describe(alpha), golden) == []
    assert differences(describe(alpha[:, ::-1]), golden)
    assert differences(describe((alpha * 0.9).astype(np.uint8)), golden)
    assert differences(describe(blurred), golden)
