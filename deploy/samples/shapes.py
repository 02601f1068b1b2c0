"""Distances to simple shapes, for arrays of points (n, 3); negative inside.

The formulas are the common ones of constructive geometry on distance fields (J. C. Hart, "Sphere tracing", 1996).
"""

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]
Distances = NDArray[np.float32]


def length(p: Points) -> Distances:
    """Return the length of each vector."""
    return np.sqrt(np.einsum("ij,ij->i", p, p))


def ball(p: Points, centre: tuple[float, float, float], radius: float) -> Distances:
    """Return the distance to a ball."""
    return length(p - np.float32(centre)) - np.float32(radius)


def ellipsoid(p: Points, centre: tuple[float, float, float], radii: tuple[float, float, float]) -> Distances:
    """Return about the distance to an ellipsoid; never much more than it is."""
    q = (p - np.float32(centre)) / np.float32(radii)
    k = length(q)
    return (k - 1) * k / np.maximum(length(q / np.float32(radii)), 1e-6)


def cylinder(p: Points, *, bottom: float, top: float, radius: float, rounded: float, widens: float = 0.0) -> Distances:
    """Return about the distance to an upright cylinder around the y axis, wider at its top where `widens` says so."""
    middle, half = (bottom + top) / 2, (top - bottom) / 2
    at = radius + widens * (p[:, 1] - middle) / half
    x = np.hypot(p[:, 0], p[:, 2]) - at + rounded
    y = np.abs(p[:, 1] - middle) - half + rounded
    outside = np.hypot(np.maximum(x, 0), np.maximum(y, 0))
    return ((np.minimum(np.maximum(x, y), 0) + outside - rounded) * 0.95).astype(np.float32)


def ring(p: Points, *, centre: tuple[float, float], radii: tuple[float, float], thickness: float) -> Distances:
    """Return about the distance to an elliptic ring in the plane z = 0: a handle."""
    x, y = (p[:, 0] - centre[0]) / radii[0], (p[:, 1] - centre[1]) / radii[1]
    from_curve = (np.hypot(x, y) - 1) * min(radii)
    return (np.hypot(from_curve, p[:, 2]) - thickness).astype(np.float32)


def joined(a: Distances, b: Distances, softness: float) -> Distances:
    """Return the distance to both together, grown into each other."""
    h = np.clip(0.5 + 0.5 * (b - a) / softness, 0, 1)
    return b + (a - b) * h - softness * h * (1 - h)


def turned(p: Points, degrees: float) -> Points:
    """Return the points turned around the y axis."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.stack([c * p[:, 0] + s * p[:, 2], p[:, 1], c * p[:, 2] - s * p[:, 0]], axis=1).astype(np.float32)
