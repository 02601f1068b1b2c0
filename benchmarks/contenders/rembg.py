"""The peer rembg in process, its session opened once and used again, as its own advice is."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rembg import new_session, remove

from benchmarks.contenders.protocol import Answer, Stopwatch, serve

MODEL = "isnet-general-use"


class TimedNetwork:
    """Stands in front of rembg's onnxruntime session and takes the time of its runs."""

    def __init__(self, network: Any) -> None:
        self._network = network
        self.watch = Stopwatch()

    def run(self, *arguments: Any) -> Any:
        """Run the network."""
        return self.watch.timed(self._network.run, *arguments)

    def get_inputs(self) -> Any:
        """Return what the network wants."""
        return self._network.get_inputs()


def open_rembg() -> Answer:
    """Open rembg's session on the weights in U2NET_HOME."""
    session = new_session(MODEL)
    network = session.inner_session

    def answer(request: Mapping[str, Any]) -> Mapping[str, Any]:
        photo = Path(request["photo"]).read_bytes()
        session.inner_session = TimedNetwork(network)
        began = time.perf_counter()
        png = remove(photo, session=session, decontaminate=request["decontaminate"])
        seconds = time.perf_counter() - began
        return {"seconds": seconds, "inference_s": session.inner_session.watch.seconds, "bytes": len(png)}

    return answer


if __name__ == "__main__":
    serve(open_rembg)
