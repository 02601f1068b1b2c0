"""Small convolutional networks with seeded weights, built as exporters build them."""

from collections.abc import Sequence

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

SIDE = 32


def model_of(
    nodes: Sequence[onnx.NodeProto],
    weights: dict[str, np.ndarray],
    *,
    output: str = "matte",
    kind: int = TensorProto.FLOAT,
) -> onnx.ModelProto:
    """Return a model from `picture` (1, 3, SIDE, SIDE) to a (1, 1, SIDE, SIDE) output."""
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("picture", kind, [1, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info(output, kind, [1, 1, SIDE, SIDE])],
        [onnx.numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)


def conv(source: str, output: str) -> onnx.NodeProto:
    """Return a 3 x 3 convolution that keeps the size and has the weights `output`.w and the bias `output`.b."""
    inputs = [source, f"{output}.w", f"{output}.b"]
    return helper.make_node("Conv", inputs, [output], kernel_shape=[3, 3], pads=[1, 1, 1, 1])


def conv_weights(output: str, into: int, out_of: int, kind: type = np.float32) -> dict[str, np.ndarray]:
    """Return seeded weights for `conv`, that keep the values' size."""
    random = np.random.default_rng(into * 1000 + out_of)
    kernels = random.normal(0, (9 * out_of) ** -0.5, (into, out_of, 3, 3))
    return {f"{output}.w": kernels.astype(kind), f"{output}.b": random.normal(0, 0.1, into).astype(kind)}


def joining_network(widths: Sequence[int] = (16, 32), kind: type = np.float32, *, readers: int = 1) -> onnx.ModelProto:
    """Return a network that joins branches of these widths and convolves the join, in so many ways."""
    element = TensorProto.FLOAT16 if kind is np.float16 else TensorProto.FLOAT
    branches = [f"branch {index}" for index in range(len(widths))]
    heads = [f"head {index}" for index in range(readers)]
    nodes = [helper.make_node("Cast", ["picture"], ["inside"], to=element)]
    nodes += [conv("inside", branch) for branch in branches]
    nodes += [helper.make_node("Concat", branches, ["joined"], axis=1)]
    nodes += [conv("joined", head) for head in heads]
    nodes += [helper.make_node("Sum", heads, ["sum"]), helper.make_node("Sigmoid", ["sum"], ["sure"])]
    nodes += [helper.make_node("Cast", ["sure"], ["matte"], to=TensorProto.FLOAT)]
    weights: dict[str, np.ndarray] = {}
    for branch, width in zip(branches, widths, strict=True):
        weights |= conv_weights(branch, width, 3, kind)
    for head in heads:
        weights |= conv_weights(head, 1, sum(widths), kind)
    return model_of(nodes, weights)


def answer(model: onnx.ModelProto | bytes) -> np.ndarray:
    """Return what the model says of a seeded picture."""
    data = model if isinstance(model, bytes) else model.SerializeToString()
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    picture = np.random.default_rng(5).random((1, 3, SIDE, SIDE), np.float32)
    return np.asarray(session.run(None, {"picture": picture})[0], np.float32)


def operators(model: onnx.ModelProto) -> list[str]:
    return sorted(node.op_type for node in model.graph.node)
