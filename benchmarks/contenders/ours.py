"""Our product: `cut_out` on the engine's session, from the file's bytes to the cutout's."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.contenders.protocol import Answer, Stopwatch, serve
from benchmarks.product import open_product
from processing.matting.arrays import Matte, Tensor
from processing.matting.deadline import NEVER, Deadline
from processing.matting.model_catalog import ModelRow
from processing.matting.options import CutoutOptions
from processing.matting.pipeline import cut_out
from processing.matting.session import MattingSession


class TimedSession:
    """A session that knows how long the network took."""

    def __init__(self, session: MattingSession) -> None:
        self._session = session
        self.watch = Stopwatch()

    @property
    def model(self) -> ModelRow:
        """The row of the model that answers."""
        return self._session.model

    def run(self, tensor: Tensor, deadline: Deadline = NEVER, *, is_preemptible: bool = False) -> Matte:
        """Return the network's matte."""
        matte: Matte = self.watch.timed(self._session.run, tensor, deadline, is_preemptible=is_preemptible)
        return matte


def open_ours() -> Answer:
    """Open the product's own engine."""
    product = open_product()

    def answer(request: Mapping[str, Any]) -> Mapping[str, Any]:
        photo = Path(request["photo"]).read_bytes()
        options = CutoutOptions(image_format=request["format"], quality=request["quality"])
        session = TimedSession(product.session)
        began = time.perf_counter()
        cutout = cut_out(photo, options, session=session, limits=product.limits)
        return {
            "seconds": time.perf_counter() - began,
            "inference_s": session.watch.seconds,
            "stages_ms": dict(cutout.timings_ms),
            "bytes": len(cutout.data),
        }

    return answer


if __name__ == "__main__":
    serve(open_ours)
