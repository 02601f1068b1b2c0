"""The floor: how long this machine's plain float32 matrix product takes for the network's multiplications.

A direct convolution in float32 cannot do with fewer; a 1536 x 1536 product is large enough to run at the full rate.
"""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.contenders.protocol import Answer, serve

SIDE = 1536
PRODUCTS = 24
# Multiply-adds of ISNet at 1024 x 1024.
NETWORK_GMAC = 159.67
SEED = 3


def open_sgemm() -> Answer:
    """Make the two matrices and wake the threads."""
    random = np.random.default_rng(SEED)
    left, right = random.random((SIDE, SIDE), np.float32), random.random((SIDE, SIDE), np.float32)
    result = left @ right

    def answer(request: Mapping[str, Any]) -> Mapping[str, Any]:
        began = time.perf_counter()
        for _ in range(PRODUCTS):
            np.matmul(left, right, out=result)
        gmac_per_s = PRODUCTS * SIDE**3 / 1e9 / (time.perf_counter() - began)
        return {"seconds": NETWORK_GMAC / gmac_per_s, "gmac_per_s": gmac_per_s}

    return answer


if __name__ == "__main__":
    serve(open_sgemm)
