"""Writes the trained upscaler as ESRGAN's RRDBNet in BasicSR's names, and the packed copy that the jar carries:
``python export_upscaler.py --from work/upscaler.pt --out work/shapes-x4-v1.safetensors --pack ../src/main/resources/dev/diffusion4j/demo``.

The lean network is placed into the layout of 64 features and 32 more from each convolution; the rest is zero.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

from export import Layout, pack, to_half
from upscaler import FEATURES, GROWTH, LAYOUT_FEATURES, LAYOUT_GROWTH, SCALE, Upscaler

METADATA = {
    "format": "pt",
    "modelspec.sai_model_spec": "1.0.0",
    "modelspec.title": "Diffusion4J Shapes x4 v1",
    "modelspec.description": "Enlarges pictures of one flat shape on a flat background four times. A demo and test model.",
    "modelspec.license": "MIT",
    "modelspec.usage_hint": f"ESRGAN's RRDBNet of one block, {SCALE} times",
}


def places(inputs: int) -> np.ndarray:
    """Where the layout has the lean input channels: features, then those that each convolution added."""
    added = [LAYOUT_FEATURES + LAYOUT_GROWTH * i + np.arange(GROWTH) for i in range((inputs - FEATURES) // GROWTH)]
    return np.concatenate([np.arange(FEATURES), *added])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="trained", type=Path, default=Path("work/upscaler.pt"))
    parser.add_argument("--out", type=Path, default=Path("work/shapes-x4-v1.safetensors"))
    parser.add_argument("--pack", type=Path, help="folder for the packed file and its properties")
    parser.add_argument("--bits", type=int, default=8, help="bits of mantissa to keep, of 10")
    args = parser.parse_args()

    average = torch.load(args.trained)["average"]
    layout = Layout()
    for name, value in Upscaler(LAYOUT_FEATURES, LAYOUT_GROWTH).state_dict().items():
        layout.add(name, *value.shape)
        lean = average[name]
        inputs = places(lean.shape[1]) if lean.ndim > 1 and lean.shape[1] >= FEATURES else None
        layout.put(name, lean, inputs=inputs)
    save_file({name: to_half(value, args.bits if value.ndim > 1 else 10) for name, value in layout.tensors.items()},
              args.out, METADATA)
    if args.pack:
        pack(args.out, args.pack, f"scale={SCALE}\n")


if __name__ == "__main__":
    main()
