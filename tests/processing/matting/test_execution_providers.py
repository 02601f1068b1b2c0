"""Which provider runs: the wished one or none, and by itself only what is known to be good."""

import pytest

from processing.matting.execution_providers import PROVIDERS, ProviderMissing, choose_provider

CPU_ONLY = ["AzureExecutionProvider", "CPUExecutionProvider"]
EVERYTHING = [provider.onnxruntime_name for provider in PROVIDERS.values()]


def test_without_an_accelerator_the_cpu_is_chosen() -> None:
    assert choose_provider("auto", CPU_ONLY).name == "cpu"


def test_cuda_is_chosen_where_it_is() -> None:
    assert choose_provider("auto", EVERYTHING).name == "cuda"


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_named_provider_is_chosen_where_it_is(name: str) -> None:
    assert choose_provider(name, EVERYTHING).name == name


@pytest.mark.parametrize("name", ["cuda", "tensorrt", "coreml", "directml"])
def test_a_named_provider_that_is_missing_is_refused_with_the_way_to_get_it(name: str) -> None:
    with pytest.raises(ProviderMissing) as refused:
        choose_provider(name, CPU_ONLY)

    said = refused.value.details or ""
    assert f"EXECUTION_PROVIDER={name} cannot run" in said
    assert PROVIDERS[name].how_to_get in said
    assert refused.value.status == 503


def test_a_provider_that_nobody_knows_is_refused_with_those_there_are() -> None:
    with pytest.raises(ProviderMissing) as refused:
        choose_provider("abacus", CPU_ONLY)

    assert "there is: cpu, cuda" in (refused.value.details or "")
