"""PyMatting's multi-level foreground estimate of every picture in a folder: `python -m ... FOLDER`.

Reads NAME.input.npz with `picture` (8-bit) and `alpha` (8-bit), writes NAME.pymatting.npz with `foreground` (8-bit) and
`seconds`, loading and compiling left out.
"""

import sys
import time
from pathlib import Path

import numpy as np
from pymatting import estimate_foreground_ml


def main(folder: Path) -> None:
    """Estimate them all, after one small picture to warm up."""
    estimate_foreground_ml(np.zeros((8, 8, 3)), np.zeros((8, 8)))
    for path in sorted(folder.glob("*.input.npz")):
        given = np.load(path)
        picture, alpha = given["picture"] / 255.0, given["alpha"] / 255.0
        began = time.perf_counter()
        foreground = estimate_foreground_ml(picture, alpha)
        seconds = time.perf_counter() - began
        np.savez(
            path.with_name(path.name.replace(".input.", ".pymatting.")),
            foreground=np.rint(foreground * 255).astype(np.uint8),
            seconds=seconds,
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
