import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from processing.matting.graph import first_output_only


def _two_headed(element_type: int, kind: type) -> bytes:
    """Return a model of y = 2 x and z = x + 7, with the nodes in no useful order."""
    nodes = [
        helper.make_node("Add", ["x_inside", "seven"], ["z_inside"]),
        helper.make_node("Cast", ["y_inside"], ["y"], to=TensorProto.FLOAT),
        helper.make_node("Cast", ["z_inside"], ["z"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["x_inside", "two"], ["y_inside"]),
        helper.make_node("Cast", ["x"], ["x_inside"], to=element_type),
    ]
    order = [4, 3, 1, 0, 2]
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xyz"]
    weights = [
        onnx.numpy_helper.from_array(np.array([number], kind), name) for name, number in (("two", 2), ("seven", 7))
    ]
    graph = helper.make_graph([nodes[i] for i in order], "two heads", values[:1], values[1:], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    return bytes(model.SerializeToString())


@pytest.mark.parametrize(
    ("element_type", "kind"), [(TensorProto.FLOAT, np.float32), (TensorProto.FLOAT16, np.float16)], ids=["fp32", "fp16"]
)
def test_only_what_leads_to_the_first_output_is_left(element_type: int, kind: type) -> None:
    cut = first_output_only(_two_headed(element_type, kind))

    graph = onnx.load_model_from_string(cut).graph
    assert [output.name for output in graph.output] == ["y"]
    assert [node.op_type for node in graph.node] == ["Cast", "Mul", "Cast"]
    assert [weight.name for weight in graph.initializer] == ["two"]
    session = onnxruntime.InferenceSession(cut, providers=["CPUExecutionProvider"])
    assert session.run(None, {"x": np.array([3], np.float32)})[0].tolist() == [6.0]


@pytest.mark.parametrize("junk", [b"", b"not a model", b"\x08" * 1000])
def test_bytes_that_are_no_model_are_refused(junk: bytes) -> None:
    with pytest.raises(ValueError, match="model"):
        first_output_only(junk)
