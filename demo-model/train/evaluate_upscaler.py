"""Judges enlarged pictures of scenes that training never saw, against the true large picture and Lanczos' filter.

    python evaluate_upscaler.py --count 40 -- ../../diffuse upscale

Each picture is rendered at 128x128, and once more sent through the demo model's decoder (``--model``, its file), as the model draws
it. The command that enlarges gets the picture and ``-o FILE``. Three figures for each way:

- PSNR against the picture rendered at 512x512;
- the width of edges in pixels of the large picture: how many pixels lie between 10 % and 90 % of the way from one colour to
  the other, for each pixel of the outline's length;
- the largest step beyond the two colours, of 255: Lanczos leaves rings along edges.
"""

import argparse
import random
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from scenes import BACKGROUNDS, COLOURS, random_scene
from train_upscaler import load_decoder, pair
from upscaler import SCALE


def _image(picture) -> Image.Image:
    return Image.fromarray((picture[0].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8))


def progress_between(picture: np.ndarray, colour: np.ndarray, behind: np.ndarray) -> np.ndarray:
    """How far each pixel is from the background to the shape's colour: 0 to 1 on the way."""
    way = colour - behind
    return ((picture - behind) @ way) / (way @ way)


def figures(picture: np.ndarray, truth: np.ndarray, colour, behind) -> tuple[float, float, float]:
    picture, truth = picture.astype(np.float64), truth.astype(np.float64)
    with np.errstate(divide="ignore"):
        error = 20 * np.log10(255 / np.sqrt(((picture - truth) ** 2).mean()))
    colour, behind = (np.array(rgb, np.float64) for rgb in (colour, behind))
    alpha = progress_between(picture, colour, behind)
    ideal = progress_between(truth, colour, behind)
    length = np.hypot(*np.gradient(ideal)).sum()
    width = ((alpha > 0.1) & (alpha < 0.9)).sum() / length
    beyond = max(alpha.max() - 1, -alpha.min(), 0) * np.linalg.norm(colour - behind)
    return error, width, beyond


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=2024)
    parser.add_argument("--model", type=Path, default=Path("work/shapes-v1.safetensors"))
    parser.add_argument("command", nargs="+", help="the enlarging command, without picture and output")
    args = parser.parse_args()

    decoder = load_decoder(args.model)
    rows: dict[tuple[str, str], list] = {}
    with tempfile.TemporaryDirectory() as folder:
        small_file, large_file = Path(folder, "small.png"), Path(folder, "large.png")
        for number in range(args.count):
            for kind, decoded in (("rendered", False), ("decoded", True)):
                # The scene comes first, so that the same seed gives it back.
                seed = args.seed + number
                scene = random_scene(random.Random(seed), True)
                small, large = pair(random.Random(seed), decoder, True, decoded)
                _image(small).save(small_file)
                subprocess.run([*args.command, str(small_file), "-o", str(large_file)], check=True,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                truth = np.array(_image(large))
                side = truth.shape[0]
                made = {
                    "truth": truth,
                    "lanczos": np.array(_image(small).resize((side, side), Image.Resampling.LANCZOS)),
                    "upscaler": np.array(Image.open(large_file).convert("RGB")),
                }
                for way, picture in made.items():
                    rows.setdefault((kind, way), []).append(
                        figures(picture, truth, COLOURS[scene.colour], BACKGROUNDS[scene.background]))
    print(f"{args.count} held-out scenes, {SCALE} times     PSNR  edge width  beyond the colours")
    for (kind, way), values in rows.items():
        error, width, beyond = np.mean(values, 0)
        print(f"{kind:10}{way:12}{error:22.1f} dB {width:8.2f} px {beyond:14.0f}")


if __name__ == "__main__":
    main()
