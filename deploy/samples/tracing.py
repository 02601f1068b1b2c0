"""Light through a lens onto a film: spheres traced, a window as the lamp, one bounce, depth of field, grain."""

import numpy as np
from numpy.typing import NDArray

from deploy.samples.scenes import Points, Subject
from deploy.samples.shapes import Distances, length

Picture = NDArray[np.uint8]

STEPS, NEAR_ENOUGH = 90, 0.0012
WALL_Z = -4.5
LENS_RADIUS = 0.075
FIELD_OF_VIEW = 0.30
WINDOW_FROM, WINDOW_SIDE, WINDOW_LIGHT = np.float32((-3.2, 5.2, 3.0)), 1.5, np.float32((3.3, 3.1, 2.85))
SKY = np.float32((0.50, 0.54, 0.60))


def photograph(subject: Subject, *, width: int, height: int, samples: int, seed: int = 1) -> Picture:
    """Return the picture; more samples, less grain."""
    random = np.random.default_rng(seed)
    film = np.zeros((height * width, 3), np.float32)
    for _sample in range(samples):
        origins, ways = _rays(subject, width, height, random)
        film += np.minimum(_light(subject, origins, ways, random), 4)
    return _developed((film / samples).reshape(height, width, 3), random)


def _rays(subject: Subject, width: int, height: int, random: np.random.Generator) -> tuple[Points, Points]:
    """Return one ray a pixel, through a random place of the pixel and of the lens."""
    eye, target = np.float32(subject.eye), np.float32(subject.looks_at)
    forward = (target - eye) / np.linalg.norm(target - eye)
    right = np.cross(forward, np.float32((0, 1, 0)))
    right /= np.linalg.norm(right)
    up = np.cross(right, forward)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x = (x + random.random(x.shape, np.float32) - width / 2) / height * 2 * FIELD_OF_VIEW
    y = (height / 2 - y - random.random(y.shape, np.float32)) / height * 2 * FIELD_OF_VIEW
    ways = (forward + x[..., None] * right + y[..., None] * up).reshape(-1, 3)
    in_focus = eye + ways * np.float32(np.linalg.norm(target - eye) - 0.3)
    angle, radius = random.random(len(ways)) * 2 * np.pi, np.sqrt(random.random(len(ways))) * LENS_RADIUS
    origins = eye + (np.cos(angle) * radius)[:, None] * right + (np.sin(angle) * radius)[:, None] * up
    ways = in_focus - origins
    return origins.astype(np.float32), (ways / length(ways)[:, None]).astype(np.float32)


def _march(subject: Subject, origins: Points, ways: Points) -> Distances:
    """Return how far along each ray the subject is; infinite where it is not."""
    found = np.full(len(origins), np.inf, np.float32)
    from_centre = origins - np.float32(subject.centre)
    b = np.einsum("ij,ij->i", from_centre, ways)
    inside = b * b - np.einsum("ij,ij->i", from_centre, from_centre) + subject.radius**2
    at = np.flatnonzero(inside > 0)
    root = np.sqrt(inside[at])
    far = -b[at] + root
    t = np.maximum(-b[at] - root, 0.01)
    at, t, far = at[far > 0], t[far > 0], far[far > 0]
    for _step in range(STEPS):
        if not len(at):
            break
        d = subject.distance(origins[at] + ways[at] * t[:, None])
        hit = d < NEAR_ENOUGH
        found[at[hit]] = t[hit]
        t = t + np.maximum(d, NEAR_ENOUGH)
        goes_on = ~hit & (t < far)
        at, t, far = at[goes_on], t[goes_on], far[goes_on]
    return found


def _normals(subject: Subject, p: Points) -> Points:
    total = np.zeros_like(p)
    for corner in ((1, -1, -1), (-1, -1, 1), (-1, 1, -1), (1, 1, 1)):
        way = np.float32(corner)
        total += way * subject.distance(p + way * np.float32(0.002))[:, None]
    return np.asarray(total / np.maximum(length(total), 1e-9)[:, None], np.float32)


def _light(subject: Subject, origins: Points, ways: Points, random: np.random.Generator) -> Points:
    """Return what each ray sees."""
    colours, p, n, gloss, is_wall = _surfaces(subject, origins, ways)
    light = np.zeros_like(colours)
    light[is_wall] = colours[is_wall] * 0.62
    here = np.flatnonzero(~is_wall)
    p, n, albedo, gloss = p[here] + n[here] * np.float32(0.006), n[here], colours[here], gloss[here]
    bounce = _towards(n, random)
    light[here] = albedo * (_window(subject, p, n, random) + _sky(subject, p, bounce))
    # Glaze and rubber: the window again, and the room, as in a clouded mirror.
    mirrored = ways[here] - 2 * np.einsum("ij,ij->i", ways[here], n)[:, None] * n
    facing = np.clip(1 + np.einsum("ij,ij->i", ways[here], n), 0, 1)
    share = gloss * (0.04 + 0.5 * facing**5)
    light[here] = light[here] * (1 - share[:, None]) + share[:, None] * _reflection(p, mirrored)
    return light


def _surfaces(subject: Subject, origins: Points, ways: Points):  # type: ignore[no-untyped-def]
    """Return colour, place, normal, gloss of what each ray meets first, and whether that is the wall."""
    t = _march(subject, origins, ways)
    with np.errstate(divide="ignore"):
        table = np.where(ways[:, 1] < 0, -origins[:, 1] / ways[:, 1], np.inf)
        wall = np.where(ways[:, 2] < 0, (WALL_Z - origins[:, 2]) / ways[:, 2], np.inf)
    behind = np.minimum(np.minimum(table, wall), 60).astype(np.float32)
    is_subject = t < behind
    p = origins + ways * np.where(is_subject, t, behind)[:, None]
    n = np.zeros_like(p)
    n[:, 1] = 1
    gloss = np.full(len(p), 0.25, np.float32)
    is_wall = ~is_subject & (wall <= table)
    colours = np.empty_like(p)
    colours[is_wall] = subject.room.wall_colour(p[is_wall])
    on_table = ~is_subject & ~is_wall
    colours[on_table] = subject.room.table_colour(p[on_table])
    if is_subject.any():
        n[is_subject] = _normals(subject, p[is_subject])
        colours[is_subject], gloss[is_subject] = subject.colour(p[is_subject])
    return colours, p, n, gloss, is_wall


def _window(subject: Subject, p: Points, n: Points, random: np.random.Generator) -> Points:
    """Return the light of a random place of the window, where nothing is in between."""
    away = (random.random((len(p), 3), np.float32) - 0.5) * 2 * np.float32(WINDOW_SIDE) + WINDOW_FROM - p
    away /= length(away)[:, None]
    falls = np.maximum(np.einsum("ij,ij->i", n, away), 0)
    lit = falls > 0
    lit[lit] = np.isinf(_march(subject, p[lit], away[lit]))
    return np.where(lit[:, None], falls[:, None] * WINDOW_LIGHT * 0.52, 0).astype(np.float32)


def _sky(subject: Subject, p: Points, way: Points) -> Points:
    """Return what comes from elsewhere: the room, or a near surface that is lit itself."""
    blocked = np.isfinite(_march(subject, p, way))
    up = np.clip(way[:, 1:2] * 0.5 + 0.6, 0, 1)
    light = SKY * up
    light = np.where(way[:, 1:2] < 0, np.float32((0.26, 0.21, 0.17)), light)
    near = np.zeros_like(p)
    if blocked.any():
        near[blocked] = subject.colour(p[blocked])[0] * 0.35
    return np.where(blocked[:, None], near, light).astype(np.float32)


def _reflection(p: Points, way: Points) -> Points:
    from_window = WINDOW_FROM - p
    from_window /= length(from_window)[:, None]
    towards = np.einsum("ij,ij->i", way, from_window)
    glare = np.clip((towards - 0.955) / 0.02, 0, 1)
    room = np.clip(way[:, 1] * 0.5 + 0.4, 0.05, 1)[:, None] * SKY
    return np.asarray(room + glare[:, None] * 7 * WINDOW_LIGHT / 3, np.float32)


def _towards(n: Points, random: np.random.Generator) -> Points:
    """Return a random direction each, more often along the normal (Lambert)."""
    way = random.standard_normal(n.shape, np.float32)
    way = way / length(way)[:, None] + n
    return np.asarray(way / np.maximum(length(way), 1e-6)[:, None], np.float32)


def _developed(film: Points, random: np.random.Generator) -> Picture:
    """Return the film as sRGB: highlights rolled off, darker corners, grain."""
    height, width = film.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    film = film * (1 - 0.16 * (x * x + y * y))[..., None]
    film = film * (2.51 * film + 0.03) / (film * (2.43 * film + 0.59) + 0.14)
    srgb = np.clip(film, 0, 1) ** (1 / 2.2) * 255
    srgb += random.standard_normal((height, width, 1), np.float32) * 1.3
    return np.clip(np.rint(srgb), 0, 255).astype(np.uint8)
