"""Writes the picture that edge detection is compared on: flat shapes, a gradient and noise, 96x64 pixels of raw RGB. Its edges, 96x64
raw grey pixels, are then made by the runtime's own function:

    python canny.py && ../../native/build/cpu/test/canny RGB 96 64 EDGES --write

with RGB and EDGES the files canny.rgb and canny.grey beside it, in api/src/test/resources/dev/diffusion4j/image. ctest compares them.
"""

import pathlib

import numpy as np

OUT = pathlib.Path(__file__).resolve().parents[2] / "api/src/test/resources/dev/diffusion4j/image/canny.rgb"
WIDTH, HEIGHT = 96, 64

x, y = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
picture = np.stack([40 + x, 200 - 2 * y, np.full(x.shape, 120)], -1).astype(float)
picture[np.hypot(x - 26, y - 30) < 17] = (220, 30, 35)
picture[(abs(x - 68) < 14) & (abs(y - 20) < 11)] = (30, 65, 215)
picture[(y > 40) & (y - 40 < (x - 50) / 2) & (x < 84)] = (250, 225, 30)
picture += np.random.default_rng(1).normal(0, 3, picture.shape)
picture.clip(0, 255).round().astype(np.uint8).tofile(OUT)
