"""Writes what an upscaler is compared with: a part of the picture that models are given, enlarged four times by ESRGAN's RRDBNet of two
blocks, in PyTorch. As families.py does it, whose folder this one adds to. The network is that of demo-model/train, at its full
widths, whose modules have the names that BasicSR gives them (github.com/XPixelGroup/BasicSR).

    pip install -r requirements.txt && python upscalers.py
"""

import math
import sys
from pathlib import Path

import numpy as np
import torch

sys.path.append(str(Path(__file__).parents[2] / "demo-model" / "train"))

import components  # noqa: E402
import families  # noqa: E402
from upscaler import LAYOUT_FEATURES, LAYOUT_GROWTH, Upscaler  # noqa: E402

NAME = "upscaler"
LEFT, TOP, WIDTH, HEIGHT = 10, 10, 40, 24
STRIDE = 5


def distribution(name, shape):
    # The results lie about the middle between black and white.
    if name == "conv_last.bias":
        return 0.5, 0.02
    if len(shape) == 1:
        return families.distribution(name, shape)
    gain = 0.15 if name == "conv_last.weight" else math.sqrt(2)
    return 0, gain / math.sqrt(math.prod(shape[1:]))


@torch.no_grad()
def main():
    model = Upscaler(LAYOUT_FEATURES, LAYOUT_GROWTH, blocks=2)
    layout = components.Layout()
    layout.shapes = {key: tuple(value.shape) for key, value in model.state_dict().items()}
    file = families.file_of(layout.shapes, distribution)
    file.write(NAME)
    model.load_state_dict(file.tensors)
    pixels = np.array(families.given_picture())[TOP:TOP + HEIGHT, LEFT:LEFT + WIDTH]
    enlarged = model.eval()(torch.tensor(pixels).permute(2, 0, 1)[None].float() / 255)
    values = enlarged[0].permute(1, 2, 0).clamp(0, 1).numpy() * 255
    print(f"{NAME}: mean {values.mean():.1f}, deviation {values.std():.1f}, clamped {((values == 0) | (values == 255)).mean():.3f}")
    np.save(families.FOLDER / f"{NAME}.npy", values.astype(np.float32).reshape(-1)[::STRIDE])


if __name__ == "__main__":
    main()
