"""Trains the upscaler: ``python train_upscaler.py --minutes 40 --model work/shapes-v1.safetensors --out work/upscaler.pt``.
Resumes where it stopped. The model is the demo model, whose decoder makes half of the pictures that are enlarged, so that
those which the model draws come out well, too.
"""

import argparse
import math
import random
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import safe_open

from scenes import BACKGROUNDS, COLOURS, place, random_scene, render
from upscaler import SCALE, Upscaler
from vae import SCALE as LATENT_SCALE
from vae import Decoder, encode

SIZE = 128
# Pixels of the parts that a step sees, before they are enlarged.
PART = 24
# Pairs of a picture and its enlargement that parts are cut from; a few are replaced after each step.
POOL = 250


def load_decoder(model: Path) -> Decoder:
    """The decoder that training made, out of the file of the demo model: see ``export.py``."""
    decoder = Decoder()
    state = {}
    with safe_open(model, "pt") as file:
        for name, value in decoder.named_parameters():
            module, rest = name.split(".", 1)
            if module.startswith("up"):
                module = module.replace("_", ".")
            tensor = file.get_slice(f"first_stage_model.decoder.{module.replace('mid_', 'mid.')}.{rest}")
            state[name] = tensor[tuple(slice(n) for n in value.shape)].float()
    decoder.load_state_dict(state)
    return decoder.eval()


def _tensor(picture: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(picture.astype(np.float32)).permute(2, 0, 1)[None] / 255


@torch.no_grad()
def pair(rng: random.Random, decoder: Decoder, held_out: bool = False, decoded: bool | None = None):
    """A picture as it would be enlarged, and what should come of it."""
    scene = random_scene(rng, held_out)
    free = rng.random() < 0.2 and not held_out
    colour = lambda named: [rng.randrange(256) for _ in range(3)] if free else named  # noqa: E731
    rgb, behind, where = colour(COLOURS[scene.colour]), colour(BACKGROUNDS[scene.background]), place(scene, rng)
    large = _tensor(render(scene.shape, rgb, behind, where, SIZE * SCALE))
    small = _tensor(render(scene.shape, rgb, behind, where, SIZE))
    if rng.random() < 0.5 if decoded is None else decoded:
        latents = encode(small * 2 - 1)
        latents = latents + rng.random() * 0.06 * LATENT_SCALE * torch.randn(latents.shape)
        small = ((decoder(latents) + 1) / 2).clamp(0, 1)
    elif decoded is None and rng.random() < 0.3:
        small = blurred(small, rng.uniform(0.3, 0.8))
    return (small * 255).round() / 255, large


def blurred(pictures: torch.Tensor, deviation: float) -> torch.Tensor:
    kernel = torch.exp(-torch.arange(-3.0, 4.0) ** 2 / (2 * deviation ** 2))
    kernel = (kernel / kernel.sum()).expand(3, 1, 1, 7)
    padded = F.pad(pictures, (3, 3, 3, 3), mode="replicate")
    return F.conv2d(F.conv2d(padded, kernel, groups=3), kernel.transpose(2, 3), groups=3)


def batch(rng: random.Random, pool: list, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Parts of pictures, most of them with an edge in sight."""
    parts, wanted = [], []
    while len(parts) < count:
        small, large = rng.choice(pool)
        x, y = rng.randint(0, SIZE - PART), rng.randint(0, SIZE - PART)
        part = small[:, :, y:y + PART, x:x + PART]
        if part.std((2, 3)).max() < 0.02 and rng.random() < 0.95:
            continue
        x, y, part_wanted = x * SCALE, y * SCALE, PART * SCALE
        parts.append(part)
        wanted.append(large[:, :, y:y + part_wanted, x:x + part_wanted])
    return tuple(torch.cat(p).contiguous(memory_format=torch.channels_last) for p in (parts, wanted))


@torch.no_grad()
def quality(model: Upscaler, pairs: list) -> str:
    """PSNR over whole pictures that training does not see."""
    error = torch.stack([(model(small).clamp(0, 1) - large).square().mean() for small, large in pairs]).mean()
    return f"{-10 * math.log10(error.item()):.1f} dB"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--model", type=Path, default=Path("work/shapes-v1.safetensors"))
    parser.add_argument("--out", type=Path, default=Path("work/upscaler.pt"))
    args = parser.parse_args()
    args.out.parent.mkdir(parents=True, exist_ok=True)

    torch.manual_seed(0)
    decoder = load_decoder(args.model)
    model = Upscaler().to(memory_format=torch.channels_last)
    model.start_as_enlargement()
    average = {name: value.clone() for name, value in model.state_dict().items()}
    optimiser = torch.optim.AdamW(model.parameters(), lr=args.rate, betas=(0.9, 0.99), weight_decay=0, fused=True)
    spent, step = 0.0, 0
    if args.out.exists():
        saved = torch.load(args.out)
        model.load_state_dict(saved["model"])
        average = saved["average"]
        optimiser.load_state_dict(saved["optimiser"])
        spent, step = saved["spent"], saved["step"]
    unseen = {decoded: [pair(random.Random(n), decoder, True, decoded) for n in range(3)] for decoded in (False, True)}

    def save():
        partial = args.out.with_suffix(".tmp")
        torch.save({"model": model.state_dict(), "average": average, "optimiser": optimiser.state_dict(),
                    "spent": spent, "step": step}, partial)
        partial.rename(args.out)
        judged = Upscaler()
        judged.load_state_dict(average)
        print(f"{spent / 60:5.1f} min, step {step}, loss {loss.item():.4f}, rendered {quality(judged, unseen[False])}, "
              f"decoded {quality(judged, unseen[True])}", flush=True)

    rng = random.Random(step)
    pool = [pair(rng, decoder) for _ in range(POOL)]
    start, saved_at, budget = time.time() - spent, spent, args.minutes * 60
    while spent < budget:
        fraction = spent / budget
        for group in optimiser.param_groups:
            group["lr"] = args.rate * min(1, (step + 1) / 100) * (0.01 + 0.99 * (1 + math.cos(math.pi * fraction)) / 2)
        small, large = batch(rng, pool, args.batch)
        error = model(small) - large
        loss = error.abs().mean() + error.square().mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        step += 1
        if step % 4 == 0:
            pool[rng.randrange(POOL)] = pair(rng, decoder)
        keep = min(0.998, (step + 1) / (step + 20))
        with torch.no_grad():
            for name, value in model.state_dict().items():
                average[name].lerp_(value, 1 - keep)
        spent = time.time() - start
        if spent - saved_at > 240:
            saved_at = spent
            save()
            start = time.time() - spent  # Judging is no training.
    save()


if __name__ == "__main__":
    main()
