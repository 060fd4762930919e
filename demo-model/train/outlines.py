"""Control pictures for the demo ControlNet: closed outlines in white on black, and what they enclose.

An outline is one of the demo model's five shapes, in any size, place and rotation, or a figure that the model itself does
not know: an ellipse, a polygon or a blob.
"""

import hashlib
import math
import random
from dataclasses import dataclass

import numpy as np

from scenes import COLOURS, SHAPES, Placement, default_background, polygon_distance, shape_distance

HELD_OUT_PERCENT = 15
FREE_FIGURES = ("ellipse", "polygon", "blob")


@dataclass(frozen=True)
class Outline:
    """A figure in its place; ``corners`` are those of figures that are none of the five shapes, around (0, 0)."""

    figure: str
    where: Placement
    corners: tuple[tuple[float, float], ...] = ()

    def distance(self, size: int) -> np.ndarray:
        """Signed distance to the outline in pixels of a square picture, negative inside."""
        if self.figure in SHAPES:
            return shape_distance(self.figure, self.where, size) * size
        axis = (np.arange(size, dtype=np.float32) + 0.5) / size
        x, y = np.broadcast_arrays(axis[None, :] - self.where.x, axis[:, None] - self.where.y)
        return polygon_distance(x, y, np.array(self.corners) * self.where.radius) * size

    def coverage(self, size: int) -> np.ndarray:
        """How much of each pixel the figure covers, 0 to 1."""
        return np.clip(0.5 - self.distance(size), 0, 1)

    def picture(self, size: int, width: float = 1.5) -> np.ndarray:
        """The control picture, uint8, one channel: the outline drawn ``width`` pixels wide."""
        return np.round(255 * np.clip(0.5 + width / 2 - np.abs(self.distance(size)), 0, 1)).astype(np.uint8)

    def held_out(self) -> bool:
        """True for the places and sizes of each figure that training never sees."""
        where = self.where
        key = f"{self.figure}/{int(where.x * 10)}/{int(where.y * 10)}/{int(where.radius * 20)}".encode()
        return int.from_bytes(hashlib.sha256(key).digest()[:4], "big") % 100 < HELD_OUT_PERCENT


def random_outline(rng: random.Random, want_held_out: bool = False, free: float = 0.3) -> Outline:
    """One of the five shapes, or with probability ``free`` one of the other figures."""
    while True:
        figure = rng.choice(FREE_FIGURES if rng.random() < free else SHAPES)
        radius = rng.uniform(0.13, 0.35)
        room = 0.5 - 1.28 * radius - 0.01
        rotation = rng.uniform(-math.pi, math.pi)
        where = Placement(0.5 + rng.uniform(-room, room), 0.5 + rng.uniform(-room, room), radius, rotation)
        outline = Outline(figure, where, () if figure in SHAPES else tuple(map(tuple, _corners(figure, rotation, rng))))
        if outline.held_out() == want_held_out:
            return outline


def _corners(figure: str, rotation: float, rng: random.Random) -> np.ndarray:
    if figure == "ellipse":
        angles = np.arange(32) * math.pi / 16
        points = np.stack([np.cos(angles), rng.uniform(0.45, 0.85) * np.sin(angles)], 1)
    elif figure == "polygon":
        count = rng.randint(4, 7)
        angles = (np.arange(count) + np.array([rng.uniform(-0.25, 0.25) for _ in range(count)])) * 2 * math.pi / count
        radii = np.array([rng.uniform(0.6, 1.1) for _ in range(count)])
        points = np.stack([radii * np.cos(angles), radii * np.sin(angles)], 1)
    else:
        angles = np.arange(36) * math.pi / 18
        radii = np.full(36, 0.8)
        for wave in (2, 3):
            radii += rng.uniform(0, 0.14) * np.cos(wave * angles + rng.uniform(0, 2 * math.pi))
        points = np.stack([radii * np.cos(angles), radii * np.sin(angles)], 1)
    cos, sin = math.cos(rotation), math.sin(rotation)
    return points @ np.array([[cos, sin], [-sin, cos]])


def caption(figure: str, colour: str, background: str, rng: random.Random) -> str:
    """A prompt that leaves the place, often the shape and sometimes the background to the outline."""
    noun = figure if figure in SHAPES and rng.random() < 0.4 else "shape"
    article = rng.choice(("", "the ")) if rng.random() < 0.2 else "an " if colour[0] in "aeiou" else "a "
    text = f"{article}{colour} {noun}"
    if background in COLOURS and not (background == default_background(colour) and rng.random() < 0.6):
        b = "an " if background[0] in "aeiou" else "a "
        text += rng.choice((f" on {b}{background} background",) * 3 + (f" on {background}", f", {background} background"))
    return rng.choice(("",) * 6 + ("a picture of ", "a drawing of ", "draw ")) + text


def overlap(picture: np.ndarray, outline: Outline, colour: str) -> float:
    """Intersection over union of what has the colour, rather than the border's, with what the outline encloses."""
    image = picture.astype(np.float32)
    border = np.concatenate([image[:3].reshape(-1, 3), image[-3:].reshape(-1, 3), image[:, 0], image[:, -1]])
    mask = np.linalg.norm(image - COLOURS[colour], axis=2) < np.linalg.norm(image - np.median(border, 0), axis=2)
    wanted = outline.coverage(len(image)) > 0.5
    return float((mask & wanted).sum() / (mask | wanted).sum())
