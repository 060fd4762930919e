"""Judges a picture by what is in it: background, colour, shape, position and size of the one object on it.

Knows nothing of how the picture was made. ``python judge.py`` checks the judge itself on rendered pictures.
"""

import random
from dataclasses import dataclass

import numpy as np

from scenes import BACKGROUNDS, COLOURS, POSITIONS, SHAPES, SIZES, Placement, Scene, coverage, draw, random_scene

# RGB distance within which the nearest colour of the palette counts; its closest pair is 81 apart.
COLOUR_TOLERANCE = 50.0
# Overlap (intersection over union) with the ideal outline below which nothing is recognised. The next best shape overlaps a
# star by less than 0.6.
LEAST_OVERLAP = 0.78
GRID = 128


@dataclass(frozen=True)
class Verdict:
    shape: str | None
    colour: str | None
    background: str | None
    size: str | None
    position: str | None
    overlap: float

    def matches(self, scene: Scene) -> dict[str, bool]:
        return {name: getattr(self, name) == getattr(scene, name)
                for name in ("shape", "colour", "background", "size", "position")}


def _name(rgb: np.ndarray, palette: dict) -> str | None:
    distance, name = min((float(np.linalg.norm(rgb - np.array(value))), name) for name, value in palette.items())
    return name if distance <= COLOUR_TOLERANCE else None


def judge(picture: np.ndarray) -> Verdict:
    """``picture`` is uint8, square, RGB, its side a multiple of 128."""
    factor = picture.shape[0] // GRID
    image = picture.astype(np.float32).reshape(GRID, factor, GRID, factor, 3).mean((1, 3))
    border = np.concatenate([image[:4].reshape(-1, 3), image[-4:].reshape(-1, 3),
                             image[:, :4].reshape(-1, 3), image[:, -4:].reshape(-1, 3)])
    behind = np.median(border, 0)
    background = _name(behind, BACKGROUNDS)
    contrast = np.linalg.norm(image - behind, axis=2)
    clear = contrast > 60
    if clear.sum() < 30:
        return Verdict(None, None, background, None, None, 0.0)
    inside = np.median(image[contrast >= np.quantile(contrast[clear], 0.3)], 0)
    mask = np.linalg.norm(image - inside, axis=2) < contrast
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if len(rows) == 0:
        return Verdict(None, None, background, None, None, 0.0)
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    x, y = (left + right) / 2 / GRID, (top + bottom) / 2 / GRID
    extent = max(bottom - top, right - left) / 2 / GRID

    overlap, shape = max((_best_overlap(mask, name), name) for name in SHAPES)
    size = min(SIZES, key=lambda name: abs(np.log(extent / SIZES[name])))
    step = lambda v: -1 if v < 0.41 else 1 if v > 0.59 else 0  # noqa: E731
    position = next(name for name, where in POSITIONS.items() if where == (step(x), step(y)))
    return Verdict(shape if overlap >= LEAST_OVERLAP else None, _name(inside, COLOURS), background, size, position,
                   round(float(overlap), 3))


def _best_overlap(mask: np.ndarray, shape: str) -> float:
    """The best overlap of the mask with this shape of the mask's extent, over small rotations."""
    rotations = (0.0,) if shape in ("circle", "ring") else (-0.14, -0.07, 0.0, 0.07, 0.14)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    spans = np.array([columns[0], columns[-1] + 1, rows[0], rows[-1] + 1])
    best = 0.0
    for rotation in rotations:
        # Draw it once in a standard place, then move and scale it onto the mask's bounding box.
        ideal = coverage(shape, Placement(0.5, 0.5, 0.4, rotation), GRID) > 0.5
        r, c = np.flatnonzero(ideal.any(1)), np.flatnonzero(ideal.any(0))
        scale = 0.4 * max((spans[1] - spans[0]) / len(c), (spans[3] - spans[2]) / len(r))
        x = (spans[0] + spans[1]) / 2 / GRID + (0.5 - (c[0] + c[-1] + 1) / 2 / GRID) * scale / 0.4
        y = (spans[2] + spans[3]) / 2 / GRID + (0.5 - (r[0] + r[-1] + 1) / 2 / GRID) * scale / 0.4
        drawn = coverage(shape, Placement(x, y, scale, rotation), GRID) > 0.5
        best = max(best, (mask & drawn).sum() / (mask | drawn).sum())
    return best


def self_check(count: int = 400) -> dict[str, float]:
    """Share of rendered pictures whose attributes the judge reads correctly."""
    rng = random.Random(1)
    totals: dict[str, int] = {}
    for _ in range(count):
        scene = random_scene(rng)
        for name, right in judge(draw(scene, rng, GRID)).matches(scene).items():
            totals[name] = totals.get(name, 0) + right
    return {name: right / count for name, right in totals.items()}


if __name__ == "__main__":
    print(self_check())
