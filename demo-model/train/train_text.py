"""Trains the text encoder: ``python train_text.py --minutes 5 --out work/text.pt``.

As CLIP's encoder is trained to put the meaning of a caption into its end token, this one is trained to put the
attributes of the scene there, each as a fixed direction, so that combinations never seen still add up. A prompt is
padded with end tokens, all of which see the whole prompt and all of which the U-Net attends to.
"""

import argparse
import random
import time
from pathlib import Path

import torch

from scenes import BACKGROUNDS, COLOURS, POSITIONS, SHAPES, SIZES, Scene, caption, random_scene
from text import _END as END_ROW
from text import UNKNOWN, TextEncoder, rows

ATTRIBUTES = {"shape": SHAPES, "colour": tuple(COLOURS), "background": tuple(BACKGROUNDS), "size": tuple(SIZES),
              "position": tuple(POSITIONS)}
DIMENSION = {(name, value): index for index, (name, value) in enumerate(
    (name, value) for name, values in ATTRIBUTES.items() for value in values)}
STRENGTH = 4.0


def target(scene: Scene | None) -> list[float]:
    """What the end tokens should hold; nothing for a prompt that asks for nothing."""
    vector = [0.0] * len(DIMENSION)
    if scene is not None:
        for name in ATTRIBUTES:
            vector[DIMENSION[name, getattr(scene, name)]] = STRENGTH
    return vector


def example(rng: random.Random, want_held_out: bool = False) -> tuple[list[int], list[float]]:
    if not want_held_out and rng.random() < 0.04:
        scene, tokens = None, rows(rng.choice(("", "", "picture", "simple", "flat", "a", "unknown", "some unknown words")))
    else:
        scene = random_scene(rng, want_held_out)
        tokens = rows(caption(scene, rng))
        if rng.random() < 0.15:  # words that the model does not know must not matter
            for _ in range(rng.randint(1, 3)):
                tokens.insert(rng.randint(1, tokens.index(END_ROW)), UNKNOWN)
            tokens = tokens[:77]
    return tokens, target(scene)


@torch.no_grad()
def accuracy(model: TextEncoder, want_held_out: bool, count: int = 500) -> float:
    """Share of captions of which every end token names all attributes right."""
    rng = random.Random(3)
    examples = [example(rng, want_held_out) for _ in range(count)]
    tokens, wanted = (torch.tensor(part) for part in zip(*examples))
    found = model(tokens)[:, :, :wanted.shape[1]]
    right = ((found > STRENGTH / 2) == (wanted > 0)[:, None]).all(2) | (tokens != END_ROW)
    return right.all(1).float().mean().item()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--out", type=Path, default=Path("work/text.pt"))
    args = parser.parse_args()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    rng = random.Random(0)
    model = TextEncoder()
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-3)
    start, step, reported = time.time(), 0, 0.0
    while (spent := time.time() - start) < args.minutes * 60:
        for group in optimiser.param_groups:
            group["lr"] = 2e-3 * min(1, (step + 1) / 100) * (1.01 - spent / args.minutes / 60)
        tokens, wanted = (torch.tensor(part) for part in zip(*(example(rng) for _ in range(64))))
        tokens = tokens[:, :77 if step % 4 == 0 else 40]
        found = model(tokens)
        at_end = (tokens == END_ROW)[..., None]
        error = torch.where(at_end, (found[..., :wanted.shape[1]] - wanted[:, None]).square(), 0).sum() / at_end.sum()
        # The other tokens, and the dimensions without a meaning, should stay small.
        rest = found[..., wanted.shape[1]:].square().mean()
        loss = error + 0.02 * rest + 0.01 * torch.where(at_end, 0, found).square().mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        step += 1
        if spent - reported > 30:
            reported = spent
            print(f"{spent / 60:.1f} min, step {step}, loss {loss.item():.4f}, captions fully understood "
                  f"{accuracy(model, False):.3f}, held-out {accuracy(model, True):.3f}", flush=True)
            torch.save(model.state_dict(), args.out)
    torch.save(model.state_dict(), args.out)


if __name__ == "__main__":
    main()
