"""Trains the U-Net on latents of rendered scenes, with the text encoder fixed:
``python train_unet.py --minutes 75 --out work/unet.pt``. Resumes where it stopped.
"""

import argparse
import itertools
import math
import random
import time
from pathlib import Path

import numpy as np
import torch

from judge import judge
from scenes import Scene, caption, draw, random_scene
from text import TextEncoder, rows
from unet import UNet
from vae import SCALE, Decoder, encode

# Stable Diffusion's noise schedule.
SIGNAL = torch.cumprod(1 - torch.linspace(0.00085 ** 0.5, 0.012 ** 0.5, 1000, dtype=torch.float64) ** 2, 0).float()
CAPTION_DROPOUT = 0.1
# How often a picture is shown, in relation to the others. Small corners are learnt last: they are a few latents wide.
HARD_SHAPES = {"star": 2.0, "ring": 1.3}
SMALL = 1.6


def load_text(folder: Path) -> TextEncoder:
    text = TextEncoder()
    text.load_state_dict(torch.load(folder / "text.pt"))
    return text.eval().requires_grad_(False)


def load_decoder(folder: Path) -> Decoder:
    decoder = Decoder()
    decoder.load_state_dict(torch.load(folder / "decoder.pt")["average"])
    return decoder.eval().requires_grad_(False)


def make_latents(count: int, size: int, seed: int) -> tuple[list[Scene], torch.Tensor]:
    rng = random.Random(seed)
    scenes = [random_scene(rng) for _ in range(count)]
    latents = []
    for first in range(0, count, 100):
        pictures = np.stack([draw(scene, rng, size) for scene in scenes[first:first + 100]]).astype(np.float32)
        latents.append(encode(torch.from_numpy(pictures / 127.5 - 1).permute(0, 3, 1, 2)))
    return scenes, torch.cat(latents)


@torch.no_grad()
def sample(unet, text, decoder, prompts: list[str], size: int = 128, steps: int = 20, guidance: float = 7.0, seed: int = 0):
    """Pictures as uint8 arrays, by deterministic DDIM."""
    count = len(prompts)
    context = torch.cat([text(torch.tensor([rows("")] * count)), text(torch.tensor([rows(p) for p in prompts]))])
    x = torch.randn(count, 4, size // 8, size // 8, generator=torch.Generator().manual_seed(seed))
    times = torch.linspace(999, 0, steps + 1).round().long()
    for now, then in zip(times[:-1], times[1:]):
        free, asked = unet(torch.cat([x, x]), now.expand(2 * count), context).chunk(2)
        noise = free + guidance * (asked - free)
        clean = (x - (1 - SIGNAL[now]).sqrt() * noise) / SIGNAL[now].sqrt()
        x = SIGNAL[then].sqrt() * clean + (1 - SIGNAL[then]).sqrt() * noise
    pictures = torch.cat([decoder(part) for part in clean.split(8)])
    return ((pictures.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()


def score(unet, text, decoder, count: int = 48, **options) -> dict[str, float]:
    """Share of held-out prompts whose pictures are right, per attribute; "core" is shape, colour and background."""
    rng = random.Random(11)
    scenes = [random_scene(rng, want_held_out=True) for _ in range(count)]
    pictures = sample(unet, text, decoder, [caption(scene, rng) for scene in scenes], **options)
    found = [judge(picture).matches(scene) for picture, scene in zip(pictures, scenes)]
    result = {name: sum(f[name] for f in found) / count for name in found[0]}
    result["core"] = sum(f["shape"] and f["colour"] and f["background"] for f in found) / count
    return {name: round(value, 3) for name, value in result.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=75)
    parser.add_argument("--pictures", type=int, default=20000)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--batch", type=int, default=48)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--groups", type=int, default=24, help="normalisation groups in use, of 32: the width")
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--start", type=Path, help="begin with the averaged weights of this file")
    parser.add_argument("--out", type=Path, default=Path("work/unet.pt"))
    args = parser.parse_args()

    torch.manual_seed(0)
    text = load_text(args.out.parent)
    cache = args.out.parent / f"latents-{args.size}.pt"
    if not cache.exists():
        torch.save(make_latents(args.pictures, args.size, seed=args.size), cache)
    scenes, latents = torch.load(cache, weights_only=False)
    print(f"{len(scenes)} pictures, latent mean {latents.mean():.3f}, deviation {latents.std():.3f}", flush=True)

    unet = UNet(groups=args.groups)
    if args.start:
        unet.load_state_dict(torch.load(args.start)["average"])
    average = {name: value.clone() for name, value in unet.state_dict().items()}
    optimiser = torch.optim.AdamW(unet.parameters(), lr=args.rate, betas=(0.9, 0.99), weight_decay=0.01, fused=True)
    spent, step, losses = 0.0, 0, []
    if args.out.exists():
        saved = torch.load(args.out)
        unet.load_state_dict(saved["model"])
        average = saved["average"]
        optimiser.load_state_dict(saved["optimiser"])
        spent, step = saved["spent"], saved["step"]

    def save():
        partial = args.out.with_suffix(".tmp")
        torch.save({"model": unet.state_dict(), "average": average, "optimiser": optimiser.state_dict(),
                    "spent": spent, "step": step, "groups": args.groups}, partial)
        partial.rename(args.out)

    def report():
        judged = UNet(groups=args.groups)
        judged.load_state_dict(average)
        print(f"{spent / 60:5.1f} min, step {step}, loss {np.mean(losses[-300:]):.4f}, "
              f"held-out {score(judged.eval(), text, load_decoder(args.out.parent), size=args.size)}", flush=True)

    rng = random.Random(step)
    shown = list(itertools.accumulate(HARD_SHAPES.get(scene.shape, 1.0) * (SMALL if scene.size == "small" else 1.0)
                                      for scene in scenes))
    # Min-SNR weighting of the noise's error; and where noise prevails, more weight than usual, for that is where the
    # prompt alone decides on the colours.
    ratio = SCALE ** 2 * SIGNAL / (1 - SIGNAL)
    weights = torch.clamp(5 / ratio, max=1.0) * torch.clamp(ratio ** -0.5, 1.0, 6.0)
    budget, start, saved_at, reported_at = args.minutes * 60, time.time() - spent, spent, spent
    while spent < budget:
        for group in optimiser.param_groups:
            group["lr"] = args.rate * min(1, (step + 1) / 200) * (0.01 + 0.99 * (1 + math.cos(math.pi * spent / budget)) / 2)
        chosen = rng.choices(range(len(scenes)), cum_weights=shown, k=args.batch)
        tokens = [rows("" if rng.random() < CAPTION_DROPOUT else caption(scenes[i], rng)) for i in chosen]
        clean = latents[chosen]
        times = torch.randint(0, 1000, (args.batch,))
        noise = torch.randn_like(clean)
        signal = SIGNAL[times][:, None, None, None]
        with torch.autocast("cpu", torch.bfloat16, enabled=args.bf16):
            context = text(torch.tensor(tokens))
            found = unet(signal.sqrt() * clean + (1 - signal).sqrt() * noise, times, context)
        loss = ((found.float() - noise).square().mean((1, 2, 3)) * weights[times]).mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(unet.parameters(), 1.0)
        optimiser.step()
        step += 1
        keep = min(0.999, (step + 1) / (step + 20))
        with torch.no_grad():
            for name, value in unet.state_dict().items():
                average[name].lerp_(value, 1 - keep)
        losses.append(loss.item())
        spent = time.time() - start
        if step % 100 == 0:
            print(f"{spent / 60:5.1f} min, step {step}, loss {np.mean(losses[-100:]):.4f}", flush=True)
        if spent - saved_at > 180:
            saved_at = spent
            save()
        if spent - reported_at > 600:
            reported_at = spent
            report()
    save()
    report()


if __name__ == "__main__":
    main()
