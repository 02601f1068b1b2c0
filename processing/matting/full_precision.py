"""Widens a half-precision network, because CPUs have no half-precision convolution."""

from typing import Any

import numpy as np
import onnx
from onnx import AttributeProto, TensorProto, numpy_helper

# The attributes by which operators name the type of what they return.
_TYPE_ATTRIBUTES = frozenset({"to", "dtype"})


def widen_to_full_precision(model: onnx.ModelProto) -> None:
    """Make every 16-bit float of the graph a 32-bit one, in place: weights, constants, casts, inputs and outputs.

    Run as it is, such a graph is cast to 32 bits and back around each convolution. Widening is exact for the weights;
    what lies between is no longer rounded to 11 bits. The casts now lead from a type to itself, and onnxruntime drops
    them. Nested graphs are not visited: `rewrite_for_cpu` keeps those models out.
    """
    graph = model.graph
    for tensor in graph.initializer:
        _widen(tensor)
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == AttributeProto.TENSOR:
                _widen(attribute.t)
            elif attribute.name in _TYPE_ATTRIBUTES and attribute.i == TensorProto.FLOAT16:
                attribute.i = TensorProto.FLOAT
    for value in (*graph.input, *graph.output, *graph.value_info):
        if value.type.tensor_type.elem_type == TensorProto.FLOAT16:
            value.type.tensor_type.elem_type = TensorProto.FLOAT


def _widen(tensor: Any) -> None:
    if tensor.data_type == TensorProto.FLOAT16:
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float32), tensor.name))
