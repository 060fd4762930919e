"""Writes what tiny autoencoders are compared with: for each format of latents the noise that pictures begin with, decoded, and a
picture, encoded. As families.py does it, whose folder this one adds to.

TAESD (SD 1.x, SDXL) and those of 16 channels (SD 3.x, FLUX.1) are diffusers' AutoencoderTiny. FLUX.2's and TAEHV, of which the
runtime uses the decoder, and one frame of it, are written here from what their authors published
(github.com/madebyollin/taesd, github.com/madebyollin/taehv).

    pip install -r requirements.txt && python tiny_autoencoders.py [CASE ...]
"""

import math

import diffusers
import numpy as np
import torch
from torch import nn

import components
import families
from families import HEIGHT, STRIDE, WIDTH, given_picture, noise

ROWS, COLUMNS = HEIGHT // 16, WIDTH // 16


def distribution(name, shape):
    if len(shape) == 1:
        return families.distribution(name, shape)
    gain = 0.5 if name.endswith(("conv.4.weight", "pool.3.weight")) else math.sqrt(2)
    return 0, gain / math.sqrt(math.prod(shape[1:]))


def filled(model, name):
    """With formulas as weights; the tests write the file."""
    layout = components.Layout()
    layout.shapes = {key: tuple(value.shape) for key, value in model.state_dict().items()}
    file = families.file_of(layout.shapes, distribution)
    file.write(name)
    model.load_state_dict(file.tensors)
    return model.eval()


def save(name, values, stride=1):
    values = values.numpy().astype(np.float32)
    print(f"{name}: deviation {values.std():.3f}", flush=True)
    np.save(families.FOLDER / f"{name}.npy", values.reshape(-1)[::stride])


def pixels():
    return torch.tensor(given_picture()).permute(2, 0, 1)[None].float() / 127.5 - 1


def taesd(name, channels):
    model = filled(diffusers.AutoencoderTiny(latent_channels=channels), name)
    save(f"{name}.decoded", model.decode(noise(channels)).sample, STRIDE)
    save(f"{name}.encoded", model.encode(pixels()).latents)


# ---- FLUX.2 ----


class MiddleBlock(nn.Module):
    """A block of TAESD that first looks at the whole picture, by the statistics of a group norm."""

    def __init__(self, block, width=64):
        super().__init__()
        self.conv, self.fuse = block.conv, block.fuse
        self.pool = nn.Sequential(
            nn.Conv2d(width, 4 * width, 1, bias=False), nn.GroupNorm(4, 4 * width), nn.ReLU(),
            nn.Conv2d(4 * width, width, 1, bias=False))

    def forward(self, x):
        x = x + self.pool(x)
        return self.fuse(self.conv(x) + x)


def taef2():
    model = diffusers.AutoencoderTiny(latent_channels=32)
    for layers, places in ((model.decoder.layers, (2, 3, 4)), (model.encoder.layers, (11, 12, 13))):
        for i in places:
            layers[i] = MiddleBlock(layers[i])
    model = filled(model, "taef2")
    x = torch.randn((1, 128, ROWS, COLUMNS), generator=torch.Generator("cpu").manual_seed(families.SEED))
    x = x.view(1, 32, 2, 2, ROWS, COLUMNS).permute(0, 1, 4, 2, 5, 3).reshape(1, 32, 2 * ROWS, 2 * COLUMNS)
    save("taef2.decoded", model.decode(x).sample, STRIDE)
    latents = model.encode(pixels()).latents.view(1, 32, ROWS, 2, COLUMNS, 2)
    save("taef2.encoded", latents.permute(0, 1, 3, 5, 2, 4))


# ---- TAEHV ----


class MemoryBlock(nn.Module):
    """Sees what the frame before was, which the first has none of."""

    def __init__(self, width):
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(2 * width, width, 3, padding=1), nn.ReLU(), nn.Conv2d(width, width, 3, padding=1), nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1))

    def forward(self, x):
        before = torch.cat([torch.zeros_like(x[:1]), x[:-1]])
        return torch.relu(self.conv(torch.cat([x, before], 1)) + x)


class Change(nn.Module):
    """Of the number of frames, the first dimension: "grow" makes more of each, "pool" one of several."""

    def __init__(self, width, grow=1, pool=1):
        super().__init__()
        self.pool, self.conv = pool, nn.Conv2d(pool * width, grow * width, 1, bias=False)
        self.width = width

    def forward(self, x):
        x = self.conv(x.reshape(-1, self.pool * self.width, *x.shape[2:]))
        return x.reshape(-1, self.width, *x.shape[2:])


class Clamp(nn.Module):
    def forward(self, x):
        return torch.tanh(x / 3) * 3


class Taehv(nn.Module):
    def __init__(self, channels):
        super().__init__()
        encoder = [nn.Conv2d(3, 64, 3, padding=1), nn.ReLU()]
        for pool in (2, 2, 1):
            encoder += [Change(64, pool=pool), nn.Conv2d(64, 64, 3, stride=2, padding=1, bias=False)]
            encoder += [MemoryBlock(64) for _ in range(3)]
        self.encoder = nn.Sequential(*encoder, nn.Conv2d(64, channels, 3, padding=1))
        decoder = [Clamp(), nn.Conv2d(channels, 256, 3, padding=1), nn.ReLU()]
        for width, following, grow in ((256, 128, 1), (128, 64, 2), (64, 64, 2)):
            decoder += [MemoryBlock(width) for _ in range(3)]
            decoder += [nn.Upsample(scale_factor=2), Change(width, grow=grow)]
            decoder.append(nn.Conv2d(width, following, 3, padding=1, bias=False))
        self.decoder = nn.Sequential(*decoder, nn.ReLU(), nn.Conv2d(64, 3, 3, padding=1))


def taehv():
    """Of the four frames that one latent gives the last is the first of the video."""
    model = filled(Taehv(16), "taew2_1")
    save("taew2_1.decoded", model.decoder(noise(16))[3:] * 2 - 1, STRIDE)


ALL = {
    "taesd": lambda: taesd("taesd", 4), "taef1": lambda: taesd("taef1", 16), "taef2": taef2, "taew2_1": taehv}


if __name__ == "__main__":
    with torch.no_grad():
        families.run(ALL)
