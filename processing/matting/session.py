"""An opened ONNX model: the only module that imports onnxruntime."""

from typing import Protocol

import numpy as np
import onnxruntime

from processing.matting.arrays import Matte, Tensor
from processing.matting.errors import ModelUnusable
from processing.matting.graph import first_output_only
from processing.matting.model_catalog import ModelRow
from processing.matting.network_output import as_matte

_ERRORS_ONLY = 3


class MattingSession(Protocol):
    """What `predict` needs: the catalog row that says how to feed the network, and the network."""

    @property
    def model(self) -> ModelRow:
        """The row of the model that runs here."""

    def run(self, tensor: Tensor) -> Matte:
        """Return the matte (side, side) in 0..1 for a picture (1, 3, side, side) normalised as the row says."""


class OnnxSession:
    """One network in memory; threads may share it, each run keeps its own state."""

    def __init__(self, session: onnxruntime.InferenceSession, model: ModelRow) -> None:
        self._session = session
        self._input_name = session.get_inputs()[0].name
        self._output_name = session.get_outputs()[0].name
        self.model = model

    def run(self, tensor: Tensor) -> Matte:
        """Return the matte (side, side) in 0..1 for a picture (1, 3, side, side); raise ModelUnusable if it is none."""
        (output,) = self._session.run([self._output_name], {self._input_name: tensor})
        side = self.model.input_size
        if output.size != side * side or not np.isfinite(output).all():
            raise ModelUnusable(details=f"{self.model.name} returned no matte: shape {output.shape}.")
        return as_matte(output.reshape(side, side), self.model)


def open_session(weights: bytes, model: ModelRow, *, threads: int) -> OnnxSession:
    """Open verified weights for inference on the CPU with so many threads a run; raise ModelUnusable."""
    try:
        session = onnxruntime.InferenceSession(
            first_output_only(weights), _session_options(threads), providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # onnxruntime's exceptions share no base class
        raise ModelUnusable(details=f"{model.name} could not be opened: {error}") from error
    return OnnxSession(session, model)


def _session_options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.enable_cpu_mem_arena = True
    # The memory pattern plans one big block for a run: a third more memory at the peak, and no faster.
    options.enable_mem_pattern = False
    # A waiting thread must not burn the core that another request could use.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = _ERRORS_ONLY
    return options
