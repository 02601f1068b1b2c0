from dataclasses import replace

import numpy as np
import pytest

from processing.matting.model_catalog import get_model
from processing.matting.network_output import as_matte, stretched

MATTE_MODEL = get_model("isnet-general-use")
LOGITS_MODEL = replace(MATTE_MODEL, output="logits")


def test_a_matte_is_clipped_and_otherwise_left_alone() -> None:
    raw = np.array([[-0.25, 0.0, 0.25, 1.0, 1.5]], np.float16)

    matte = as_matte(raw, MATTE_MODEL)

    assert matte.dtype == np.float32
    assert matte.tolist() == [[0, 0, 0.25, 1, 1]]


def test_logits_become_their_sigmoid_however_large_they_are() -> None:
    raw = np.array([[-1e30, -1000, -np.log(3), 0, np.log(3), 1000, 1e30]], np.float32)

    matte = as_matte(raw, LOGITS_MODEL)

    assert matte.dtype == np.float32
    assert matte[0] == pytest.approx([0, 0, 0.25, 0.5, 0.75, 1, 1])


def test_stretching_reaches_both_ends_and_keeps_the_order() -> None:
    assert stretched(np.array([[0.2, 0.3, 0.7]], np.float32))[0] == pytest.approx([0, 0.2, 1])


def test_a_matte_without_contrast_is_not_stretched() -> None:
    flat = np.full((4, 4), 0.7, np.float32)

    assert np.array_equal(stretched(flat), flat)
