"""The arrays that the steps hand to each other: shape, range and type of each, in one place.

Whole pictures are kept in 8 bits, so that 50 megapixels stay affordable; arithmetic runs in float32 on small copies
or on strips of rows.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Rgb8: TypeAlias = NDArray[np.uint8]  # (height, width, 3), sRGB 0..255, straight (not premultiplied)
Rgba8: TypeAlias = NDArray[np.uint8]  # (height, width, 4), as Rgb8, with straight alpha
Rgb: TypeAlias = NDArray[np.float32]  # (height, width, 3), sRGB 0..1, straight
Alpha8: TypeAlias = NDArray[np.uint8]  # (height, width), 0 = background .. 255 = foreground
Matte: TypeAlias = NDArray[np.float32]  # (height, width), 0 = background .. 1 = foreground
Trimap: TypeAlias = NDArray[np.uint8]  # (height, width), one of the three values in trimap.py
Mask: TypeAlias = NDArray[np.bool_]  # (height, width), yes or no
Plane: TypeAlias = NDArray[np.float32]  # (height, width), any float image of one channel
Planes: TypeAlias = NDArray[np.float32]  # (height, width, n), any float image of several channels
Tensor: TypeAlias = NDArray[np.float32]  # (1, 3, side, side), what the network reads
