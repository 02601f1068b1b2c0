"""Convolutions over joined channels: split where it is understood, left alone elsewhere, and always the same answer."""

import numpy as np
import onnx
import pytest
from onnx import helper

from processing.matting.split_convolutions import split_convolutions
from tests.processing.matting.small_networks import answer, joining_network, operators


def split(model: onnx.ModelProto) -> onnx.ModelProto:
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    split_convolutions(copy)
    return copy


@pytest.mark.parametrize("widths", [(16, 32), (48, 16, 32)], ids=["two parts", "three parts"])
def test_each_part_gets_its_own_convolution_and_the_answer_stays(widths: tuple[int, ...]) -> None:
    plain = joining_network(widths)

    after = split(plain)

    assert operators(after).count("Conv") == 2 * len(widths)
    assert operators(after).count("Add") == len(widths) - 1
    assert not any("joined" in node.input for node in after.graph.node)
    assert answer(plain).std() > 0.01
    assert np.abs(answer(after) - answer(plain)).max() < 1e-6


def test_parts_that_fill_no_whole_blocks_stay_joined() -> None:
    plain = joining_network((16, 12))

    assert operators(split(plain)) == operators(plain)


def test_a_join_that_others_read_too_stays() -> None:
    plain = joining_network(readers=2)

    assert operators(split(plain)) == operators(plain)


def test_grouped_convolutions_stay() -> None:
    plain = joining_network((16, 16))
    head = next(node for node in plain.graph.node if node.output[0] == "head 0")
    head.attribute.append(helper.make_attribute("group", 2))

    assert operators(split(plain)) == operators(plain)


def test_computed_weights_stay() -> None:
    plain = joining_network()
    head = next(node for node in plain.graph.node if node.output[0] == "head 0")
    plain.graph.node.insert(0, helper.make_node("Identity", ["head 0.w"], ["computed"]))
    head.input[1] = "computed"

    after = split(plain)

    assert operators(after) == operators(plain)
    assert np.array_equal(answer(after), answer(plain))


def test_parts_of_unknown_width_stay() -> None:
    plain = joining_network()
    plain.graph.node.insert(0, helper.make_node("NoSuchOperator", ["picture"], ["strange"], domain="strangers"))
    plain.opset_import.append(helper.make_opsetid("strangers", 1))
    for node in plain.graph.node:
        if node.output[0] == "inside":
            node.input[0] = "strange"

    assert operators(split(plain)) == operators(plain)
