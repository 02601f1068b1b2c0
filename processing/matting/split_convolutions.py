"""Convolves the parts of a concatenation one by one, so that the concatenation need never be written to memory."""

from collections import Counter
from itertools import accumulate, pairwise

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

# onnxruntime keeps channels in blocks of 8 or 16, as wide as the CPU's registers; parts must fill whole blocks.
_BLOCK = 16


def split_convolutions(model: onnx.ModelProto) -> None:
    """Replace each Conv over a Concat of channels by one Conv a part and their sum, in place.

    Convolution is linear in its input channels: W * [a, b] = Wa * a + Wb * b. onnxruntime adds the second product onto
    the first within the convolution, so that neither the joined picture nor the sum costs a pass over memory. A Concat
    that anyone else reads, weights that are computed, grouped convolutions and parts of unknown or odd width stay.
    What was replaced leaves its weights behind, unread.
    """
    joined = _splittable_concats(model)
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    nodes: list[NodeProto] = []
    for node in model.graph.node:
        if node.op_type == "Conv" and node.input[0] in joined and _is_ungrouped(node) and node.input[1] in weights:
            concat, widths = joined[node.input[0]]
            kernels = _kernels_of_parts(node, weights[node.input[1]], widths)
            model.graph.initializer.extend(kernels)
            nodes.extend(_sum_of_convolutions(node, concat, kernels))
        else:
            nodes.append(node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def _splittable_concats(model: onnx.ModelProto) -> dict[str, tuple[NodeProto, list[int]]]:
    """Return, by their output, the Concats along channels that have one reader, with the width of each part."""
    readings = Counter(name for node in model.graph.node for name in node.input)
    readings.update(output.name for output in model.graph.output)
    channels = _channel_counts(model)
    found = {}
    for node in model.graph.node:
        if node.op_type == "Concat" and node.attribute[0].i == 1 and readings[node.output[0]] == 1:
            widths = [channels.get(name, 0) for name in node.input]
            if len(widths) > 1 and all(width > 0 and width % _BLOCK == 0 for width in widths):
                found[node.output[0]] = (node, widths)
    return found


def _channel_counts(model: onnx.ModelProto) -> dict[str, int]:
    """Return the second dimension of every 4-D value whose shape can be told; 0 where that one cannot."""
    try:
        graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    except Exception:  # models over 2 GB, or of a form that the checker does not follow
        return {}
    shapes = {value.name: value.type.tensor_type.shape.dim for value in (*graph.input, *graph.value_info)}
    return {name: int(shape[1].dim_value) for name, shape in shapes.items() if len(shape) == 4}


def _is_ungrouped(conv: NodeProto) -> bool:
    return all(attribute.i == 1 for attribute in conv.attribute if attribute.name == "group")


def _kernels_of_parts(conv: NodeProto, weights: TensorProto, widths: list[int]) -> list[TensorProto]:
    kernels: NDArray[np.generic] = numpy_helper.to_array(weights)
    edges = pairwise(accumulate(widths, initial=0))
    return [
        numpy_helper.from_array(kernels[:, first:last].copy(), f"{conv.output[0]}/kernels {part}")
        for part, (first, last) in enumerate(edges)
    ]


def _sum_of_convolutions(conv: NodeProto, concat: NodeProto, kernels: list[TensorProto]) -> list[NodeProto]:
    """Return the nodes that compute `conv` from what `concat` would have joined, under the same name."""
    nodes: list[NodeProto] = []
    total = ""
    for part, (source, kernel) in enumerate(zip(concat.input, kernels, strict=True)):
        product = f"{conv.output[0]}/part {part}"
        bias = list(conv.input[2:]) if part == 0 else []  # it is added once
        node = helper.make_node("Conv", [source, kernel.name, *bias], [product], name=product)
        node.attribute.extend(conv.attribute)
        nodes.append(node)
        if part == 0:
            total = product
            continue
        sum_so_far = conv.output[0] if part == len(kernels) - 1 else f"{product}/sum"
        nodes.append(helper.make_node("Add", [total, product], [sum_so_far], name=f"{product}/sum"))
        total = sum_so_far
    return nodes
