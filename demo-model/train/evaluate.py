"""Draws prompts that training never saw with the ``diffuse`` command and judges the pictures by their content:
``python evaluate.py --count 100 --out work/evaluation -- ../../diffuse generate --progress none``.

What follows ``--`` is the command; prompt, seed and output file are added. Pictures already in the folder are not drawn
again. Prints a table and writes ``result.json``, with the prompts that failed, beside the pictures.
"""

import argparse
import json
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

from judge import judge
from scenes import Scene, caption, random_scene

ATTRIBUTES = ("shape", "colour", "background", "size", "position")


def held_out_prompts(count: int, seed: int) -> list[tuple[Scene, str]]:
    rng = random.Random(seed)
    scenes = [random_scene(rng, want_held_out=True) for _ in range(count)]
    return [(scene, caption(scene, rng)) for scene in scenes]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=2024, help="chooses the prompts; picture n is drawn with seed + n")
    parser.add_argument("--out", type=Path, default=Path("work/evaluation"))
    parser.add_argument("command", nargs="+", help="the drawing command, without prompt, seed and output")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)

    right = dict.fromkeys((*ATTRIBUTES, "shape, colour and background", "everything"), 0)
    failures, seconds = [], []
    for number, (scene, prompt) in enumerate(held_out_prompts(args.count, args.seed)):
        file = args.out / f"{number:03d}.png"
        if not file.exists():
            start = time.time()
            subprocess.run([*args.command, prompt, "--seed", str(args.seed + number), "-o", str(file)],
                           check=True, stdout=subprocess.DEVNULL)
            seconds.append(time.time() - start)
        verdict = judge(np.array(Image.open(file).convert("RGB")))
        matches = verdict.matches(scene)
        matches["shape, colour and background"] = all(matches[name] for name in ATTRIBUTES[:3])
        matches["everything"] = all(matches.values())
        for name, match in matches.items():
            right[name] += match
        if not matches["everything"]:
            failures.append({"picture": file.name, "prompt": prompt, "wanted": vars(scene), "found": vars(verdict)})

    result = {"command": args.command, "prompts": args.count, "right": right, "failures": failures}
    if seconds:
        result["seconds per picture"] = round(sum(seconds) / len(seconds), 2)
    (args.out / "result.json").write_text(json.dumps(result, indent=1))
    for name, count in right.items():
        print(f"{name:30}{count:4} of {args.count}")
    for failure in failures:
        print(f"{failure['picture']}: {failure['prompt']!r} -> {failure['found']}", file=sys.stderr)


if __name__ == "__main__":
    main()
