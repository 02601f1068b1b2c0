"""Loaded by schemathesis: pictures are real, however they are sent, and every answer is written down.

Random bytes are no image, so without this nothing but refusals of the upload would be seen.
"""

import base64
import json
import os
import threading
from pathlib import Path
from typing import Any

import requests
import schemathesis
from hypothesis import strategies as st
from schemathesis.core.parameters import ParameterLocation

from tests.verify.contract_labels import FORMS, fields_as_sent, is_as_described
from tests.verify.contract_pictures import PICTURES

CALLS = Path(os.environ["VERIFY_CALLS"])
HOST = os.environ["VERIFY_PICTURES"]
DOCUMENT = json.loads(Path(os.environ["VERIFY_DOCUMENT"]).read_text(encoding="utf-8"))
COLOURS = ("white", "tomato", "#0af", "#00AAFF", "rgb(1, 2, 3)", "81d4fa")
ENCODED = [base64.b64encode(picture).decode("ascii") for picture in PICTURES.values()]
BASE64_TEXTS = [*ENCODED, f"data:image/jpeg;base64,{ENCODED[0]}"]
ADDRESSES = [HOST + name for name in PICTURES]
LONGEST_LONE_SIDE_PX = 3000
NOWHERE = "http://server.test"
PARTS = ("method", "url", "headers", "data", "files")
_lock = threading.Lock()

schemathesis.openapi.format("binary", st.sampled_from(list(PICTURES.values())))
schemathesis.openapi.format("color", st.sampled_from(COLOURS))
schemathesis.openapi.format("base64-picture", st.sampled_from(BASE64_TEXTS))
schemathesis.openapi.format("picture-address", st.sampled_from(ADDRESSES))


# Others are refused for what the picture is: they reach beyond it, or leave no subject, or make the result too large.
schemathesis.openapi.format("region", st.sampled_from(("", "0 0 100% 100%", "0% 0px 95% 100%", "2% 0 100.0% 98%")))
schemathesis.openapi.format("crop", st.sampled_from(("", "true", "False", "1", "0", "1:1", "4:3", "3:4")))


@schemathesis.hook
def filter_case(context: Any, case: Any) -> bool:
    """Leave out bodies that are labelled valid and are not, or the other way round, unserved addresses, giant results.

    With one long side alone the other follows from the picture, and may pass the limit of any picture.
    """
    if isinstance(case.body, dict) and _may_be_too_large(case.body):
        return False
    if case.meta is None or case.media_type is None:
        return True
    label = case.meta.components.get(ParameterLocation.BODY)
    if label is None:
        return True
    if label.mode.is_positive and _names_no_picture(case.body):
        return False
    body = fields_as_sent(_request_of(case)) if case.media_type in FORMS else case.body
    is_valid = is_as_described(DOCUMENT, case.operation.path, case.media_type, body)
    return bool(label.mode.is_positive == is_valid)


def _request_of(case: Any) -> requests.PreparedRequest:
    """Return the request that schemathesis would send."""
    sent = case.as_transport_kwargs(base_url=NOWHERE)
    return requests.Request(**{name: sent[name] for name in PARTS if name in sent}).prepare()


def _names_no_picture(body: Any) -> bool:
    """Tell of text that a pattern gave where our strategies would have named a real picture."""
    if not isinstance(body, dict):
        return False
    addresses = [body[name] for name in ("image_url", "bg_image_url") if body.get(name)]
    encoded = body.get("image_file_b64")
    return any(address not in ADDRESSES for address in addresses) or bool(encoded and encoded not in BASE64_TEXTS)


def _may_be_too_large(body: dict[str, Any]) -> bool:
    sides = [side for side in (body.get("width"), body.get("height")) if isinstance(side, int)]
    return len(sides) == 1 and sides[0] > LONGEST_LONE_SIDE_PX


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    """Write down what was called and how it was answered."""
    with _lock, CALLS.open("a", encoding="utf-8") as calls:
        calls.write(f"{case.method.upper()} {case.operation.path} {response.status_code}\n")
