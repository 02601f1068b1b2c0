"""How near a matte is to a reference matte, where softness counts: MAE, SAD, MSE, Grad and Band.

SAD, MSE and Grad are those of Rhemann et al., "A perceptually motivated online benchmark for image matting" (CVPR
2009), over the whole picture, since a product is given no trimap. Band is the error where mattes differ at all.
Both mattes are float64 (height, width) in 0..1; smaller is better everywhere.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate1d, distance_transform_edt

Matte64 = NDArray[np.float64]

SIGMA_PX = 1.4
# The filter ends where the Gaussian has fallen to this.
SMALLEST_WEIGHT = 0.01
SOFT_FROM, SOFT_TO = 0.02, 0.98
BAND_SHARE_OF_DIAGONAL = 0.01


def matting_scores(predicted: Matte64, reference: Matte64) -> dict[str, float]:
    """Return all five: means a pixel, but SAD and Grad, which are sums in thousands and grow with the picture."""
    error = np.abs(predicted - reference)
    band = edge_band(reference)
    return {
        "MAE": float(error.mean()),
        "SAD": float(error.sum() / 1000),
        "MSE": float(np.square(error).mean()),
        "Grad": gradient_error(predicted, reference),
        "Band": float(error[band].mean()) if band.any() else 0.0,
    }


def gradient_error(predicted: Matte64, reference: Matte64) -> float:
    """Return the squared difference of the two mattes' gradient magnitudes, summed, in thousands."""
    return float(np.square(gradient_magnitude(predicted) - gradient_magnitude(reference)).sum() / 1000)


def gradient_magnitude(matte: Matte64) -> Matte64:
    """Return the magnitude of the first derivative of Gaussian, whose 2-D kernel has unit energy."""
    gaussian, derivative = _gaussian_and_derivative()
    energy = math.sqrt(np.square(np.outer(gaussian, derivative)).sum())
    along_x = correlate1d(correlate1d(matte, gaussian, axis=0, mode="nearest"), derivative, axis=1, mode="nearest")
    along_y = correlate1d(correlate1d(matte, gaussian, axis=1, mode="nearest"), derivative, axis=0, mode="nearest")
    return np.hypot(along_x, along_y) / energy


def edge_band(reference: Matte64) -> NDArray[np.bool_]:
    """Return what lies within 1 % of the diagonal of a soft pixel or of the reference's own outline."""
    solid = reference >= 0.5
    edge = (reference > SOFT_FROM) & (reference < SOFT_TO)
    edge[:, 1:] |= solid[:, 1:] ^ solid[:, :-1]
    edge[1:, :] |= solid[1:, :] ^ solid[:-1, :]
    if not edge.any():
        return edge
    reach_px = max(1.0, BAND_SHARE_OF_DIAGONAL * math.hypot(*reference.shape))
    return np.asarray(distance_transform_edt(~edge) <= reach_px)


def _gaussian_and_derivative() -> tuple[Matte64, Matte64]:
    reach = math.ceil(SIGMA_PX * math.sqrt(-2 * math.log(math.sqrt(2 * math.pi) * SIGMA_PX * SMALLEST_WEIGHT)))
    x = np.arange(-reach, reach + 1, dtype=np.float64)
    gaussian = np.exp(-np.square(x) / (2 * SIGMA_PX**2)) / (SIGMA_PX * math.sqrt(2 * math.pi))
    return gaussian, -x * gaussian / SIGMA_PX**2
