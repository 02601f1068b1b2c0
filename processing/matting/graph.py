"""Cuts a network down to its first output, so that what nobody reads is never computed."""

from collections.abc import Callable
from typing import Any

import onnx


def first_output_only(weights: bytes) -> bytes:
    """Return the same ONNX model with its first output alone and only the nodes and weights that lead to it.

    Works in memory and on any precision; ISNet has twelve outputs, eleven of which serve training only. Raises
    ValueError for bytes that are no model or a model without output.
    """
    try:
        model = onnx.load_model_from_string(weights)
    except Exception as error:  # protobuf's own class differs between its versions
        raise ValueError("These bytes are no ONNX model.") from error
    graph = model.graph
    if not graph.output:
        raise ValueError("The model has no output.")
    del graph.output[1:]
    read = _values_leading_to(graph.output[0].name, graph)
    _keep(graph.node, lambda node: not read.isdisjoint(node.output))
    _keep(graph.initializer, lambda weight: weight.name in read)
    _keep(graph.value_info, lambda info: info.name in read)
    return bytes(model.SerializeToString())


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
