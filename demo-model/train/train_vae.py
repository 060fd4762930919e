"""Trains the decoder of the autoencoder: ``python train_vae.py --minutes 30 --out work/decoder.pt``. Resumes where it
stopped. The encoder needs no training, so the U-Net can be trained at the same time.
"""

import argparse
import math
import random
import time
from pathlib import Path

import numpy as np
import torch

from scenes import BACKGROUNDS, COLOURS, SHAPES, coverage, place, random_scene
from vae import SCALE, Decoder, encode

# The most noise on the latents while training: the decoder must not mind the U-Net's errors.
LATENT_NOISE = 0.12 * SCALE
# How often another scene is drawn in place of an easy one.
HARD = 0.75


def random_picture(rng: random.Random, size: int) -> np.ndarray:
    """A scene as the demo model draws it or, at times, with free colours or a second shape, so that pictures given to
    image-to-image survive too."""
    scene = random_scene(rng)
    # Thin points, small beside a latent's 8 pixels, are what is hardest to make out.
    while rng.random() < HARD and (scene.shape not in ("star", "ring") or scene.size == "large"):
        scene = random_scene(rng)
    free = rng.random()
    colour = lambda named: [rng.randrange(256) for _ in range(3)] if free < 0.2 else named  # noqa: E731
    picture = np.broadcast_to(np.array(colour(BACKGROUNDS[scene.background]), np.float32), (size, size, 3))
    layers = [(scene.shape, place(scene, rng), colour(COLOURS[scene.colour]))]
    if rng.random() < 0.1:
        layers.append((rng.choice(SHAPES), place(random_scene(rng), rng), colour(rng.choice(list(COLOURS.values())))))
    for shape, where, rgb in layers:
        alpha = coverage(shape, where, size)[..., None]
        picture = alpha * np.array(rgb, np.float32) + (1 - alpha) * picture
    return picture


def batch(rng: random.Random, count: int, size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures of ``size`` pixels, cut from whole ones with a bit of the shape in sight, and their latents."""
    pictures, latents = [], []
    while len(pictures) < count:
        array = random_picture(rng, 256 if rng.random() < 0.15 else 128)
        whole = torch.from_numpy(array.astype(np.float32)).permute(2, 0, 1)[None] / 127.5 - 1
        room = whole.shape[2] - size
        x, y = (rng.randint(0, room // 8) * 8 for _ in range(2))
        part = whole[:, :, y:y + size, x:x + size]
        if part.std((2, 3)).max() < 0.05 and rng.random() < 0.7:
            continue
        pictures.append(part)
        latents.append(encode(whole)[:, :, y // 8:(y + size) // 8, x // 8:(x + size) // 8])
    return tuple(torch.cat(parts).contiguous(memory_format=torch.channels_last) for parts in (pictures, latents))


@torch.no_grad()
def quality(decoder: Decoder, noise: float) -> str:
    """PSNR over whole pictures, and the worst mean colour error (0..255) of any one."""
    torch.manual_seed(0)
    real, latents = batch(random.Random(7), 16, 128)
    made = decoder(latents + noise * torch.randn_like(latents)).clamp(-1, 1)
    error = -10 * math.log10(((made - real) / 2).square().mean().item())
    return f"{error:.1f} dB, worst mean colour error {(made - real).mean((2, 3)).abs().max().item() * 127.5:.1f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--start", type=Path, help="begin with the averaged weights of this file")
    parser.add_argument("--out", type=Path, default=Path("work/decoder.pt"))
    args = parser.parse_args()
    args.out.parent.mkdir(parents=True, exist_ok=True)

    torch.manual_seed(0)
    model = Decoder().to(memory_format=torch.channels_last)
    if args.start:
        # Blocks that the file lacks begin as identities.
        model.load_state_dict(torch.load(args.start)["average"], strict=False)
    average = {name: value.clone() for name, value in model.state_dict().items()}
    optimiser = torch.optim.AdamW(model.parameters(), lr=args.rate, betas=(0.9, 0.99), weight_decay=0, fused=True)
    spent, step = 0.0, 0
    if args.out.exists():
        saved = torch.load(args.out)
        model.load_state_dict(saved["model"])
        average = saved["average"]
        optimiser.load_state_dict(saved["optimiser"])
        spent, step = saved["spent"], saved["step"]

    def save():
        partial = args.out.with_suffix(".tmp")
        torch.save({"model": model.state_dict(), "average": average, "optimiser": optimiser.state_dict(),
                    "spent": spent, "step": step}, partial)
        partial.rename(args.out)
        judged = Decoder()
        judged.load_state_dict(average)
        print(f"{spent / 60:5.1f} min, step {step}, loss {loss.item():.4f}, {quality(judged, 0)}; "
              f"noisy latents: {quality(judged, LATENT_NOISE / 2)}", flush=True)

    rng = random.Random(step)
    budget, start, saved_at = args.minutes * 60, time.time() - spent, -60.0
    while spent < budget:
        fraction = spent / budget
        for group in optimiser.param_groups:
            group["lr"] = args.rate * min(1, (step + 1) / 50) * (0.01 + 0.99 * (1 + math.cos(math.pi * fraction)) / 2)
        pictures, latents = batch(rng, 2, 128) if step % 4 == 0 else batch(rng, 8, 64)
        noise = torch.rand(len(latents), 1, 1, 1) * LATENT_NOISE
        made = model(latents + noise * torch.randn_like(latents))
        error = made - pictures
        loss = error.abs().mean() + error.square().mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        step += 1
        keep = min(0.995, (step + 1) / (step + 20))
        with torch.no_grad():
            for name, value in model.state_dict().items():
                average[name].lerp_(value, 1 - keep)
        spent = time.time() - start
        if spent - saved_at > 60:
            saved_at = spent
            save()
    save()


if __name__ == "__main__":
    main()
