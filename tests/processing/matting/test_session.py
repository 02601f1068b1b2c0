from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from processing.matting.errors import ModelUnusable
from processing.matting.model_catalog import get_model
from processing.matting.session import OnnxSession, open_session


def _pattern(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((1, 3, 1024, 1024), np.float32) - np.float32(0.5)


def test_matte_has_the_promised_shape_range_and_type(isnet: OnnxSession) -> None:
    matte = isnet.run(_pattern(1))

    assert matte.shape == (1024, 1024)
    assert matte.dtype == np.float32
    assert matte.min() >= 0
    assert matte.max() <= 1


def test_threads_share_one_session_and_get_their_own_answers(isnet: OnnxSession) -> None:
    y, x = np.mgrid[:1024, :1024]
    shapes = [np.hypot(x - centre, y - 512) < 200 for centre in (300, 700)]
    tensors = [np.where(shape, 0.4, -0.4).astype(np.float32)[None, None].repeat(3, axis=1) for shape in shapes]
    alone = [isnet.run(tensor) for tensor in tensors]

    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(isnet.run, tensors))

    assert np.abs(alone[0] - alone[1]).max() > 0.5
    for one, other in zip(alone, together, strict=True):
        assert np.allclose(one, other, atol=1e-3)


@pytest.mark.parametrize("weights", [b"", b"junk" * 100])
def test_bytes_that_are_no_network_are_unusable(weights: bytes) -> None:
    with pytest.raises(ModelUnusable) as refused:
        open_session(weights, get_model("isnet-general-use"), threads=1)

    assert (refused.value.code, refused.value.status, refused.value.is_our_fault) == ("service_unavailable", 503, True)
    assert "isnet-general-use" in (refused.value.details or "")
    assert "isnet" not in refused.value.public_text
