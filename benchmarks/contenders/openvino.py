"""OpenVINO on the same network and nothing else: what a runtime of Intel's makes of the multiplications."""

import os
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from openvino import Core

from benchmarks.contenders.protocol import Answer, serve

SEED = 3


def open_openvino() -> Answer:
    """Compile the network of the file that BENCH_WEIGHTS names for the CPU, for one picture at a time."""
    settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": int(os.environ["INFERENCE_THREADS"])}
    network = Core().compile_model(os.environ["BENCH_WEIGHTS"], "CPU", settings)
    shape = [int(side) for side in network.inputs[0].shape]
    tensor = np.random.default_rng(SEED).random(shape, np.float32) - np.float32(0.5)

    def answer(request: Mapping[str, Any]) -> Mapping[str, Any]:
        began = time.perf_counter()
        network([tensor])
        seconds = time.perf_counter() - began
        return {"seconds": seconds, "inference_s": seconds}

    return answer


if __name__ == "__main__":
    serve(open_openvino)
