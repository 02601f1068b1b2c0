"""Networks whose answer is known, for the logic around a network."""

import numpy as np

from processing.matting.arrays import Matte, Tensor
from processing.matting.deadline import NEVER, Deadline
from processing.matting.model_catalog import ModelRow, get_model

_SIDE = get_model("isnet-general-use").input_size


def disc_matte(radius: float = 0.3, soft: float = 0.02) -> Matte:
    """Return a disc in the middle; radius and width of the soft edge in parts of the side."""
    y, x = np.mgrid[:_SIDE, :_SIDE].astype(np.float32) / _SIDE + 0.5 / _SIDE - 0.5
    return np.asarray(np.clip((radius - np.hypot(x, y)) / soft + 0.5, 0, 1), np.float32)


class FixedSession:
    """Answers every picture with the same matte, and remembers what it was shown."""

    def __init__(self, matte: Matte) -> None:
        self._matte = matte
        self.model: ModelRow = get_model("isnet-general-use")
        self.seen: list[Tensor] = []

    def run(self, tensor: Tensor, deadline: Deadline = NEVER, *, is_preemptible: bool = False) -> Matte:
        self.seen.append(tensor)
        return self._matte.copy()


class DiscSession(FixedSession):
    """Sees a disc in the middle of every picture."""

    def __init__(self) -> None:
        super().__init__(disc_matte())


class BlindSession(FixedSession):
    """Sees nothing but a faint haze."""

    def __init__(self) -> None:
        super().__init__(np.full((_SIDE, _SIDE), 0.08, np.float32))
