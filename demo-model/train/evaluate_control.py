"""Draws "a red shape" with the ``diffuse`` command in outlines that training never saw, and judges the pictures by what is red in them:
``python evaluate_control.py --count 100 --out work/control-evaluation -- ../../diffuse generate --progress none``.

What follows ``--`` is the command; prompt, control picture, seed and output file are added. Pictures already in the folder are not
drawn again. Prints a table and writes ``result.json`` beside the pictures.
"""

import argparse
import json
import random
import subprocess
from pathlib import Path

import numpy as np
from PIL import Image

from judge import COLOUR_TOLERANCE
from outlines import overlap, random_outline
from scenes import COLOURS

PROMPT, COLOUR = "a red shape", "red"
# Overlap (intersection over union) with what the outline encloses, from which a picture is right.
LEAST_OVERLAP = 0.8


def has_colour(picture: np.ndarray, wanted: np.ndarray) -> bool:
    inside = np.median(picture[wanted].astype(np.float32), 0)
    return float(np.linalg.norm(inside - COLOURS[COLOUR])) <= COLOUR_TOLERANCE


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=2024, help="chooses the outlines; picture n is drawn with seed + n")
    parser.add_argument("--out", type=Path, default=Path("work/control-evaluation"))
    parser.add_argument("command", nargs="+", help="the drawing command, without prompt, control picture, seed and output")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)

    rng = random.Random(args.seed)
    found = []
    for number in range(args.count):
        outline = random_outline(rng, want_held_out=True)
        control, file = args.out / f"{number:03d}-outline.png", args.out / f"{number:03d}.png"
        if not file.exists():
            Image.fromarray(outline.picture(128)).save(control)
            subprocess.run([*args.command, PROMPT, "--control", str(control), "--seed", str(args.seed + number), "-o", str(file)],
                           check=True, stdout=subprocess.DEVNULL)
        picture = np.array(Image.open(file).convert("RGB"))
        colour = has_colour(picture, outline.coverage(len(picture)) > 0.5)
        found.append({"figure": outline.figure, "overlap": round(overlap(picture, outline, COLOUR), 3) if colour else 0.0})

    right = [entry for entry in found if entry["overlap"] >= LEAST_OVERLAP]
    (args.out / "result.json").write_text(json.dumps({"command": args.command, "pictures": found}, indent=1))
    print(f"right {len(right)} of {args.count}, mean overlap {np.mean([entry['overlap'] for entry in found]):.3f}")
    for figure in sorted({entry["figure"] for entry in found}):
        own = [entry["overlap"] for entry in found if entry["figure"] == figure]
        print(f"{figure:10}{sum(value >= LEAST_OVERLAP for value in own):4} of {len(own)}, mean overlap {np.mean(own):.3f}")


if __name__ == "__main__":
    main()
