"""Trains the demo ControlNet: outlines in, shapes out, with the demo model fixed:
``python train_control.py --minutes 50 --out work/control.pt``. Resumes where it stopped.
"""

import argparse
import math
import random
import time
from pathlib import Path

import numpy as np
import torch

from export import lean_parts
from outlines import Outline, caption, overlap, random_outline
from scenes import BACKGROUNDS, COLOURS, SHAPES, Scene, default_background, held_out
from text import rows
from train_unet import SIGNAL
from unet import ControlNet
from vae import SCALE, encode

PACKED = Path(__file__).parent / "../src/main/resources/dev/diffusion4j/demo/shapes-v1.safetensors.gz"
GROUPS = 24
CAPTION_DROPOUT = 0.1


def random_colours(figure: str, rng: random.Random) -> tuple[str, str]:
    while True:
        colour = rng.choice(list(COLOURS))
        others = [name for name in COLOURS if name != colour]
        background = default_background(colour) if rng.random() < 0.5 else rng.choice(others)
        if figure not in SHAPES or not held_out(Scene(figure, colour, background)):
            return colour, background


def paint(outline: Outline, colour: str, background: str, size: int) -> np.ndarray:
    alpha = outline.coverage(size)[..., None]
    return np.round(alpha * np.array(COLOURS[colour]) + (1 - alpha) * np.array(BACKGROUNDS[background])).astype(np.uint8)


def sketch(outline: Outline, rng: random.Random, size: int) -> np.ndarray:
    """The control picture, drawn finely or broadly, softly or hard, and now and then with gaps."""
    picture = outline.picture(size, rng.uniform(1, 3))
    if rng.random() < 0.5:
        picture = np.where(picture > 127, 255, 0).astype(np.uint8)
    if rng.random() < 0.2:
        for _ in range(rng.randint(1, 6)):
            x, y = rng.randrange(size - 4), rng.randrange(size - 4)
            picture[y:y + 4, x:x + 4] = 0
    return picture


def make_data(count: int, size: int, seed: int):
    rng = random.Random(seed)
    scenes, sketches, latents = [], [], []
    for first in range(0, count, 100):
        pictures = []
        for _ in range(first, min(first + 100, count)):
            outline = random_outline(rng)
            colour, background = random_colours(outline.figure, rng)
            scenes.append((outline.figure, colour, background))
            sketches.append(torch.from_numpy(sketch(outline, rng, size)))
            pictures.append(paint(outline, colour, background, size))
        latents.append(encode(torch.from_numpy(np.stack(pictures).astype(np.float32) / 127.5 - 1).permute(0, 3, 1, 2)))
    return scenes, torch.stack(sketches), torch.cat(latents)


def as_hint(sketches: torch.Tensor) -> torch.Tensor:
    return (sketches.float() / 255)[:, None].expand(-1, 3, -1, -1)


@torch.no_grad()
def sample(parts, control, prompts, sketches, strength=1.0, steps: int = 20, guidance: float = 2.0, seed: int = 0):
    """Pictures as uint8 arrays, by deterministic DDIM."""
    text, unet, decoder = parts
    count = len(prompts)
    context = torch.cat([text(torch.tensor([rows("")] * count)), text(torch.tensor([rows(p) for p in prompts]))])
    hint = control.hint(as_hint(sketches)).repeat(2, 1, 1, 1)
    x = torch.randn(count, 4, *hint.shape[2:], generator=torch.Generator().manual_seed(seed))
    times = torch.linspace(999, 0, steps + 1).round().long()
    for now, then in zip(times[:-1], times[1:]):
        both, at = torch.cat([x, x]), now.expand(2 * count)
        controls = {number: strength * value for number, value in control(both, hint, at, context).items()}
        free, asked = unet(both, at, context, controls).chunk(2)
        noise = free + guidance * (asked - free)
        clean = (x - (1 - SIGNAL[now]).sqrt() * noise) / SIGNAL[now].sqrt()
        x = SIGNAL[then].sqrt() * clean + (1 - SIGNAL[then]).sqrt() * noise
    pictures = torch.cat([decoder(part) for part in clean.split(8)])
    return ((pictures.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()


def score(parts, control, count: int = 40) -> str:
    rng = random.Random(5)
    outlines = [random_outline(rng, want_held_out=True) for _ in range(count)]
    sketches = torch.from_numpy(np.stack([outline.picture(128) for outline in outlines]))
    pictures = sample(parts, control, ["a red shape"] * count, sketches)
    found = [overlap(picture, outline, "red") for picture, outline in zip(pictures, outlines)]
    known = [value for value, outline in zip(found, outlines) if outline.figure in SHAPES]
    return f"held-out overlap {np.mean(found):.3f}, by 0.8: {np.mean(np.array(found) > 0.8):.2f}, the five shapes {np.mean(np.array(known) > 0.8):.2f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=50)
    parser.add_argument("--pictures", type=int, default=6000)
    parser.add_argument("--batch", type=int, default=12)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--out", type=Path, default=Path("work/control.pt"))
    args = parser.parse_args()

    torch.manual_seed(0)
    parts = text, unet, _ = lean_parts(PACKED, GROUPS)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    cache = args.out.parent / "outlines-128.pt"
    if not cache.exists():
        torch.save(make_data(args.pictures, 128, seed=7), cache)
    scenes, sketches, latents = torch.load(cache, weights_only=False)

    control = ControlNet(groups=GROUPS)
    control.start_from(unet)
    average = {name: value.clone() for name, value in control.state_dict().items()}
    optimiser = torch.optim.AdamW(control.parameters(), lr=args.rate, betas=(0.9, 0.99), weight_decay=0.01, fused=True)
    spent, step, losses = 0.0, 0, []
    if args.out.exists():
        saved = torch.load(args.out)
        control.load_state_dict(saved["model"])
        average, spent, step = saved["average"], saved["spent"], saved["step"]
        optimiser.load_state_dict(saved["optimiser"])

    def save():
        partial = args.out.with_suffix(".tmp")
        torch.save({"model": control.state_dict(), "average": average, "optimiser": optimiser.state_dict(),
                    "spent": spent, "step": step, "groups": GROUPS}, partial)
        partial.rename(args.out)

    def report():
        judged = ControlNet(groups=GROUPS)
        judged.load_state_dict(average)
        print(f"{spent / 60:5.1f} min, step {step}, loss {np.mean(losses[-300:]):.4f}, {score(parts, judged.eval())}",
              flush=True)

    rng = random.Random(step)
    ratio = SCALE ** 2 * SIGNAL / (1 - SIGNAL)
    weights = torch.clamp(5 / ratio, max=1.0) * torch.clamp(ratio ** -0.5, 1.0, 6.0)  # as train_unet.py
    budget, start, saved_at, reported_at = args.minutes * 60, time.time() - spent, spent, spent
    while spent < budget:
        for group in optimiser.param_groups:
            group["lr"] = args.rate * min(1, (step + 1) / 100) * (0.01 + 0.99 * (1 + math.cos(math.pi * spent / budget)) / 2)
        chosen = rng.sample(range(len(scenes)), args.batch)
        tokens = [rows("" if rng.random() < CAPTION_DROPOUT else caption(*scenes[i], rng)) for i in chosen]
        clean = latents[chosen]
        # Where the shape is to be is decided while noise prevails.
        times = torch.where(torch.rand(args.batch) < 0.5, torch.randint(0, 1000, (args.batch,)),
                            torch.randint(400, 1000, (args.batch,)))
        noise = torch.randn_like(clean)
        signal = SIGNAL[times][:, None, None, None]
        noisy = signal.sqrt() * clean + (1 - signal).sqrt() * noise
        with torch.autocast("cpu", torch.bfloat16):  # the control pictures are most of the work
            hint = control.hint(as_hint(sketches[chosen]))
        context = text(torch.tensor(tokens))
        found = unet(noisy, times, context, control(noisy, hint.float(), times, context))
        loss = ((found - noise).square().mean((1, 2, 3)) * weights[times]).mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(control.parameters(), 1.0)
        optimiser.step()
        step += 1
        keep = min(0.998, (step + 1) / (step + 20))
        with torch.no_grad():
            for name, value in control.state_dict().items():
                average[name].lerp_(value, 1 - keep)
        losses.append(loss.item())
        spent = time.time() - start
        if step % 50 == 0:
            print(f"{spent / 60:5.1f} min, step {step}, loss {np.mean(losses[-50:]):.4f}", flush=True)
        if spent - saved_at > 120:
            saved_at = spent
            save()
        if spent - reported_at > 480:
            reported_at = spent
            report()
    save()
    report()


if __name__ == "__main__":
    main()
