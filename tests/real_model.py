"""The default model on its real weights, opened once per test process."""

from functools import cache
from pathlib import Path

import pytest
from django.conf import settings

from processing.matting.model_catalog import get_model
from processing.matting.prepared_graph import PREPARED
from processing.matting.session import OnnxSession, open_session
from processing.weights import WeightsUnavailable, load_verified


@cache
def real_session() -> OnnxSession:
    """Return the session that every test shares; without the weights the test fails and says how to get them."""
    model = get_model(settings.MODEL_NAME)
    try:
        weights = load_verified(model, Path(settings.MODEL_CACHE_DIR))
    except WeightsUnavailable as error:
        pytest.fail(f"{error} Run `python manage.py fetch_model` first.", pytrace=False)
    return open_session(
        weights.data,
        model,
        threads=settings.INFERENCE_THREADS,
        prepared_folder=Path(settings.MODEL_CACHE_DIR) / PREPARED,
        digest=weights.artifact.digest,
    )
