"""Loaded by schemathesis: files are real pictures, colours are colours, and every answer is written down.

Random bytes are no image, so without this nothing but refusals of the upload would be seen.
"""

import io
import os
import threading
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import strategies as st
from PIL import Image

from tests.photos import photo_bytes

CALLS = Path(os.environ["VERIFY_CALLS"])
COLOURS = ("white", "tomato", "#0af", "#00AAFF", "rgb(1, 2, 3)")
_lock = threading.Lock()


def small_picture(image_format: str, size: tuple[int, int]) -> bytes:
    """Return a real photo, made small."""
    file = io.BytesIO()
    Image.open(io.BytesIO(photo_bytes("grace_hopper"))).resize(size).save(file, image_format)
    return file.getvalue()


PICTURES = [small_picture("JPEG", (64, 80)), small_picture("PNG", (40, 30)), small_picture("WEBP", (1, 1))]
schemathesis.openapi.format("binary", st.sampled_from(PICTURES))
schemathesis.openapi.format("color", st.sampled_from(COLOURS))


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    """Write down what was called and how it was answered."""
    with _lock, CALLS.open("a", encoding="utf-8") as calls:
        calls.write(f"{case.method.upper()} {case.operation.path} {response.status_code}\n")
