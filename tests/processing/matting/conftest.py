"""What the tests of the core share: the limits of the product, the real network, a known one."""

import pytest

from processing.matting.options import DecodeLimits
from processing.matting.session import OnnxSession
from tests.processing.matting.fakes import DiscSession
from tests.real_model import real_session


@pytest.fixture
def limits() -> DecodeLimits:
    return DecodeLimits(max_bytes=20 * 1024 * 1024, max_pixels=50_000_000, max_side_px=16_384, max_jpeg_scans=100)


@pytest.fixture(scope="session")
def isnet() -> OnnxSession:
    return real_session()


@pytest.fixture
def disc() -> DiscSession:
    return DiscSession()
