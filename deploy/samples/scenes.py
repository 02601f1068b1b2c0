"""What stands on the table: a mug, a potted plant, a toy duck. Each knows its shape and its colours."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from deploy.samples.shapes import Distances, Points, ball, cylinder, ellipsoid, joined, ring, turned
from deploy.samples.texture import noise


def rgb(text: str) -> Points:
    """Return a CSS colour as light: linear, 0 to 1."""
    srgb = np.array([int(text[i : i + 2], 16) for i in (1, 3, 5)], np.float32) / 255
    return np.asarray(srgb**2.2, np.float32)


def between(a: Points, b: Points, share: Distances) -> Points:
    """Return colours from a to b."""
    return np.asarray(a + (b - a) * np.clip(share, 0, 1)[:, None], np.float32)


@dataclass(frozen=True)
class Room:
    """The table and what is behind it, out of focus."""

    wood: tuple[str, str]
    wall: tuple[str, str]
    lights: tuple[tuple[float, float, float, str], ...]
    """(x, y, radius, colour) of things on the wall."""

    def table_colour(self, p: Points) -> Points:
        """Return the wood's colour: rings drawn out along x."""
        grain = noise(p[:, 0] * 0.7 + 9, p[:, 2] * 5)
        fibres = noise(p[:, 0] * 4, p[:, 2] * 60, layers=2)
        rings = 0.5 + 0.5 * np.sin(p[:, 2] * 9 + grain * 12)
        return between(rgb(self.wood[0]), rgb(self.wood[1]), rings * 0.55 + fibres * 0.45)

    def wall_colour(self, p: Points) -> Points:
        """Return the wall's colour, with soft-edged things on it."""
        colours = between(rgb(self.wall[0]), rgb(self.wall[1]), p[:, 1] / 5 + noise(p[:, 0], p[:, 1]) * 0.3)
        for x, y, radius, colour in self.lights:
            from_it = np.maximum(np.abs(p[:, 0] - x), np.abs(p[:, 1] - y) * 0.6)
            colours = between(colours, rgb(colour), np.clip((radius - from_it) * 4, 0, 1))
        return colours


class Subject(ABC):
    """A thing on the table, around the y axis."""

    name: str
    centre: tuple[float, float, float]
    radius: float
    """Of a ball that holds all of it."""
    eye: tuple[float, float, float]
    looks_at: tuple[float, float, float]
    room: Room
    width, samples = 900, 96
    """How wide its photo is, and how many rays each pixel of it takes."""

    @abstractmethod
    def distance(self, p: Points) -> Distances:
        """Return how far each point is from it."""

    @abstractmethod
    def colour(self, p: Points) -> tuple[Points, Distances]:
        """Return the colours of points of its surface, and how glossy each is."""


class Mug(Subject):
    """A glazed mug of coffee."""

    name, centre, radius = "mug", (0.15, 0.75, 0), 1.25
    eye, looks_at = (0.5, 2.7, 4.4), (0.14, 0.68, 0)
    room = Room(
        ("#8a5a33", "#b98350"), ("#6d7f80", "#c9d2cd"), ((-1.9, 2.2, 0.9, "#f4efe2"), (2.2, 1.5, 0.6, "#a9583a"))
    )

    def distance(self, p: Points) -> Distances:
        """Return the distance to the wall, the handle or the coffee."""
        q = turned(p, -32)
        outer = cylinder(p, bottom=0, top=1.5, radius=0.66, rounded=0.1, widens=0.05)
        inner = cylinder(p, bottom=0.12, top=2.2, radius=0.60, rounded=0.06, widens=0.06)
        handle = ring(q, centre=(0.68, 0.78), radii=(0.36, 0.42), thickness=0.085)
        body = np.maximum(joined(outer, np.maximum(handle, -outer), 0.06), -inner)
        coffee = cylinder(p, bottom=0.1, top=1.36, radius=0.62, rounded=0.01)
        return np.minimum(body, coffee).astype(np.float32)

    def colour(self, p: Points) -> tuple[Points, Distances]:
        """Return cream above and blue below, speckled, with coffee inside."""
        q = turned(p, -32)
        around = np.arctan2(q[:, 2], q[:, 0])
        edge = 0.72 + 0.10 * np.sin(around * 3) + 0.12 * (noise(around * 4, q[:, 1] * 2) - 0.5)
        glaze = between(rgb("#d9cdb3"), rgb("#3a647c"), (edge - q[:, 1]) * 16)
        speckles = noise(around * 30, q[:, 1] * 34, layers=1) > 0.86
        glaze = np.where(speckles[:, None], glaze * 0.5, glaze)
        inside = (np.hypot(p[:, 0], p[:, 2]) < 0.615) & (np.abs(p[:, 1] - 1.36) < 0.02)
        colours = np.where(inside[:, None], rgb("#3a1d0c"), glaze)
        return colours.astype(np.float32), np.where(inside, 0.9, 0.7).astype(np.float32)


class Duck(Subject):
    """A rubber duck."""

    name, centre, radius = "duck", (0, 0.75, 0), 1.35
    eye, looks_at = (1.0, 1.75, 4.7), (0.06, 0.74, 0)
    room = Room(
        ("#7f9098", "#a7b5bb"), ("#3f6f7d", "#9cc3c9"), ((-2.1, 1.9, 0.7, "#e8f2f0"), (2.4, 2.4, 0.9, "#27505c"))
    )

    def distance(self, p: Points) -> Distances:
        """Return the distance to body, head, tail, wings, beak and eyes."""
        q = turned(p, 28)
        body = ellipsoid(q, (-0.05, 0.48, 0), (0.86, 0.5, 0.62))
        tail = ellipsoid(turned(q, 0), (-0.82, 0.74, 0), (0.26, 0.2, 0.22))
        wing = ellipsoid(
            np.abs(q * np.float32((0, 0, 1))) + q * np.float32((1, 1, 0)), (-0.18, 0.58, 0.55), (0.4, 0.24, 0.13)
        )
        head = ball(q, (0.42, 1.22, 0), 0.45)
        bird = joined(joined(joined(body, tail, 0.2), wing, 0.05), head, 0.16)
        return np.minimum(np.minimum(bird, self._beak(q)), self._eyes(q)).astype(np.float32)

    def _beak(self, q: Points) -> Distances:
        upper = ellipsoid(q, (0.86, 1.17, 0), (0.24, 0.065, 0.2))
        lower = ellipsoid(q, (0.82, 1.08, 0), (0.19, 0.05, 0.16))
        return joined(upper, lower, 0.03)

    def _eyes(self, q: Points) -> Distances:
        side = np.stack([q[:, 0], q[:, 1], np.abs(q[:, 2])], axis=1)
        return ellipsoid(side, (0.68, 1.36, 0.285), (0.09, 0.115, 0.07))

    def colour(self, p: Points) -> tuple[Points, Distances]:
        """Return yellow, with an orange beak and black eyes."""
        q = turned(p, 28)
        yellow = between(rgb("#f2b705"), rgb("#ffd21f"), q[:, 1])
        colours = np.where((self._beak(q) < 0.006)[:, None], rgb("#e8590c"), yellow)
        eyes = self._eyes(q) < 0.006
        colours = np.where(eyes[:, None], rgb("#14110f"), colours)
        return colours.astype(np.float32), np.where(eyes, 1.0, 0.55).astype(np.float32)


class Plant(Subject):
    """A snake plant in a clay pot: long leaves that end in fine tips."""

    width, samples = 720, 32  # sixteen leaves take their time
    name, centre, radius = "plant", (0, 1.6, 0), 2.0
    eye, looks_at = (0.3, 2.6, 6.0), (0, 1.42, 0)
    room = Room(
        ("#6f5a45", "#94795b"), ("#9a8b7c", "#d8cfc3"), ((-2.6, 2.6, 1.0, "#fbf7ee"), (2.5, 1.4, 0.8, "#7f9aa6"))
    )

    def __init__(self) -> None:
        random = np.random.default_rng(11)
        self._leaves = []
        for number in range(16):
            around = number * 2.4 + random.uniform(-0.3, 0.3)
            foot = 0.1 + 0.02 * number
            tall = random.uniform(1.5, 2.1) * (1.1 - 0.028 * number)
            self._leaves.append(
                (around, foot, tall, random.uniform(0.1, 0.3) + 0.028 * number, random.uniform(0.13, 0.18))
            )

    def distance(self, p: Points) -> Distances:
        """Return the distance to the pot, its earth or the nearest leaf."""
        return np.minimum(np.minimum(self._pot(p), self._earth(p)), self._nearest_leaf(p)[0]).astype(np.float32)

    def _pot(self, p: Points) -> Distances:
        wall = cylinder(p, bottom=0, top=0.92, radius=0.54, rounded=0.03, widens=0.13)
        rim = cylinder(p, bottom=0.76, top=1.0, radius=0.72, rounded=0.035)
        hollow = cylinder(p, bottom=0.82, top=1.6, radius=0.62, rounded=0.02)
        return np.maximum(np.minimum(wall, rim), -hollow)

    def _earth(self, p: Points) -> Distances:
        return cylinder(p, bottom=0.8, top=0.9, radius=0.6, rounded=0.02)

    def _nearest_leaf(self, p: Points) -> tuple[Distances, Distances, Distances]:
        """Return the distance to the nearest leaf, the place along it and across it, 0 to 1 and -1 to 1."""
        best = np.full(len(p), 9, np.float32)
        along, across = np.zeros(len(p), np.float32), np.zeros(len(p), np.float32)
        for around, foot, tall, leans, wide in self._leaves:
            out = p[:, 0] * np.float32(np.cos(around)) + p[:, 2] * np.float32(np.sin(around))
            side = p[:, 2] * np.float32(np.cos(around)) - p[:, 0] * np.float32(np.sin(around))
            h = np.clip((p[:, 1] - 0.85) / tall, 0, 1)
            out = out - foot - np.float32(leans) * h * h
            side = side - 0.05 * np.sin(h * 5 + around)
            # Turned on the way up, and hollow like a gutter.
            turn = 1.3 * around + 0.7 * h
            flat, thick = side * np.cos(turn) + out * np.sin(turn), out * np.cos(turn) - side * np.sin(turn)
            half = wide * (0.55 + 1.35 * h - 0.2 * h * h) * np.sqrt(np.maximum(1 - h**3.2, 0)) * (1 - 0.55 * h) + 0.004
            thick = thick - 0.9 * flat * flat
            x, y = np.abs(flat) - half, np.abs(thick) - 0.018
            beyond = np.maximum(p[:, 1] - 0.85 - tall, 0.85 - p[:, 1])
            from_leaf = np.sqrt(np.maximum(x, 0) ** 2 + np.maximum(y, 0) ** 2 + np.maximum(beyond, 0) ** 2)
            from_leaf = (from_leaf + np.minimum(np.maximum(x, y), 0) - 0.006) * 0.6
            nearer = from_leaf < best
            best = np.where(nearer, from_leaf, best)
            along, across = np.where(nearer, h, along), np.where(nearer, flat / half, across)
        return best.astype(np.float32), along.astype(np.float32), across.astype(np.float32)

    def colour(self, p: Points) -> tuple[Points, Distances]:
        """Return banded green leaves with yellow edges, earth and clay."""
        distance, along, across = self._nearest_leaf(p)
        bands = noise(along * 22 + 3, across * 1.2 + along * 4, layers=2)
        leaf = between(rgb("#27502c"), rgb("#7d9b62"), (bands - 0.42) * 4)
        leaf = between(leaf, rgb("#d8cf6a"), (np.abs(across) - 0.72) * 8)
        clay = between(rgb("#9d4f2e"), rgb("#c9784e"), noise(p[:, 0] * 5 + 3, p[:, 1] * 9))
        earth = between(rgb("#1d130c"), rgb("#4a3524"), noise(p[:, 0] * 24, p[:, 2] * 24))
        is_leaf = distance < 0.006
        is_earth = ~is_leaf & (self._earth(p) < 0.006) & (self._pot(p) > 0.006)
        colours = np.where(is_leaf[:, None], leaf, np.where(is_earth[:, None], earth, clay))
        return colours.astype(np.float32), np.where(is_leaf, 0.35, 0.08).astype(np.float32)


SUBJECTS: tuple[type[Subject], ...] = (Mug, Plant, Duck)
