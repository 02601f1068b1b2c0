"""An opened ONNX model: the only module that imports onnxruntime."""

import importlib
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from processing.matting.arrays import Matte, Tensor
from processing.matting.deadline import NEVER, Deadline
from processing.matting.errors import ModelUnusable, Preempted, TooSlow
from processing.matting.execution_providers import (
    AUTO,
    CPU,
    ExecutionProvider,
    ProviderMissing,
    choose_provider,
    missing,
)
from processing.matting.model_catalog import ModelRow
from processing.matting.network_output import as_matte
from processing.matting.prepared_graph import WEIGHTS, PreparedKey, find_or_make_prepared

logger = logging.getLogger(__name__)

_ERRORS_ONLY = 3
# Mattes of one network in two forms differ by rounding alone, mostly that of half precision between its layers: with
# ISNet by 4e-4 at most on photos. A wrong form differs everywhere.
_MAX_MEAN_DIFFERENCE = 0.001
_MAX_DIFFERENCE = 0.05
MAX_WAIT_FOR_OTHERS_S = 5.0


class MattingSession(Protocol):
    """What `predict` needs: the catalog row that says how to feed the network, and the network."""

    @property
    def model(self) -> ModelRow:
        """The row of the model that runs here."""

    def run(self, tensor: Tensor, deadline: Deadline = NEVER, *, is_preemptible: bool = False) -> Matte:
        """Return the matte (side, side) in 0..1 for a picture (1, 3, side, side) normalised as the row says.

        Raise TooSlow when it does not come by the deadline, Preempted when a run that is not preemptible wants the
        network before a preemptible one ends.
        """


class OnnxSession:
    """One network in memory. Threads may share it; they run it one after the other.

    A run takes all the threads and the memory that there are: two at once take no less time than one after the other,
    and twice the memory. What threads do before and after goes on meanwhile. A preemptible run ends early as soon as
    another thread wants the network for a run that is not preemptible.
    """

    def __init__(self, session: onnxruntime.InferenceSession, model: ModelRow, provider: str) -> None:
        self._session = session
        self._input_name = session.get_inputs()[0].name
        self._output_name = session.get_outputs()[0].name
        self._one_run = threading.Lock()
        self._preemption = _Preemption()
        self.model = model
        self.provider = provider
        """The name of the execution provider that runs it: a key of PROVIDERS."""

    def run(self, tensor: Tensor, deadline: Deadline = NEVER, *, is_preemptible: bool = False) -> Matte:
        """Return the matte (side, side) in 0..1 for a picture (1, 3, side, side).

        Raise ModelUnusable for any other output, TooSlow when the matte is not there by the deadline, which ends the
        run, and Preempted as the protocol says.
        """
        options = _run_options(self.provider)
        if is_preemptible:
            self._preemption.wait_for_others(deadline)
            with self._exclusive(deadline), self._preemption.allow(options):
                output = self._infer(tensor, options, deadline, is_preemptible=True)
        else:
            with self._preemption.preempt(), self._exclusive(deadline):
                output = self._infer(tensor, options, deadline, is_preemptible=False)
        side = self.model.input_size
        if output.size != side * side or not np.isfinite(output).all():
            raise ModelUnusable(details=f"{self.model.name} returned no matte: shape {output.shape}.")
        return as_matte(output.reshape(side, side), self.model)

    @contextmanager
    def _exclusive(self, deadline: Deadline) -> Iterator[None]:
        if not self._one_run.acquire(timeout=min(deadline.left_s, threading.TIMEOUT_MAX)):
            raise TooSlow
        try:
            yield
        finally:
            self._one_run.release()

    def _infer(
        self, tensor: Tensor, options: onnxruntime.RunOptions, deadline: Deadline, *, is_preemptible: bool
    ) -> NDArray[np.float32]:
        timer = threading.Timer(deadline.left_s, setattr, (options, "terminate", True)) if deadline.is_set else None
        if timer is not None:
            timer.daemon = True
            timer.start()
        try:
            (output,) = self._session.run([self._output_name], {self._input_name: tensor}, options)
        except Exception as error:  # onnxruntime's exceptions share no base class
            if not options.terminate:
                raise
            if is_preemptible and deadline.left_s:
                raise Preempted from error
            raise TooSlow from error
        finally:
            if timer is not None:
                timer.cancel()
        return np.asarray(output)


class _Preemption:
    """Ends the preemptible run under way when another run wants the network, by `RunOptions.terminate`."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._others = 0
        """Runs that go first and are under way or wait for the network."""
        self._options: onnxruntime.RunOptions | None = None

    def wait_for_others(self, deadline: Deadline) -> None:
        """Wait until no other run wants the network; raise Preempted after MAX_WAIT_FOR_OTHERS_S."""
        with self._changed:
            if not self._changed.wait_for(lambda: not self._others, min(deadline.left_s, MAX_WAIT_FOR_OTHERS_S)):
                raise Preempted

    @contextmanager
    def allow(self, options: onnxruntime.RunOptions) -> Iterator[None]:
        """Let the run in the block be ended; raise Preempted where another run waits already."""
        with self._changed:
            if self._others:
                raise Preempted
            self._options = options
        try:
            yield
        finally:
            with self._changed:
                self._options = None

    @contextmanager
    def preempt(self) -> Iterator[None]:
        """End the preemptible run under way, and let none begin during the block."""
        with self._changed:
            self._others += 1
            if self._options is not None:
                self._options.terminate = True
        try:
            yield
        finally:
            with self._changed:
                self._others -= 1
                self._changed.notify_all()


def open_session(
    weights: bytes,
    model: ModelRow,
    *,
    threads: int,
    provider: str = AUTO,
    prepared_folder: Path | None = None,
    digest: str = "",
) -> OnnxSession:
    """Open verified weights for inference with so many threads a run; raise ModelUnusable.

    With a `prepared_folder` and the weights' `digest`, the CPU maps the graph prepared there, which is made first where
    it is missing (it takes a while); where that fails, a warning says so and the graph is opened as it came. A
    `provider` other than `auto` is used or, with ModelUnusable's subclass ProviderMissing, refused.
    """
    chosen = choose_provider(provider, onnxruntime.get_available_providers())
    open_with = partial(_open, weights, model, threads, prepared_folder=prepared_folder, digest=digest)
    try:
        return open_with(provider=chosen)
    except ProviderMissing as error:
        if provider != AUTO:
            raise
        logger.warning("provider_cannot_run", extra={"provider": chosen.name, "problem": error.details})
        return open_with(provider=CPU)


def _open(
    weights: bytes,
    model: ModelRow,
    threads: int,
    *,
    provider: ExecutionProvider,
    prepared_folder: Path | None,
    digest: str,
) -> OnnxSession:
    try:
        if provider is CPU and prepared_folder is not None and digest:
            graph = prepare(weights, model, threads=threads, prepared_folder=prepared_folder, digest=digest)
            if graph is not None:
                return _open_prepared(graph, model, threads)
        return _open_graph(weights, model, threads, provider)
    except ModelUnusable:
        raise
    except Exception as error:  # onnxruntime's exceptions share no base class
        raise ModelUnusable(details=f"{model.name} could not be opened: {error}") from error


def prepare(weights: bytes, model: ModelRow, *, threads: int, prepared_folder: Path, digest: str) -> Path | None:
    """Return the prepared graph of these weights, made now where it is missing; None, and a warning, if it cannot be.

    The graph is kept only if it gives the mattes of the graph as it came.
    """
    key = _key(model, digest)
    try:
        return find_or_make_prepared(
            prepared_folder, key, lambda graph: _make_prepared(weights, model, threads=threads, graph=graph)
        )
    except Exception as error:  # of the disk, of onnxruntime: the graph as it came is there for all of them
        logger.warning("graph_not_prepared", extra={"model": model.name, "problem": f"{type(error).__name__}: {error}"})
        return None


def _key(model: ModelRow, digest: str) -> PreparedKey:
    return PreparedKey(model=model.name, digest=digest, runtime=f"onnxruntime {onnxruntime.__version__}")


def _make_prepared(weights: bytes, model: ModelRow, *, threads: int, graph: Path) -> None:
    """Write the optimised form of the weights; raise ModelUnusable when its mattes are not those of the plain form."""
    from processing.matting.graph import first_output_only, rewritten_for_cpu

    picture = _check_picture(model.input_size)
    plain = _open_graph(weights, model, threads, CPU).run(picture)
    for form in (rewritten_for_cpu, first_output_only):
        _write_optimised(form(weights), graph, threads)
        difference = np.abs(_open_prepared(graph, model, threads).run(picture) - plain)
        if difference.mean() <= _MAX_MEAN_DIFFERENCE and difference.max() <= _MAX_DIFFERENCE:
            logger.info("graph_prepared", extra={"model": model.name, "max_difference": float(difference.max())})
            return
        logger.warning("graph_form_errs", extra={"model": model.name, "form": form.__name__})
    raise ModelUnusable(details=f"No prepared form of {model.name} gives the mattes of the plain one.")


def _write_optimised(weights: bytes, graph: Path, threads: int) -> None:
    options = _session_options(threads)
    options.optimized_model_filepath = str(graph)
    options.add_session_config_entry("session.optimized_model_external_initializers_file_name", WEIGHTS)
    onnxruntime.InferenceSession(weights, options, providers=[CPU.onnxruntime_name])


def _open_prepared(graph: Path, model: ModelRow, threads: int) -> OnnxSession:
    options = _session_options(threads)
    # It is optimised already, and weights of which nothing new is made stay mapped, shared by all processes.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(graph), options, providers=[CPU.onnxruntime_name])
    return OnnxSession(session, model, CPU.name)


def _open_graph(weights: bytes, model: ModelRow, threads: int, provider: ExecutionProvider) -> OnnxSession:
    """Open the graph as it came, or rewritten where the provider is like a CPU; raise ProviderMissing."""
    # onnx takes a tenth of a second to import, and a start with a prepared graph needs none of it.
    from processing.matting.graph import first_output_only, rewritten_for_cpu

    keeps_form = provider is CPU or provider.takes_half_precision
    graph = first_output_only(weights) if keeps_form else rewritten_for_cpu(weights)
    options = _session_options(threads)
    if provider.plug_in is not None:
        options.add_provider_for_devices(_devices_of(provider, provider.plug_in), dict(provider.options))
        session = onnxruntime.InferenceSession(graph, options)
    else:
        chosen = [(provider.onnxruntime_name, dict(provider.options))]
        session = onnxruntime.InferenceSession(graph, options, providers=chosen)
    if session.get_providers()[0] != provider.onnxruntime_name:
        # onnxruntime goes on without a provider that does not start, and says so in its log alone.
        raise missing(provider, "onnxruntime could not start it")
    return OnnxSession(session, model, provider.name)


def _devices_of(provider: ExecutionProvider, plug_in: str) -> list[Any]:
    """Return the first device of a plug-in; raise ProviderMissing."""
    try:
        _load_plug_in(provider.onnxruntime_name, plug_in)
    except Exception as error:  # not installed, or a library that it needs is missing
        raise missing(provider, f"its plug-in cannot be loaded ({error})") from error
    devices = [device for device in onnxruntime.get_ep_devices() if device.ep_name == provider.onnxruntime_name]
    if not devices:
        raise missing(provider, "its plug-in finds no device of its kind on this machine")
    return devices[:1]


@cache
def _load_plug_in(onnxruntime_name: str, plug_in: str) -> None:
    """Give onnxruntime the library of a plug-in, which it takes once in a process."""
    onnxruntime.register_execution_provider_library(
        onnxruntime_name, importlib.import_module(plug_in).get_library_path()
    )


def _check_picture(side: int) -> Tensor:
    """Return a bright disc on a dark ground, with noise: enough for a network to answer with more than one value."""
    y, x = np.mgrid[:side, :side].astype(np.float32) / side - 0.5
    disc = np.where(np.hypot(x, y) < 0.3, 0.4, -0.4)
    noise = np.random.default_rng(1).normal(0, 0.05, (1, 3, side, side))
    return np.asarray(disc + noise, np.float32)


def _run_options(provider: str) -> onnxruntime.RunOptions:
    options = onnxruntime.RunOptions()
    if provider == CPU.name:
        # A run's tensors take 250 MB, which a process that waits, or encodes a large photo, has no use for. To get them
        # anew costs a run about 4 in 100 of its time.
        options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return options


def _session_options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.use_deterministic_compute = True
    options.enable_cpu_mem_arena = True
    # The memory pattern plans one big block for a run: a third more memory at the peak, and no faster.
    options.enable_mem_pattern = False
    # A waiting thread must not burn the core that another request could use.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = _ERRORS_ONLY
    return options
