"""A session that keeps what the network said, so that a second run over the same photos takes no network time."""

import hashlib
import time
from pathlib import Path

import numpy as np

from processing.matting.arrays import Matte, Tensor
from processing.matting.deadline import NEVER, Deadline
from processing.matting.model_catalog import ModelRow
from processing.matting.session import MattingSession


class RememberingSession:
    """Answers from a folder where it can; a file is keyed by the weights and by every value that the network was shown.

    What is read back equals what the network returned, bit by bit. Only a change of the weights or of the picture shown
    makes it ask again: after a change to the runtime or to the graph's form, delete the folder.
    """

    def __init__(self, session: MattingSession, weights_digest: str, folder: Path) -> None:
        self._session = session
        self._folder = folder / weights_digest[:16]
        self._folder.mkdir(parents=True, exist_ok=True)
        self.asked = 0
        self.network_s = 0.0

    @property
    def model(self) -> ModelRow:
        """The row of the model that answers."""
        return self._session.model

    def run(self, tensor: Tensor, deadline: Deadline = NEVER, *, is_preemptible: bool = False) -> Matte:
        """Return the network's matte for the tensor, from the folder or, once, from the network."""
        path = self._folder / f"{hashlib.sha256(tensor.tobytes()).hexdigest()[:32]}.npz"
        if path.exists():
            with np.load(path) as kept:
                return np.asarray(kept["matte"], np.float32)
        began = time.perf_counter()
        matte = self._session.run(tensor, deadline, is_preemptible=is_preemptible)
        self.network_s += time.perf_counter() - began
        self.asked += 1
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            np.savez_compressed(file, matte=matte)
        part.replace(path)
        return matte
