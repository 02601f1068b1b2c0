"""The OpenAPI description tells generated clients what the service really takes."""

import re
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator


@pytest.fixture
def remove() -> dict[str, Any]:
    return SchemaGenerator().get_schema(request=None, public=True)["paths"]["/v1/remove"]["post"]


@pytest.fixture
def form() -> dict[str, Any]:
    schemas = SchemaGenerator().get_schema(request=None, public=True)["components"]["schemas"]
    return schemas["RemovalUpload"]


def test_the_file_is_bytes_and_not_an_address(form):
    assert (form["properties"]["image_file"]["type"], form["properties"]["image_file"]["format"]) == (
        "string",
        "binary",
    )
    assert [way["required"] for way in form["anyOf"]] == [["image_file"], ["image_file_b64"], ["image_url"]]


def test_a_colour_is_said_to_be_one(form):
    assert (form["properties"]["bg_color"]["format"], form["properties"]["bg_color"]["default"]) == ("color", "white")


def test_the_models_offered_here_and_the_qualities_are_listed(settings):
    settings.ALLOWED_MODELS = ["isnet-general-use", "u2netp"]
    described = str(SchemaGenerator().get_schema(request=None, public=True)["components"]["schemas"])

    assert "'enum': ['isnet-general-use', 'u2netp', '']" in described
    assert "'enum': ['fast', 'standard', 'best', '']" in described


@pytest.mark.parametrize(("key", "is_allowed"), [("order-1", True), ('"a b"', False), ('"ab"', True), ("é", False)])
def test_the_idempotency_key_is_described_as_it_is_read(remove, key, is_allowed):
    described = next(item for item in remove["parameters"] if item["name"] == "Idempotency-Key")["schema"]

    assert (re.search(described["pattern"], key) is not None) == is_allowed
    assert (described["minLength"], described["maxLength"]) == (1, 255)
