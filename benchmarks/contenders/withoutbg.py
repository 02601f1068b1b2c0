"""The peer withoutbg in process, on its own weights, which WITHOUTBG_MODEL_PATH must name."""

import io
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from withoutbg import WithoutBG

from benchmarks.contenders.protocol import Answer, serve


def open_withoutbg() -> Answer:
    """Open the local model; nothing is sent anywhere."""
    model = WithoutBG.open_weights()
    model.preload()

    def answer(request: Mapping[str, Any]) -> Mapping[str, Any]:
        photo = Path(request["photo"]).read_bytes()
        began = time.perf_counter()
        png = io.BytesIO()
        model.remove_background(photo).save(png, "PNG")
        return {"seconds": time.perf_counter() - began, "bytes": png.tell()}

    return answer


if __name__ == "__main__":
    serve(open_withoutbg)
