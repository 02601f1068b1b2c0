"""Makes an ONNX graph smaller or quicker before it is opened; what it computes stays the same."""

from collections.abc import Callable
from typing import Any

import onnx
from onnx import AttributeProto, TensorProto

from processing.matting.full_precision import widen_to_full_precision
from processing.matting.split_convolutions import split_convolutions


def first_output_only(weights: bytes) -> bytes:
    """Return the same ONNX model with its first output alone and only the nodes and weights that lead to it.

    Works in memory and on any precision; ISNet has twelve outputs, eleven of which serve training only. Raises
    ValueError for bytes that are no model or a model without output.
    """
    return bytes(_cut_to_first_output(weights).SerializeToString())


def rewritten_for_cpu(weights: bytes) -> bytes:
    """Return the cut model in 32 bits and with its convolutions over concatenations split.

    A model that holds what these rewrites do not visit (nested graphs, functions, weights outside the file) comes back
    cut only. Raises ValueError as `first_output_only` does. Whoever changes what it returns raises REWRITE_VERSION.
    """
    model = _cut_to_first_output(weights)
    if _is_understood(model):
        widen_to_full_precision(model)
        split_convolutions(model)
        _drop_what_nobody_reads(model.graph)
    return bytes(model.SerializeToString())


def _cut_to_first_output(weights: bytes) -> onnx.ModelProto:
    try:
        model = onnx.load_model_from_string(weights)
    except Exception as error:  # protobuf's own class differs between its versions
        raise ValueError("These bytes are no ONNX model.") from error
    if not model.graph.output:
        raise ValueError("The model has no output.")
    del model.graph.output[1:]
    _drop_what_nobody_reads(model.graph)
    return model


def _is_understood(model: onnx.ModelProto) -> bool:
    graph = model.graph
    nested = (AttributeProto.GRAPH, AttributeProto.GRAPHS, AttributeProto.SPARSE_TENSOR, AttributeProto.TENSORS)
    return (
        not model.functions
        and not graph.sparse_initializer
        and all(tensor.data_location == TensorProto.DEFAULT for tensor in graph.initializer)
        and all(node.domain in ("", "ai.onnx") for node in graph.node)
        and not any(attribute.type in nested for node in graph.node for attribute in node.attribute)
    )


def _drop_what_nobody_reads(graph: Any) -> None:
    """Drop, in place, the nodes, weights and shapes that do not lead to the graph's first output."""
    read = _values_leading_to(graph.output[0].name, graph)
    _keep(graph.node, lambda node: not read.isdisjoint(node.output))
    _keep(graph.initializer, lambda weight: weight.name in read)
    _keep(graph.value_info, lambda info: info.name in read)


def _values_leading_to(output: str, graph: Any) -> set[str]:
    """Return the names of all values that are needed for one; exporters do not always keep nodes in order."""
    producers = {name: node for node in graph.node for name in node.output}
    read: set[str] = set()
    waiting = [output]
    while waiting:
        name = waiting.pop()
        if name not in read:
            read.add(name)
            waiting.extend(producers[name].input if name in producers else ())
    return read


def _keep(repeated: Any, is_wanted: Callable[[Any], bool]) -> None:
    for index in reversed(range(len(repeated))):
        if not is_wanted(repeated[index]):
            del repeated[index]
