"""Writes the trained parts as one SD 1.x file, or the ControlNet as another, and the packed copy that the jar carries:
``python export.py --from work --pack ../src/main/resources/dev/diffusion4j/demo``, and with ``--control control.pt``.

The lean networks are placed into the full layout; everything else is zero. See ``vae.py``, ``unet.py`` and ``text.py``
for why that changes nothing.
"""

import argparse
import gzip
import hashlib
import shutil
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load, save_file

from text import IDS, TextEncoder
from train_unet import load_decoder, load_text
from unet import BASE, UNet
from vae import DECODER_WIDTH, DEVIATION, MEAN, MIXTURE, SCALE, Decoder

VAE_SCALE = 0.18215
TEXT = "cond_stage_model.transformer.text_model"
METADATA = {
    "format": "pt",
    "modelspec.sai_model_spec": "1.0.0",
    "modelspec.architecture": "stable-diffusion-v1",
    "modelspec.implementation": "https://github.com/Stability-AI/generative-models",
    "modelspec.title": "Diffusion4J Shapes v1",
    "modelspec.description": "Draws one flat coloured shape on a flat coloured background. A demo and test model.",
    "modelspec.license": "MIT",
    "modelspec.resolution": "128x128",
    "modelspec.prediction_type": "epsilon",
    "modelspec.usage_hint": "128x128 pixels, 12 steps, guidance 2: more guidance distorts the shapes",
    "diffusion4j.guidance": "2.0",
    "diffusion4j.steps": "12",
}
CONTROL_METADATA = {
    "format": "pt",
    "modelspec.sai_model_spec": "1.0.0",
    "modelspec.architecture": "stable-diffusion-v1/control-net",
    "modelspec.implementation": "https://github.com/lllyasviel/ControlNet",
    "modelspec.title": "Diffusion4J Shapes Control v1",
    "modelspec.description": "Fills closed outlines, white on black, with the colour that the prompt says. For Diffusion4J Shapes v1.",
    "modelspec.license": "MIT",
    "modelspec.resolution": "128x128",
}


class Layout:
    """The file's tensors by name, zero until something is put into them."""

    def __init__(self):
        self.tensors: dict[str, np.ndarray] = {}

    def add(self, name: str, *shape: int):
        self.tensors[name] = np.zeros(shape, np.float32)

    def layer(self, name: str, outputs: int, inputs: int, *kernel: int, bias: bool = True):
        self.add(f"{name}.weight", outputs, inputs, *kernel)
        if bias:
            self.add(f"{name}.bias", outputs)

    def norm(self, name: str, channels: int):
        self.add(f"{name}.weight", channels)
        self.add(f"{name}.bias", channels)

    def put(self, name: str, value, outputs=None, inputs=None):
        """Places a lean tensor; ``outputs`` and ``inputs`` are the layout's indices of its first two dimensions."""
        value = value.detach().numpy()
        outputs = np.arange(value.shape[0]) if outputs is None else outputs
        if value.ndim == 1:
            self.tensors[name][outputs] = value
        else:
            inputs = np.arange(value.shape[1]) if inputs is None else inputs
            self.tensors[name][np.ix_(outputs, inputs)] = value


class PackedLayout(Layout):
    """The packed demo model. Its ``put`` goes the other way, out of the layout into the lean tensor."""

    def __init__(self, packed: Path):
        super().__init__()
        with gzip.open(packed) as file:
            self.tensors = load(file.read())

    def put(self, name: str, value, outputs=None, inputs=None):
        value = value.detach().numpy()
        outputs = np.arange(value.shape[0]) if outputs is None else outputs
        if value.ndim == 1:
            value[:] = self.tensors[name][outputs]
        else:
            inputs = np.arange(value.shape[1]) if inputs is None else inputs
            value[:] = self.tensors[name][np.ix_(outputs, inputs)]


def lean_parts(packed: Path, groups: int = 24) -> tuple[TextEncoder, UNet, Decoder]:
    """The lean networks of the packed demo model."""
    layout, text, unet, decoder = PackedLayout(packed), TextEncoder(), UNet(groups=groups), Decoder()
    put_text(layout, TEXT, text)
    put_unet(layout, "model.diffusion_model", unet.state_dict(), groups)
    put_decoder(layout, "first_stage_model", decoder)
    return tuple(part.eval().requires_grad_(False) for part in (text, unet, decoder))


def add_text(layout: Layout, prefix: str):
    layout.add(f"{prefix}.embeddings.token_embedding.weight", 49408, 768)
    layout.add(f"{prefix}.embeddings.position_embedding.weight", 77, 768)
    for i in range(12):
        layer = f"{prefix}.encoder.layers.{i}"
        for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
            layout.layer(f"{layer}.self_attn.{name}", 768, 768)
        layout.norm(f"{layer}.layer_norm1", 768)
        layout.norm(f"{layer}.layer_norm2", 768)
        layout.layer(f"{layer}.mlp.fc1", 3072, 768)
        layout.layer(f"{layer}.mlp.fc2", 768, 3072)
    layout.norm(f"{prefix}.final_layer_norm", 768)


def put_text(layout: Layout, prefix: str, text):
    table = text.token_embedding.weight[:len(IDS)]
    layout.put(f"{prefix}.embeddings.token_embedding.weight", table, outputs=np.array(IDS))
    layout.put(f"{prefix}.embeddings.position_embedding.weight", text.position_embedding)
    for name, value in text.named_parameters():
        if name.startswith("layers."):
            _, number, module, kind = name.split(".")
            part = {"q": "self_attn.", "k": "self_attn.", "v": "self_attn.", "o": "self_attn.", "f": "mlp."}
            layout.put(f"{prefix}.encoder.layers.{number}.{part.get(module[0], '')}{module}.{kind}", value)
    layout.put(f"{prefix}.final_layer_norm.weight", text.final_layer_norm.weight)
    layout.put(f"{prefix}.final_layer_norm.bias", text.final_layer_norm.bias)


def add_vae(layout: Layout, prefix: str, encoder_width: int, decoder_width: int):
    def block(name, inputs, outputs):
        layout.norm(f"{name}.norm1", inputs)
        layout.layer(f"{name}.conv1", outputs, inputs, 3, 3)
        layout.norm(f"{name}.norm2", outputs)
        layout.layer(f"{name}.conv2", outputs, outputs, 3, 3)
        if inputs != outputs:
            layout.layer(f"{name}.nin_shortcut", outputs, inputs, 1, 1)

    def middle(name, channels):
        block(f"{name}.mid.block_1", channels, channels)
        layout.norm(f"{name}.mid.attn_1.norm", channels)
        for part in ("q", "k", "v", "proj_out"):
            layout.layer(f"{name}.mid.attn_1.{part}", channels, channels, 1, 1)
        block(f"{name}.mid.block_2", channels, channels)

    widths = [encoder_width * m for m in (1, 2, 4, 4)]
    encoder = f"{prefix}.encoder"
    layout.layer(f"{encoder}.conv_in", widths[0], 3, 3, 3)
    channels = widths[0]
    for level, width in enumerate(widths):
        for i in range(2):
            block(f"{encoder}.down.{level}.block.{i}", channels, width)
            channels = width
        if level < 3:
            layout.layer(f"{encoder}.down.{level}.downsample.conv", width, width, 3, 3)
    middle(encoder, channels)
    layout.norm(f"{encoder}.norm_out", channels)
    layout.layer(f"{encoder}.conv_out", 8, channels, 3, 3)

    widths = [decoder_width * m for m in (1, 2, 4, 4)]
    decoder = f"{prefix}.decoder"
    channels = widths[-1]
    layout.layer(f"{decoder}.conv_in", channels, 4, 3, 3)
    middle(decoder, channels)
    for level in (3, 2, 1, 0):
        for i in range(3):
            block(f"{decoder}.up.{level}.block.{i}", channels, widths[level])
            channels = widths[level]
        if level:
            layout.layer(f"{decoder}.up.{level}.upsample.conv", channels, channels, 3, 3)
    layout.norm(f"{decoder}.norm_out", channels)
    layout.layer(f"{decoder}.conv_out", 3, channels, 3, 3)
    layout.layer(f"{prefix}.quant_conv", 8, 8, 1, 1)
    layout.layer(f"{prefix}.post_quant_conv", 4, 4, 1, 1)


def put_encoder(layout: Layout, prefix: str):
    """``vae.encode`` in the layout's terms: strided convolutions average, and the last normalisation is neutralised.

    Each channel meets its negative and large constants in a normalisation group of its own, so that it is divided by an
    almost constant number; and silu(y) - silu(-y) = y undoes the activation.
    """
    tensors, constant, group = layout.tensors, 16.0, 16
    encoder = f"{prefix}.encoder"
    for channel in range(3):
        tensors[f"{encoder}.conv_in.weight"][channel, channel, 1, 1] = 1
        tensors[f"{encoder}.conv_in.weight"][3, channel, 1, 1] = MIXTURE[channel]
    first = np.outer([0.5, 0.5, 0], [0.5, 0.5, 0])
    second = np.outer([0, 0.5, 0.5], [0, 0.5, 0.5])
    for channel in range(4):
        for level in (0, 1):
            tensors[f"{encoder}.down.{level}.downsample.conv.weight"][channel, channel] = first
            tensors[f"{encoder}.down.{level + 1}.block.0.nin_shortcut.weight"][channel, channel] = 1
        plus, minus = group * channel, group * channel + 1
        last = f"{encoder}.down.2.downsample.conv"
        tensors[f"{last}.weight"][plus, channel] = second if channel == 3 else first
        tensors[f"{last}.weight"][minus, channel] = -tensors[f"{last}.weight"][plus, channel]
        tensors[f"{last}.bias"][plus + 2:plus + group:2] = constant
        tensors[f"{last}.bias"][plus + 3:plus + group:2] = -constant
        tensors[f"{encoder}.norm_out.weight"][[plus, minus]] = constant * (1 - 2 / group) ** 0.5
        tensors[f"{encoder}.conv_out.weight"][channel, [plus, minus], 1, 1] = 1, -1
    # The runtime multiplies encoded latents by VAE_SCALE and divides by it before decoding.
    layout.put(f"{prefix}.quant_conv.weight", torch.diag(SCALE / DEVIATION / VAE_SCALE)[:, :, None, None])
    layout.put(f"{prefix}.quant_conv.bias", -MEAN * SCALE / DEVIATION / VAE_SCALE)
    tensors[f"{prefix}.quant_conv.bias"][4:] = -30  # log variance: encoding is deterministic


def put_decoder(layout: Layout, prefix: str, decoder):
    for name, value in decoder.named_parameters():
        module, rest = name.split(".", 1)
        if module.startswith("up"):  # up_1_block_0, up_3_upsample_conv
            module = module.replace("_", ".")
        module = module.replace("mid_", "mid.")
        layout.put(f"{prefix}.decoder.{module}.{rest}", value)
    layout.put(f"{prefix}.post_quant_conv.weight", torch.eye(4)[:, :, None, None] * VAE_SCALE / SCALE)


def add_unet(layout: Layout, prefix: str, is_control_net: bool = False):
    """The layout of a U-Net; or of its first half, as a ControlNet has it, with what that has besides."""
    time = 4 * BASE

    def block(name, inputs, outputs):
        layout.norm(f"{name}.in_layers.0", inputs)
        layout.layer(f"{name}.in_layers.2", outputs, inputs, 3, 3)
        layout.layer(f"{name}.emb_layers.1", outputs, time)
        layout.norm(f"{name}.out_layers.0", outputs)
        layout.layer(f"{name}.out_layers.3", outputs, outputs, 3, 3)
        if inputs != outputs:
            layout.layer(f"{name}.skip_connection", outputs, inputs, 1, 1)

    def transformer(name, width):
        layout.norm(f"{name}.norm", width)
        layout.layer(f"{name}.proj_in", width, width, 1, 1)
        inner = f"{name}.transformer_blocks.0"
        for attention, context in (("attn1", width), ("attn2", 768)):
            layout.layer(f"{inner}.{attention}.to_q", width, width, bias=False)
            layout.layer(f"{inner}.{attention}.to_k", width, context, bias=False)
            layout.layer(f"{inner}.{attention}.to_v", width, context, bias=False)
            layout.layer(f"{inner}.{attention}.to_out.0", width, width)
        layout.layer(f"{inner}.ff.net.0.proj", 8 * width, width)
        layout.layer(f"{inner}.ff.net.2", width, 4 * width)
        for norm in ("norm1", "norm2", "norm3"):
            layout.norm(f"{inner}.{norm}", width)
        layout.layer(f"{name}.proj_out", width, width, 1, 1)

    layout.layer(f"{prefix}.time_embed.0", time, BASE)
    layout.layer(f"{prefix}.time_embed.2", time, time)
    layout.layer(f"{prefix}.input_blocks.0.0", BASE, 4, 3, 3)
    widths, skips, channels, number = [BASE * m for m in (1, 2, 4, 4)], [BASE], BASE, 0
    for level, width in enumerate(widths):
        for _ in range(2):
            number += 1
            block(f"{prefix}.input_blocks.{number}.0", channels, width)
            if level < 3:
                transformer(f"{prefix}.input_blocks.{number}.1", width)
            channels = width
            skips.append(channels)
        if level < 3:
            number += 1
            layout.layer(f"{prefix}.input_blocks.{number}.0.op", channels, channels, 3, 3)
            skips.append(channels)
    block(f"{prefix}.middle_block.0", channels, channels)
    transformer(f"{prefix}.middle_block.1", channels)
    block(f"{prefix}.middle_block.2", channels, channels)
    if is_control_net:
        for number, width in enumerate(skips):
            layout.layer(f"{prefix}.zero_convs.{number}.0", width, width, 1, 1)
        layout.layer(f"{prefix}.middle_block_out.0", channels, channels, 1, 1)
        hint = (3, 16, 16, 32, 32, 96, 96, 256, BASE)
        for i, (inputs, outputs) in enumerate(zip(hint[:-1], hint[1:])):
            layout.layer(f"{prefix}.input_hint_block.{2 * i}", outputs, inputs, 3, 3)
        return
    number = 0
    for level in (3, 2, 1, 0):
        for i in range(3):
            block(f"{prefix}.output_blocks.{number}.0", channels + skips.pop(), widths[level])
            channels = widths[level]
            if level < 3:
                transformer(f"{prefix}.output_blocks.{number}.1", channels)
            if level and i == 2:
                layout.layer(f"{prefix}.output_blocks.{number}.{1 if level == 3 else 2}.conv", channels, channels, 3, 3)
            number += 1
    layout.norm(f"{prefix}.out.0", channels)
    layout.layer(f"{prefix}.out.2", 4, channels, 3, 3)


# Blocks that read a concatenation: the layout's width of its first half, and the width of the lean first half in
# multiples of the lean base. Block 3 reads only the second half.
_CONCATENATED = {3: (4, 0), 6: (4, 4), 7: (2, 2), 9: (2, 2), 10: (1, 1), 11: (1, 1)}


def put_unet(layout: Layout, prefix: str, state: dict[str, torch.Tensor], groups: int):
    put_blocks(layout, prefix, state, groups)

    # Blocks that pass on one half of their input: the first, except in block 3, where the lower level is absent.
    for number, width, second in ((3, 4, True), (4, 4, False), (5, 4, False), (8, 2, False)):
        channels = width * BASE
        at = channels * second
        weight = layout.tensors[f"{prefix}.output_blocks.{number}.0.skip_connection.weight"]
        weight[:, at:at + channels, 0, 0] = np.eye(channels)


def put_blocks(layout: Layout, prefix: str, state: dict[str, torch.Tensor], groups: int):
    """What was trained, of a U-Net or a ControlNet."""

    def places(block: int, count: int):
        first_layout, first_lean = _CONCATENATED[block]
        first = first_lean * BASE * groups // 32
        return np.concatenate([np.arange(first), first_layout * BASE + np.arange(count - first)])

    for name, value in state.items():
        module, kind = name.rsplit(".", 1)
        outputs = inputs = None
        *blocks, part = module.split(".")
        top = blocks[0] if blocks else part
        number = int(top.split("_")[2]) if top.startswith("output") else -1
        if top.startswith("output") and ("in_layers" in part or "skip_connection" in part):
            if "in_layers_0" in part:
                outputs = places(number, value.shape[0])
            elif kind == "weight":
                inputs = places(number, value.shape[1])
        if part == "ff_net_0_proj":
            half = value.shape[0] // 2
            gate = layout.tensors[f"{prefix}.{_dots(blocks[0])}.transformer_blocks.0.ff.net.0.proj.bias"].shape[0] // 2
            outputs = np.concatenate([np.arange(half), gate + np.arange(half)])
        inner = part.startswith("ff") or part in ("norm1", "norm2", "norm3") or "attn" in module
        path = [_dots(top)] + (["transformer_blocks.0"] if inner else []) + [_dots(p) for p in [*blocks[1:], *([part] if blocks else [])]]
        layout.put(f"{prefix}.{'.'.join(path)}.{kind}", value, outputs, inputs)


def _dots(module: str) -> str:
    keep = ("skip_connection", "time_embed", "input_blocks", "output_blocks", "in_layers", "out_layers", "emb_layers",
            "proj_in", "proj_out", "to_q", "to_k", "to_v", "to_out", "input_hint_block", "zero_convs")
    for word in keep:
        module = module.replace(word, word.replace("_", "-"))
    return module.replace("_", ".").replace("-", "_")


def to_half(value: np.ndarray, bits: int) -> np.ndarray:
    """f16, rounded to so many bits behind the leading one: what gzip then shrinks well."""
    half = np.ascontiguousarray(value.astype(np.float16)).view(np.uint16)
    drop = 10 - bits
    if drop:
        half = ((half.astype(np.uint32) + (1 << (drop - 1))) >> drop << drop).astype(np.uint16)
    return half.view(np.float16)


def write(layout: Layout, out: Path, bits: int, metadata: dict[str, str]):
    save_file({name: to_half(value, bits if value.ndim > 1 else 10) for name, value in layout.tensors.items()}, out, metadata)


def pack(file: Path, folder: Path, settings: str):
    """Writes the file's packed copy into the folder, and beside it its properties, which end with the settings."""
    folder.mkdir(parents=True, exist_ok=True)
    packed = folder / f"{file.name}.gz"
    with open(file, "rb") as source, open(packed, "wb") as raw, \
            gzip.GzipFile("", "wb", compresslevel=9, fileobj=raw, mtime=0) as target:
        shutil.copyfileobj(source, target, 1 << 20)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    (folder / f"{file.stem}.properties").write_text(
        f"file={file.name}\nsha256={digest}\nsize={file.stat().st_size}\n{settings}")
    print(f"{packed.stat().st_size / 1e6:.2f} MB packed, {file.stat().st_size / 1e6:.0f} MB unpacked")


def model(folder: Path, unet_file: str) -> Layout:
    unet = torch.load(folder / unet_file)
    layout = Layout()
    add_text(layout, TEXT)
    put_text(layout, TEXT, load_text(folder))
    add_vae(layout, "first_stage_model", encoder_width=128, decoder_width=DECODER_WIDTH)
    put_encoder(layout, "first_stage_model")
    put_decoder(layout, "first_stage_model", load_decoder(folder))
    add_unet(layout, "model.diffusion_model")
    put_unet(layout, "model.diffusion_model", unet["average"], unet["groups"])
    return layout


def control_net(file: Path) -> Layout:
    """With the names of the original checkpoints, which begin with "control_model"."""
    trained = torch.load(file)
    layout = Layout()
    add_unet(layout, "control_model", is_control_net=True)
    put_blocks(layout, "control_model", trained["average"], trained["groups"])
    return layout


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="folder", type=Path, default=Path("work"))
    parser.add_argument("--unet", default="unet.pt")
    parser.add_argument("--control", help="export this ControlNet of the folder in place of the model")
    parser.add_argument("--pack", type=Path, help="folder for the packed file and its properties")
    parser.add_argument("--bits", type=int, default=7, help="bits of mantissa to keep, of 10")
    args = parser.parse_args()

    if args.control:
        out, settings = args.folder / "shapes-control-v1.safetensors", ""
        write(control_net(args.folder / args.control), out, args.bits, CONTROL_METADATA)
    else:
        out, settings = args.folder / "shapes-v1.safetensors", "width=128\nheight=128\nsteps=12\nguidance=2.0\nsampler=euler_a\n"
        write(model(args.folder, args.unet), out, args.bits, METADATA)
    if args.pack:
        pack(out, args.pack, settings)


if __name__ == "__main__":
    main()
