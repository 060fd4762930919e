"""Writes what ControlNets are compared with: the residuals of diffusers' ControlNetModel, and what its U-Net predicts with them, in
float32. The U-Net is the one that components.py calls "narrow"; weights and inputs are formulas, as there.

control.tsv lists the ControlNet's tensors by the names of the original checkpoints, control-diffusers.tsv the same ones by diffusers'
names. residuals.npy and prediction.npy are every 7th value of the flattened outputs; the residuals are one behind the other, the
middle block's last. Prints how far rounding as the runtime does it moves them.

    pip install -r requirements.txt && python control_net.py
"""

import math
import zlib

import diffusers
import numpy as np
import torch
from diffusers.loaders.single_file_utils import convert_controlnet_checkpoint

from components import (
    LEVELS,
    OUT,
    UNET,
    UNET_WIDTH,
    Layout,
    distribution,
    given,
    latents,
    make_weights,
    rounding_as_the_runtime,
    scale_of,
    unet,
    values,
)

FOLDER = OUT.parent / "control"
BASE = UNET_WIDTH["narrow"]
HINT = (3, 16, 16, 32, 32, 96, 96, 256, BASE)
TIMESTEP, STRENGTH, STRIDE = 500.25, 0.7, 7


def shapes() -> dict[str, tuple[int, ...]]:
    """Those of a ControlNet by its original names, without the prefix "control_model."."""
    whole = Layout()
    whole.unet(BASE)
    layout = Layout()
    for name, shape in whole.shapes.items():
        if not name.startswith((f"{UNET}.output_blocks.", f"{UNET}.out.")):
            layout.shapes[name.removeprefix(f"{UNET}.")] = shape
    for i, (inputs, outputs) in enumerate(zip(HINT[:-1], HINT[1:])):
        layout.layer(f"input_hint_block.{2 * i}", outputs, inputs, 3, 3)
    widths = [BASE] + [BASE * m for level, m in enumerate(LEVELS) for _ in range(3 if level < 3 else 2)]
    for number, width in enumerate(widths):
        layout.layer(f"zero_convs.{number}.0", width, width, 1, 1)
    layout.layer("middle_block_out.0", widths[-1], widths[-1], 1, 1)
    return layout.shapes


def control_net(weights):
    model = diffusers.ControlNetModel(
        in_channels=4, block_out_channels=[BASE * m for m in LEVELS], layers_per_block=2, cross_attention_dim=768,
        attention_head_dim=8)
    checkpoint = {f"control_model.{name}": value for name, value in weights.items()}
    converted = convert_controlnet_checkpoint(checkpoint, model.config)
    model.load_state_dict(converted)
    original = {value.data_ptr(): name for name, value in weights.items()}
    return model.eval(), {name: original[value.data_ptr()] for name, value in converted.items()}


def outputs(model, predictor):
    x, context = latents(1, 4, 16, 16), given("context", 1, 77, 768)
    picture = given("pictures", 1, 3, 128, 128, deviation=1 / math.sqrt(3)) / 2 + 0.5
    timestep = torch.tensor(TIMESTEP)
    down, middle = model(x, timestep, context, picture, return_dict=False)
    prediction = predictor(
        x, timestep, context, down_block_additional_residuals=[STRENGTH * value for value in down],
        mid_block_additional_residual=STRENGTH * middle).sample
    return {"residuals": torch.cat([value.flatten() for value in (*down, middle)]), "prediction": prediction}


@torch.inference_mode()
def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    weights, lines = {}, {}
    for name, shape in shapes().items():
        centre, deviation = distribution(name, shape)
        scale = scale_of(deviation)
        data = values(name, math.prod(shape), centre, scale)
        weights[name] = torch.from_numpy(data.reshape(shape))
        lines[name] = ("x".join(map(str, shape)), str(centre), str(scale), f"{zlib.crc32(data):08x}")
    model, names = control_net(weights)
    (FOLDER / "control.tsv").write_text("".join("\t".join((name, *line)) + "\n" for name, line in lines.items()))
    (FOLDER / "control-diffusers.tsv").write_text(
        "".join("\t".join((name, *lines[original], "", original)) + "\n" for name, original in names.items()))

    predictor = unet(make_weights("narrow")[0], BASE)
    exact = outputs(model, predictor)
    with rounding_as_the_runtime():
        rounded = outputs(model, predictor)
    for name, value in exact.items():
        rounding = float((rounded[name] - value).norm() / value.norm())
        print(f"{name}: {value.numel()} values, deviation {value.std():.2f}, rounding moves it by {rounding:.1e}")
        np.save(FOLDER / f"{name}.npy", value.flatten().numpy()[::STRIDE])
    plain = predictor(latents(1, 4, 16, 16), torch.tensor(TIMESTEP), given("context", 1, 77, 768)).sample
    print(f"without control the prediction differs by {float((plain - exact['prediction']).norm() / plain.norm()):.2f}")


if __name__ == "__main__":
    main()
