"""Small networks whose answer is known: their weights are two numbers, their inputs and outputs those of a row."""

import numpy as np
import onnx
from onnx import TensorProto, helper

from processing.matting.model_catalog import ModelRow


def red_times(row: ModelRow, factor: float, offset: float = 0.0, *, half_precision_out: bool = False) -> bytes:
    """Return a network as large as the row's whose first output is `factor * red + offset`; a second one is zero."""
    side = row.input_size
    kind = TensorProto.FLOAT16 if half_precision_out else TensorProto.FLOAT
    nodes = [
        helper.make_node("Slice", ["picture", "from", "to", "axis"], ["red"]),
        helper.make_node("Mul", ["red", "factor"], ["scaled"]),
        helper.make_node("Add", ["scaled", "offset"], ["moved"]),
        helper.make_node("Cast", ["moved"], ["matte"], to=kind),
        helper.make_node("Sub", ["moved", "moved"], ["side output"]),
    ]
    constants = {
        "from": np.array([0], np.int64),
        "to": np.array([1], np.int64),
        "axis": np.array([1], np.int64),
        "factor": np.array([factor], np.float32),
        "offset": np.array([offset], np.float32),
    }
    graph = helper.make_graph(
        nodes,
        "stand-in",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, side, side])],
        [
            helper.make_tensor_value_info("matte", kind, [1, 1, side, side]),
            helper.make_tensor_value_info("side output", TensorProto.FLOAT, [1, 1, side, side]),
        ],
        [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    return bytes(model.SerializeToString())
