"""Half-precision networks made whole: every type is moved, no weight is changed."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from processing.matting.full_precision import widen_to_full_precision
from tests.processing.matting.small_networks import answer, joining_network, model_of


def widened(model: onnx.ModelProto) -> onnx.ModelProto:
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    widen_to_full_precision(copy)
    return copy


def test_no_half_precision_is_left_and_weights_keep_their_values() -> None:
    half = joining_network(kind=np.float16)

    full = widened(half)

    assert {tensor.data_type for tensor in full.graph.initializer} == {TensorProto.FLOAT}
    assert all(attribute.i != TensorProto.FLOAT16 for node in full.graph.node for attribute in node.attribute)
    for before, after in zip(half.graph.initializer, full.graph.initializer, strict=True):
        assert np.array_equal(numpy_helper.to_array(before), numpy_helper.to_array(after))


def test_the_answer_is_that_of_half_precision_but_for_its_rounding() -> None:
    half = joining_network(kind=np.float16)

    assert answer(half).std() > 0.01
    assert np.abs(answer(widened(half)) - answer(half)).max() < 2e-3


def test_a_full_precision_network_stays_as_it_is() -> None:
    full = joining_network()

    assert widened(full) == full


def test_constants_and_half_precision_ends_are_moved_too() -> None:
    ten = numpy_helper.from_array(np.array([10], np.float16))
    nodes = [
        helper.make_node("Constant", [], ["ten"], value=ten),
        helper.make_node("ReduceMax", ["picture"], ["maximum"], axes=[1]),
        helper.make_node("Mul", ["maximum", "ten"], ["matte"]),
    ]
    half = model_of(nodes, {}, kind=TensorProto.FLOAT16)

    full = widened(half)

    # Our sessions feed 32-bit floats, which the half-precision graph would refuse.
    assert answer(full).max() > 9
