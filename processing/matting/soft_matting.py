"""Solves for the matte that follows the photo's colours and stays near the network's: matting with a soft prior.

A. Levin, D. Lischinski, Y. Weiss: A Closed-Form Solution to Natural Image Matting, TPAMI 30(2), 2008 (the energy);
K. He, J. Sun, X. Tang: Fast Matting Using Large Kernel Matting Laplacian Matrices, CVPR 2010 (windows of many pixels,
each product with the Laplacian a few box filters). Here 1 - G stands for the Laplacian, G the guided filter, and a
prior of varying weight for scribbles.
"""

import math

import cv2
import numpy as np

from processing.matting.arrays import Matte, Plane, Rgb
from processing.matting.guided_filter import ColourGuide
from processing.matting.morphology import disc

WINDOW_OF_DIAGONAL = 0.03
COLOUR_EPSILON = 1e-4
# The network's word counts this much everywhere, and up to 1 more where nothing else is said within the reach: thin
# strands are open to doubt even where it drew them opaque, for it draws them too bold.
LEAST_TRUST = 0.03
DECIDED_REACH_OF_DIAGONAL = 0.0015
# The prior is raised to this power: the network's greys, too, are a little too bold.
PRIOR_POWER = 1.1
STEPS = 4


def solve_matte(guide: Rgb, prior: Matte) -> Matte:
    """Return the matte (height, width), 0..1, that minimises a' (1 - G) a + (a - p)' C (a - p), approximately.

    `guide` is (height, width, 3), 0..1; `prior` p is the network's matte. STEPS steps of conjugate gradients from the
    prior: far from convergence on purpose, for further steps carry colour across textures.
    """
    diagonal = math.hypot(*prior.shape)
    colours = ColourGuide(guide, radius=max(1, round(WINDOW_OF_DIAGONAL * diagonal)), epsilon=COLOUR_EPSILON)
    trust = _trust(prior, max(1, round(DECIDED_REACH_OF_DIAGONAL * diagonal)))
    return np.clip(_conjugate_gradients(colours, trust, np.power(prior, np.float32(PRIOR_POWER))), 0, 1)


def _trust(prior: Matte, reach_px: int) -> Plane:
    """Return C: high where all pixels within reach agree on opaque, or on transparent."""
    around = disc(reach_px)
    opaque, clear = 2 * cv2.erode(prior, around) - 1, 1 - 2 * cv2.dilate(prior, around)
    decided = np.maximum(np.maximum(opaque, clear), 0)
    return np.asarray(np.float32(LEAST_TRUST) + decided * decided, np.float32)


def _conjugate_gradients(colours: ColourGuide, trust: Plane, prior: Matte) -> Matte:
    """Solve (1 - G + C) a = C p by conjugate gradients with Jacobi's preconditioner (Saad 2003, section 9.2)."""

    def energy(matte: Matte) -> Matte:
        return (1 + trust) * matte - colours.filtered(matte)

    preconditioner = 1 / (1 + trust)
    matte = prior.copy()
    residual = trust * prior - energy(matte)
    direction = preconditioner * residual
    size = _product(residual, direction)
    for _ in range(STEPS):
        if size <= 0:
            break
        response = energy(direction)
        step = np.float32(size / max(_product(direction, response), 1e-12))
        matte += step * direction
        residual -= step * response
        preconditioned = preconditioner * residual
        size, size_before = _product(residual, preconditioned), size
        direction = preconditioned + np.float32(size / size_before) * direction
    return matte


def _product(left: Plane, right: Plane) -> float:
    return float(np.sum(left * right, dtype=np.float64))
