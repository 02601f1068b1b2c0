import importlib
import time
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processing.matting import deflate
from processing.matting.deflate import deflated, inflates_to, joined_adler32


def _strips(count: int) -> list[np.ndarray]:
    return [np.random.default_rng(n).integers(0, 20, (8, 3000)).astype(np.uint8) for n in range(count)]


@pytest.fixture(params=["zlib", "isal.isal_zlib"])
def codec(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both of the codecs that may be there."""
    monkeypatch.setattr(deflate, "_CODEC", importlib.import_module(request.param))


@pytest.mark.usefixtures("codec")
@pytest.mark.parametrize("bands", [1, 2, 7])
def test_bands_come_back_in_order_through_any_zlib(bands: int) -> None:
    packed = [_strips(n + 1) for n in range(bands)]

    stream = b"".join(deflated([lambda band=band: band for band in packed]))

    assert zlib.decompress(stream) == b"".join(strip.tobytes() for band in packed for strip in band)
    assert len(stream) < sum(strip.nbytes for band in packed for strip in band)


@pytest.mark.usefixtures("codec")
def test_same_bands_give_the_same_bytes() -> None:
    streams = {b"".join(deflated([lambda: _strips(3), lambda: _strips(5)])) for _ in range(5)}

    assert len(streams) == 1


@given(st.binary(max_size=400), st.binary(max_size=400), st.integers(0, 200))
def test_checksum_of_two_blocks_is_joined_from_theirs(first: bytes, second: bytes, repeats: int) -> None:
    first, second = first * repeats, second * (200 - repeats)

    joined = joined_adler32(zlib.adler32(first), zlib.adler32(second), len(second))

    assert joined == zlib.adler32(first + second)


@pytest.mark.usefixtures("codec")
@pytest.mark.parametrize("length", [0, 1, 65_536, 1 << 20, (1 << 20) + 1, 5_000_000])
@pytest.mark.parametrize("piece_bytes", [1, 1000, 1 << 30])
def test_length_of_what_is_packed_is_measured_to_the_byte(length: int, piece_bytes: int) -> None:
    packed = memoryview(zlib.compress(b"\x00" * length))
    pieces = [packed[start : start + piece_bytes] for start in range(0, len(packed), piece_bytes)]

    assert length == 0 or inflates_to(pieces, length)
    assert not inflates_to(pieces, length + 1)


@pytest.mark.usefixtures("codec")
def test_no_more_is_inflated_than_is_asked_for() -> None:
    bomb = [memoryview(zlib.compress(b"\x00" * 200_000_000))]
    began = time.thread_time()

    assert inflates_to(bomb, 1000)
    assert time.thread_time() - began < 0.1
