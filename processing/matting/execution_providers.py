"""What can run a network: the CPU, or accelerators that optional packages of onnxruntime bring."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from processing.matting.errors import ModelUnusable

AUTO = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionProvider:
    """One way to run networks; `how_to_get` tells the operator where it comes from.

    A `plug_in` is a Python package that carries the provider as a library; the others are built into onnxruntime. One
    that `takes_half_precision` gets the graph as it came: it has 16-bit arithmetic, and the rewrites are for CPUs.
    `options` are onnxruntime's own for it.
    """

    name: str
    onnxruntime_name: str
    how_to_get: str
    plug_in: str | None = None
    takes_half_precision: bool = False
    options: Mapping[str, str] = field(default_factory=dict)


CPU = ExecutionProvider(name="cpu", onnxruntime_name="CPUExecutionProvider", how_to_get="It comes with onnxruntime.")

_WITH_CUDA = "Install the extra removebg[cuda] in place of onnxruntime, and NVIDIA's driver, CUDA and cuDNN."
_ROWS = (
    CPU,
    ExecutionProvider(
        name="cuda",
        onnxruntime_name="CUDAExecutionProvider",
        how_to_get=_WITH_CUDA,
        takes_half_precision=True,
        # The search for the fastest algorithm would go by the clock, and give other last digits at each start.
        options={"cudnn_conv_algo_search": "HEURISTIC", "use_tf32": "0"},
    ),
    ExecutionProvider(
        name="tensorrt",
        onnxruntime_name="TensorrtExecutionProvider",
        how_to_get=f"{_WITH_CUDA[:-1]}, and TensorRT.",
        takes_half_precision=True,
    ),
    ExecutionProvider(
        name="openvino",
        onnxruntime_name="OpenVINOExecutionProvider",
        how_to_get="Install the extra removebg[openvino]; it runs on processors of Intel.",
        plug_in="onnxruntime_ep_openvino",
    ),
    ExecutionProvider(
        name="coreml",
        onnxruntime_name="CoreMLExecutionProvider",
        how_to_get="It comes with onnxruntime for macOS.",
        takes_half_precision=True,
    ),
    ExecutionProvider(
        name="directml",
        onnxruntime_name="DmlExecutionProvider",
        how_to_get="Install the extra removebg[directml] in place of onnxruntime, on Windows.",
        takes_half_precision=True,
    ),
)
PROVIDERS: Mapping[str, ExecutionProvider] = MappingProxyType({row.name: row for row in _ROWS})
"""By the names that the setting EXECUTION_PROVIDER takes beside `auto`."""

# TensorRT compiles for minutes at its first start, OpenVINO gains nothing on CPUs (docs/decisions/0003), and what
# CoreML and DirectML make of these networks nobody here has seen: those are for operators who name them.
_AUTOMATIC = ("cuda",)


class ProviderMissing(ModelUnusable):
    """The wished execution provider is not there; nothing else runs in its place unasked."""


def choose_provider(wished: str, available: Collection[str]) -> ExecutionProvider:
    """Return the wished provider; for `auto` the best that is available by onnxruntime's names, at worst the CPU.

    A name outside PROVIDERS, or a provider that is not available, raises ProviderMissing with the way out. A plug-in
    counts as available: it shows when it is opened.
    """
    if wished == AUTO:
        automatic = (PROVIDERS[name] for name in _AUTOMATIC)
        return next((provider for provider in automatic if provider.onnxruntime_name in available), CPU)
    provider = PROVIDERS.get(wished)
    if provider is None:
        raise ProviderMissing(details=f"There is no execution provider {wished!r}; there is: {', '.join(PROVIDERS)}.")
    if provider.plug_in is None and provider.onnxruntime_name not in available:
        raise missing(provider, f"this onnxruntime has only {', '.join(sorted(available))}")
    return provider


def missing(provider: ExecutionProvider, reason: str) -> ProviderMissing:
    """Return the error that says to the operator why a provider cannot run, and what to do."""
    return ProviderMissing(
        details=f"EXECUTION_PROVIDER={provider.name} cannot run: {reason}. {provider.how_to_get} (docs/operating.md)"
    )
