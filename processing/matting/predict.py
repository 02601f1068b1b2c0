"""Asks the network for the matte, at the network's own size."""

import numpy as np
from PIL import Image

from processing.matting.arrays import Matte, Rgb8, Tensor
from processing.matting.deadline import NEVER, Deadline
from processing.matting.model_catalog import ModelRow
from processing.matting.network_output import stretched
from processing.matting.resample import halved
from processing.matting.session import MattingSession

# A photo holds a subject when at least this share of the network's matte is at least this sure; both API dialects go by
# it. With the default model the smallest subject of 164 photos took a share of .0045; lawn, gravel, noise, gradients
# and plain colours reached none at all.
SUBJECT_MIN_MATTE = 0.5
SUBJECT_MIN_SHARE = 0.0005


def predict(
    picture: Rgb8,
    session: MattingSession,
    *,
    looks_twice: bool = False,
    deadline: Deadline = NEVER,
) -> Matte:
    """Return the matte (side, side) at the network's input size.

    It is as the network gave it; only where the catalog says so, and only with a subject in it, it is stretched to
    0..1, since stretching makes a subject out of any haze. With `looks_twice` it is the mean of the mattes of the
    picture and of its mirror image (test-time augmentation), which errs less, and takes twice the time.
    Raises TooSlow when it does not come by the deadline.
    """
    tensor = _to_tensor(picture, session.model)
    matte = session.run(tensor, deadline)
    if looks_twice:
        mirrored = session.run(np.ascontiguousarray(tensor[..., ::-1]), deadline)
        matte = np.asarray((matte + mirrored[:, ::-1]) / 2, np.float32)
    return stretched(matte) if session.model.needs_stretch and has_subject(matte) else matte


def has_subject(matte: Matte) -> bool:
    """Whether the network found anything to keep."""
    return float((matte >= SUBJECT_MIN_MATTE).mean()) >= SUBJECT_MIN_SHARE


def _to_tensor(picture: Rgb8, model: ModelRow) -> Tensor:
    """Return the picture squeezed to the network's square, normalised, channels first: (1, 3, side, side)."""
    side = model.input_size
    square = Image.fromarray(halved(picture, (side, side))).resize((side, side), Image.Resampling.BILINEAR)
    tensor = np.empty((1, 3, side, side), np.float32)
    divisor = _divisor(square, model)
    for channel, plane in enumerate(square.split()):
        scale = 1 / (divisor * model.std[channel])
        np.multiply(np.asarray(plane), np.float32(scale), out=tensor[0, channel])
        tensor[0, channel] -= model.mean[channel] / model.std[channel]
    return tensor


def _divisor(square: Image.Image, model: ModelRow) -> int:
    """Return what the picture's values are divided by; 1 for an all black one, whose maximum divides nothing."""
    return 255 if model.divisor == "255" else max(1, int(np.asarray(square).max()))
