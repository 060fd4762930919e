"""What the demo model draws: scene specifications, their pictures, their captions, and which ones training never sees.

A scene is one flat, anti-aliased shape on a flat background. Everything random takes a ``random.Random``, so a seed
gives the same data everywhere.
"""

import hashlib
import math
import random
from dataclasses import dataclass

import numpy as np

SHAPES = ("circle", "square", "triangle", "star", "ring")
COLOURS = {
    "red": (220, 30, 35),
    "orange": (255, 140, 0),
    "yellow": (250, 225, 30),
    "green": (25, 160, 60),
    "cyan": (40, 210, 230),
    "blue": (30, 65, 215),
    "purple": (130, 40, 180),
    "pink": (255, 140, 195),
    "black": (15, 15, 15),
    "white": (248, 248, 248),
}
# Only ever a default: a white shape needs a background that shows it.
LIGHT_GREY = (196, 196, 196)
BACKGROUNDS = {**COLOURS, "light grey": LIGHT_GREY}

# Half the extent of the shape, as a fraction of the picture.
SIZES = {"small": 0.14, "medium": 0.20, "large": 0.30}
POSITIONS = {
    "centre": (0, 0),
    "left": (-1, 0),
    "right": (1, 0),
    "top": (0, -1),
    "bottom": (0, 1),
    "top left": (-1, -1),
    "top right": (1, -1),
    "bottom left": (-1, 1),
    "bottom right": (1, 1),
}
HELD_OUT_PERCENT = 15


@dataclass(frozen=True)
class Scene:
    """What a caption means."""

    shape: str
    colour: str
    background: str
    size: str = "medium"
    position: str = "centre"


@dataclass(frozen=True)
class Placement:
    """Where exactly one picture of a scene has its shape: fractions of the picture, and radians."""

    x: float
    y: float
    radius: float
    rotation: float


def default_background(colour: str) -> str:
    return "light grey" if colour == "white" else "white"


def held_out(scene: Scene) -> bool:
    """True for the combinations of shape, colour and background that no part of the training sees."""
    key = f"{scene.shape}/{scene.colour}/{scene.background}".encode()
    return int.from_bytes(hashlib.sha256(key).digest()[:4], "big") % 100 < HELD_OUT_PERCENT


def random_scene(rng: random.Random, want_held_out: bool = False) -> Scene:
    while True:
        colour = rng.choice(list(COLOURS))
        others = [name for name in COLOURS if name != colour]
        background = default_background(colour) if rng.random() < 0.3 else rng.choice(others)
        scene = Scene(
            rng.choice(SHAPES),
            colour,
            background,
            "medium" if rng.random() < 0.35 else rng.choice(list(SIZES)),
            "centre" if rng.random() < 0.3 else rng.choice(list(POSITIONS)),
        )
        if held_out(scene) == want_held_out:
            return scene


def place(scene: Scene, rng: random.Random) -> Placement:
    """One of the many pictures of a scene: a little variation, so that seeds differ."""
    radius = SIZES[scene.size] * rng.uniform(0.93, 1.07)
    offset = 0.25 if scene.size != "large" else 0.18
    dx, dy = POSITIONS[scene.position]
    rotation = rng.uniform(-0.14, 0.14) if scene.shape in ("square", "triangle", "star") else 0.0
    return Placement(
        0.5 + dx * offset + rng.uniform(-0.02, 0.02),
        0.5 + dy * offset + rng.uniform(-0.02, 0.02),
        radius,
        rotation,
    )


def polygon_distance(x: np.ndarray, y: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Signed distance to a polygon, negative inside."""
    squared = np.full(x.shape, np.inf, np.float32)
    inside = np.zeros(x.shape, bool)
    for (ax, ay), (bx, by) in zip(points, np.roll(points, -1, axis=0)):
        ex, ey = bx - ax, by - ay
        t = np.clip(((x - ax) * ex + (y - ay) * ey) / (ex * ex + ey * ey), 0, 1)
        squared = np.minimum(squared, (x - ax - t * ex) ** 2 + (y - ay - t * ey) ** 2)
        if ay != by:
            crosses = (ay > y) != (by > y)
            inside ^= crosses & (x < ax + (y - ay) * ex / ey)
    return np.where(inside, -1, 1) * np.sqrt(squared)


def _corners(shape: str) -> np.ndarray:
    """Corners of a shape whose larger half-extent is about 1."""
    if shape == "square":
        angles, radii = np.arange(4) * math.pi / 2 + math.pi / 4, np.full(4, 0.9 * math.sqrt(2))
    elif shape == "triangle":
        angles, radii = np.arange(3) * 2 * math.pi / 3 - math.pi / 2, np.full(3, 1.12)
    else:
        angles = np.arange(10) * math.pi / 5 - math.pi / 2
        radii = np.where(np.arange(10) % 2 == 0, 1.08, 0.45)
    return np.stack([radii * np.cos(angles), radii * np.sin(angles)], 1)


def shape_distance(shape: str, where: Placement, size: int) -> np.ndarray:
    """Signed distance of each pixel to the outline of a shape, in fractions of the picture, negative inside."""
    axis = (np.arange(size, dtype=np.float32) + 0.5) / size
    x, y = axis[None, :] - where.x, axis[:, None] - where.y
    if shape == "circle":
        return np.hypot(x, y) - where.radius
    if shape == "ring":
        return np.abs(np.hypot(x, y) - 0.78 * where.radius) - 0.22 * where.radius
    x, y = np.broadcast_arrays(x, y)
    cos, sin = math.cos(where.rotation), math.sin(where.rotation)
    return polygon_distance(x, y, _corners(shape) @ np.array([[cos, sin], [-sin, cos]]) * where.radius)


def coverage(shape: str, where: Placement, size: int) -> np.ndarray:
    """How much of each pixel the shape covers, 0 to 1, for a square picture of ``size`` pixels."""
    return np.clip(0.5 - shape_distance(shape, where, size) * size, 0, 1)


def render(shape: str, colour, background, where: Placement, size: int) -> np.ndarray:
    """The picture as uint8, height x width x 3; the colours are RGB triples."""
    alpha = coverage(shape, where, size)[..., None]
    return np.round(alpha * np.array(colour) + (1 - alpha) * np.array(background)).astype(np.uint8)


def draw(scene: Scene, rng: random.Random, size: int) -> np.ndarray:
    return render(scene.shape, COLOURS[scene.colour], BACKGROUNDS[scene.background], place(scene, rng), size)


_SIZE_WORDS = {"small": ("small", "small", "little", "tiny"), "large": ("large", "large", "big", "huge")}
_OTHER_NOUNS = {"circle": ("disc", "disk", "dot", "ball"), "ring": ("hoop",), "square": ("box",)}
_OPENINGS = ("", "", "", "", "", "", "a picture of ", "a photo of ", "a drawing of ", "an image of ", "picture of ",
             "drawing of ", "a painting of ", "draw ", "please draw ", "show me ", "paint ", "make ", "an illustration of ", "a simple drawing of ", "there is ")


def _article(words: str, rng: random.Random) -> str:
    draw_ = rng.random()
    if draw_ < 0.6:
        return ("an " if words[0] in "aeiou" else "a ") + words
    return ("the " if draw_ < 0.65 else "one " if draw_ < 0.67 else "") + words


def _position_phrase(position: str, rng: random.Random) -> str:
    if position == "centre":
        return rng.choice(("in the centre", "in the center", "in the middle", "at the center", "centered"))
    name = position
    if " " in position:
        name = rng.choice((position, position, position.replace(" ", "-"), position.replace("top", "upper")
                           .replace("bottom", "lower"), position + " corner"))
    elif position in ("left", "right"):
        name = rng.choice((position, position, position + " side"))
    return rng.choice(("in the ", "in the ", "at the ", "on the ", "to the ")) + name


def caption(scene: Scene, rng: random.Random) -> str:
    """One of the ways in which a person would ask for the scene. Defaults may go unsaid."""
    size = "" if scene.size == "medium" else rng.choice(_SIZE_WORDS[scene.size]) + " "
    if scene.size == "medium" and rng.random() < 0.15:
        size = rng.choice(("medium ", "medium sized ", "medium-sized "))
    noun = rng.choice(_OTHER_NOUNS.get(scene.shape, (scene.shape,))) if rng.random() < 0.05 else scene.shape
    colour = "violet" if scene.colour == "purple" and rng.random() < 0.05 else scene.colour
    if rng.random() < 0.03:
        colour += rng.choice((" coloured", " colored"))
    head = f"{size}{colour} {noun}"
    if scene.position == "centre" and rng.random() < 0.75:
        where = ""
    else:
        where = _position_phrase(scene.position, rng)
    named = scene.background in COLOURS and not (
        scene.background == default_background(scene.colour) and rng.random() < 0.5)
    if not named:
        behind = ""
    else:
        b = scene.background
        surface = rng.choice((f"a {b} background",) * 5 + (f"{b} background", f"the {b} background", b, b,
                                                            f"a {b} canvas", f"a {b} backdrop"))
        if surface.startswith("a o"):
            surface = "an " + surface[2:]
        behind = rng.choice(("on ", "on ", "on ", "over ", "against ", "with ")) + surface

    form = rng.random()
    subject = _article(head, rng)
    if form < 0.12 and named:  # "red circle, white background, top left"
        parts = [subject, f"{scene.background} background"]
        if where:
            parts.insert(rng.randint(1, 2), rng.choice((where, where.split(" the ")[-1])))
        text = ", ".join(parts)
    elif form < 0.22 and where and named:  # "a red circle in the top left of a white background"
        of = rng.choice(("of a ", "of the ", "of a "))
        surface = f"{scene.background} {rng.choice(('background', 'background', 'picture', 'canvas', 'image'))}"
        text = f"{subject} {where} {of}{surface}".replace("of a o", "of an o")
    elif form < 0.28 and named:  # "a white background with a red circle in the middle"
        b = scene.background
        text = f"{_article(f'{b} background', rng)} with {subject} {where}"
    else:
        parts = [subject] + [p for p in ((where, behind) if rng.random() < 0.6 else (behind, where)) if p]
        text = rng.choice((" ", " ", " ", ", ")).join(parts)
    text = rng.choice(_OPENINGS) + text
    return " ".join(text.split()) + rng.choice(("", "", "", "", ".", ", flat", ", simple", ", flat design"))
