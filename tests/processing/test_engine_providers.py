"""A named execution provider runs, or the service says that it is not ready and why: never another in its place."""

import onnxruntime
import pytest

from processing.engine import Engine, ModelNotReady


def test_a_named_provider_that_is_missing_makes_the_model_unusable_and_says_what_to_install(settings, monkeypatch):
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    settings.EXECUTION_PROVIDER = "cuda"
    engine = Engine()

    with pytest.raises(ModelNotReady):
        engine.session()

    status = engine.status()
    assert (status.state, status.provider) == ("unusable", None)
    assert "removebg[cuda]" in (status.problem or "")


def test_by_itself_the_engine_says_what_runs_the_model(settings):
    settings.EXECUTION_PROVIDER = "auto"
    engine = Engine()

    engine.session()

    assert engine.status().provider in {"cpu", "cuda"}
