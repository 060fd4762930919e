"""Writes what the scaling of pictures is compared with: a picture and a mask, and what Pillow's Lanczos filter makes of them.

    pip install -r requirements.txt && python images.py
"""

import pathlib
import random

from PIL import Image

OUT = pathlib.Path(__file__).resolve().parents[2] / "api/src/test/resources/dev/diffusion4j/image"

SIZES = [(16, 9), (37, 9), (80, 50), (23, 37), (1, 1)]


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    noise = random.Random(1)
    width, height = 61, 40
    picture = Image.new("RGB", (width, height))
    picture.putdata(
        [
            (noise.randrange(256), 255 if x // 7 % 2 else 0, (x * 4 + y * 3) % 256)
            for y in range(height)
            for x in range(width)
        ]
    )
    for name, image in (("picture", picture), ("mask", picture.convert("L"))):
        image.save(OUT / f"{name}.png")
        for size in SIZES:
            image.resize(size, Image.Resampling.LANCZOS).save(OUT / f"{name}-{size[0]}x{size[1]}.png")
        # The middle 40x40, which a square shows of it.
        square = image.resize((32, 32), Image.Resampling.LANCZOS, box=(10.5, 0, 50.5, 40))
        square.save(OUT / f"{name}-square.png")


if __name__ == "__main__":
    main()
