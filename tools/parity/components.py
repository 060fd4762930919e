"""Writes what the parts of a Stable Diffusion 1.x model are compared with: the outputs of transformers' text encoder and
of diffusers' U-Net and VAE, in float32.

Their weights are formulas, which Formula.java repeats, so that the tests need neither Python nor gigabytes. There
are two models: "full" has the widths of Stable Diffusion 1.x, "narrow" a U-Net of 64 channels and a VAE decoder of 32.
The text encoder and the VAE's encoder have one width that the runtime takes, so both models share them.

Per model NAME.tsv lists the file's tensors: name, shape, centre, scale, CRC-32 of the values as float32. parts.json lists
what was computed: the prompts' tokens, the U-Net's inputs, and for every output the tolerance, its reason, and how far
the reference's own output moves when it rounds where the runtime does ("rounding"). Both are norm of the difference over
norm of the output. Outputs are .npy files of every "stride"-th value of the flattened output. Other inputs are formulas
like the weights, named KIND SHAPE ("latents 1x4x16x16").

    pip install -r requirements.txt && python components.py
"""

import contextlib
import json
import math
import pathlib
import zlib

import diffusers
import numpy as np
import torch
import transformers
from diffusers.loaders.single_file_utils import (
    convert_ldm_clip_checkpoint,
    convert_ldm_unet_checkpoint,
    convert_ldm_vae_checkpoint,
)
from diffusers.models.autoencoders.vae import Decoder
from transformers.activations import QuickGELUActivation

OUT = pathlib.Path(__file__).resolve().parents[2] / "api/src/test/resources/dev/diffusion4j/parts"
TEXT, UNET, VAE = "cond_stage_model.transformer.text_model", "model.diffusion_model", "first_stage_model"
LEVELS = (1, 2, 4, 4)
UNET_WIDTH = {"full": 320, "narrow": 64}
ENCODER_WIDTH = 128
DECODER_WIDTH = {"full": 128, "narrow": 32}

BEGIN, END, LENGTH = 49406, 49407, 77
PROMPTS = {
    "puppy": ("A picture of a puppy", [320, 1674, 539, 320, 6829]),
    "circle": ("a red circle on a white background", [320, 736, 7117, 525, 320, 1579, 5994]),
}

# ---- formulas ----


def values(name, count, centre, scale):
    """Uniform values around the centre: SplitMix64, seeded by FNV-1a of the name, then rounded to what f16 can hold."""
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = (seed ^ byte) * 0x100000001B3 % 2**64
    result = np.empty(count, np.float32)
    for start in range(0, count, 1 << 18):
        x = np.arange(start + 1, min(start + (1 << 18), count) + 1, dtype=np.uint64)
        x *= np.uint64(0x9E3779B97F4A7C15)
        x += np.uint64(seed)
        x ^= x >> np.uint64(30)
        x *= np.uint64(0xBF58476D1CE4E5B9)
        x ^= x >> np.uint64(27)
        x *= np.uint64(0x94D049BB133111EB)
        x ^= x >> np.uint64(31)
        steps = (x >> np.uint64(40)).astype(np.int32) - (1 << 23)
        exact = steps.astype(np.float32) * np.float32(scale) + np.float32(centre)
        result[start : start + len(exact)] = exact.astype(np.float16)
    return result


def scale_of(deviation):
    return np.float32(deviation * math.sqrt(3) / 2**23)


def given(kind, *shape, deviation=1.0):
    name = f"{kind} {'x'.join(map(str, shape))}"
    return torch.from_numpy(values(name, math.prod(shape), 0, scale_of(deviation)).reshape(shape))


def latents(*shape):
    return given("latents", *shape)


def pictures(*shape):
    return given("pictures", *shape, deviation=1 / math.sqrt(3))  # from -1 to 1


# The last layers of residual branches: beside them the branch's input stays the larger part, as in trained networks, or
# rounding errors would grow from block to block.
RESIDUAL_ENDS = ("attn1.to_out.0", "ff.net.2", "out_layers.3", "conv2", "attn_1.proj_out", "out_proj", "fc2")


def distribution(name, shape):
    """Centre and deviation that keep signals near unit variance, attention uneven, and the text's influence strong."""
    if len(shape) == 1:
        return (1, 0.1) if name.endswith(".weight") else (0, 0.05)
    if name.endswith("_embedding.weight"):
        return 0, 0.5
    layer = name.removesuffix(".weight")
    if layer.endswith(("to_q", "to_k", "q_proj", "k_proj", "attn_1.q", "attn_1.k")):
        gain = 1.5
    elif layer.endswith(RESIDUAL_ENDS):
        gain = 0.2
    elif layer.endswith(".proj_out"):
        gain = 0.5
    else:
        gain = 1
    return 0, gain / math.sqrt(math.prod(shape[1:]))


# ---- the layout of a Stable Diffusion 1.x file ----


class Layout:
    """Shapes by name."""

    def __init__(self):
        self.shapes = {}

    def layer(self, name, outputs, *inputs, bias=True):
        self.shapes[f"{name}.weight"] = (outputs, *inputs)
        if bias:
            self.shapes[f"{name}.bias"] = (outputs,)

    def norm(self, name, channels):
        self.layer(name, channels)

    def text(self):
        self.layer(f"{TEXT}.embeddings.token_embedding", 49408, 768, bias=False)
        self.layer(f"{TEXT}.embeddings.position_embedding", LENGTH, 768, bias=False)
        for i in range(12):
            layer = f"{TEXT}.encoder.layers.{i}"
            for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
                self.layer(f"{layer}.self_attn.{part}", 768, 768)
            self.norm(f"{layer}.layer_norm1", 768)
            self.norm(f"{layer}.layer_norm2", 768)
            self.layer(f"{layer}.mlp.fc1", 3072, 768)
            self.layer(f"{layer}.mlp.fc2", 768, 3072)
        self.norm(f"{TEXT}.final_layer_norm", 768)

    def unet(self, base):
        def block(name, inputs, outputs):
            self.norm(f"{name}.in_layers.0", inputs)
            self.layer(f"{name}.in_layers.2", outputs, inputs, 3, 3)
            self.layer(f"{name}.emb_layers.1", outputs, 4 * base)
            self.norm(f"{name}.out_layers.0", outputs)
            self.layer(f"{name}.out_layers.3", outputs, outputs, 3, 3)
            if inputs != outputs:
                self.layer(f"{name}.skip_connection", outputs, inputs, 1, 1)

        def transformer(name, width):
            self.norm(f"{name}.norm", width)
            self.layer(f"{name}.proj_in", width, width, 1, 1)
            inner = f"{name}.transformer_blocks.0"
            for attention, context in (("attn1", width), ("attn2", 768)):
                self.layer(f"{inner}.{attention}.to_q", width, width, bias=False)
                self.layer(f"{inner}.{attention}.to_k", width, context, bias=False)
                self.layer(f"{inner}.{attention}.to_v", width, context, bias=False)
                self.layer(f"{inner}.{attention}.to_out.0", width, width)
            self.layer(f"{inner}.ff.net.0.proj", 8 * width, width)
            self.layer(f"{inner}.ff.net.2", width, 4 * width)
            for norm in ("norm1", "norm2", "norm3"):
                self.norm(f"{inner}.{norm}", width)
            self.layer(f"{name}.proj_out", width, width, 1, 1)

        self.layer(f"{UNET}.time_embed.0", 4 * base, base)
        self.layer(f"{UNET}.time_embed.2", 4 * base, 4 * base)
        self.layer(f"{UNET}.input_blocks.0.0", base, 4, 3, 3)
        skips, channels, number = [base], base, 0
        for level, multiplier in enumerate(LEVELS):
            for _ in range(2):
                number += 1
                block(f"{UNET}.input_blocks.{number}.0", channels, base * multiplier)
                channels = base * multiplier
                if level < 3:
                    transformer(f"{UNET}.input_blocks.{number}.1", channels)
                skips.append(channels)
            if level < 3:
                number += 1
                self.layer(f"{UNET}.input_blocks.{number}.0.op", channels, channels, 3, 3)
                skips.append(channels)
        block(f"{UNET}.middle_block.0", channels, channels)
        transformer(f"{UNET}.middle_block.1", channels)
        block(f"{UNET}.middle_block.2", channels, channels)
        number = 0
        for level in (3, 2, 1, 0):
            for i in range(3):
                block(f"{UNET}.output_blocks.{number}.0", channels + skips.pop(), base * LEVELS[level])
                channels = base * LEVELS[level]
                if level < 3:
                    transformer(f"{UNET}.output_blocks.{number}.1", channels)
                if level and i == 2:
                    self.layer(f"{UNET}.output_blocks.{number}.{1 if level == 3 else 2}.conv", channels, channels, 3, 3)
                number += 1
        self.norm(f"{UNET}.out.0", channels)
        self.layer(f"{UNET}.out.2", 4, channels, 3, 3)

    def vae(self, encoder_width, decoder_width):
        def block(name, inputs, outputs):
            self.norm(f"{name}.norm1", inputs)
            self.layer(f"{name}.conv1", outputs, inputs, 3, 3)
            self.norm(f"{name}.norm2", outputs)
            self.layer(f"{name}.conv2", outputs, outputs, 3, 3)
            if inputs != outputs:
                self.layer(f"{name}.nin_shortcut", outputs, inputs, 1, 1)

        def middle(name, channels):
            block(f"{name}.mid.block_1", channels, channels)
            self.norm(f"{name}.mid.attn_1.norm", channels)
            for part in ("q", "k", "v", "proj_out"):
                self.layer(f"{name}.mid.attn_1.{part}", channels, channels, 1, 1)
            block(f"{name}.mid.block_2", channels, channels)

        encoder, channels = f"{VAE}.encoder", encoder_width
        self.layer(f"{encoder}.conv_in", channels, 3, 3, 3)
        for level, multiplier in enumerate(LEVELS):
            for i in range(2):
                block(f"{encoder}.down.{level}.block.{i}", channels, encoder_width * multiplier)
                channels = encoder_width * multiplier
            if level < 3:
                self.layer(f"{encoder}.down.{level}.downsample.conv", channels, channels, 3, 3)
        middle(encoder, channels)
        self.norm(f"{encoder}.norm_out", channels)
        self.layer(f"{encoder}.conv_out", 8, channels, 3, 3)

        decoder, channels = f"{VAE}.decoder", decoder_width * LEVELS[-1]
        self.layer(f"{decoder}.conv_in", channels, 4, 3, 3)
        middle(decoder, channels)
        for level in (3, 2, 1, 0):
            for i in range(3):
                block(f"{decoder}.up.{level}.block.{i}", channels, decoder_width * LEVELS[level])
                channels = decoder_width * LEVELS[level]
            if level:
                self.layer(f"{decoder}.up.{level}.upsample.conv", channels, channels, 3, 3)
        self.norm(f"{decoder}.norm_out", channels)
        self.layer(f"{decoder}.conv_out", 3, channels, 3, 3)
        self.layer(f"{VAE}.quant_conv", 8, 8, 1, 1)
        self.layer(f"{VAE}.post_quant_conv", 4, 4, 1, 1)


def make_weights(model):
    """The tensors by name, and the lines of the list that the tests make the same file from."""
    layout = Layout()
    layout.text()
    layout.unet(UNET_WIDTH[model])
    layout.vae(ENCODER_WIDTH, DECODER_WIDTH[model])
    tensors, lines = {}, []
    for name, shape in layout.shapes.items():
        centre, deviation = distribution(name, shape)
        scale = scale_of(deviation)
        data = values(name, math.prod(shape), centre, scale)
        lines.append(f"{name}\t{'x'.join(map(str, shape))}\t{centre}\t{scale}\t{zlib.crc32(data):08x}\n")
        tensors[name] = torch.from_numpy(data.reshape(shape))
    return tensors, lines


# ---- the references ----


def text_encoder(weights):
    config = transformers.CLIPTextConfig(
        vocab_size=49408, hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12,
        max_position_embeddings=LENGTH, hidden_act="quick_gelu", bos_token_id=BEGIN, eos_token_id=END, pad_token_id=END)
    with torch.device("meta"):
        model = transformers.CLIPTextModel(config)
    converted = convert_ldm_clip_checkpoint(weights)
    # Since version 5 the keys of transformers' model are without this prefix.
    converted = {name.removeprefix("text_model."): value for name, value in converted.items()}
    model.load_state_dict(converted, assign=True)
    model.embeddings.position_ids = torch.arange(LENGTH)[None]
    return model.eval()


def unet(weights, base):
    config = {
        "in_channels": 4, "out_channels": 4, "block_out_channels": [base * m for m in LEVELS], "layers_per_block": 2,
        "cross_attention_dim": 768, "attention_head_dim": 8}
    with torch.device("meta"):
        model = diffusers.UNet2DConditionModel(**config)
    model.load_state_dict(convert_ldm_unet_checkpoint(weights, model.config), assign=True)
    return model.eval()


def vae(weights, decoder_width):
    down, up = ["DownEncoderBlock2D"] * 4, ["UpDecoderBlock2D"] * 4
    with torch.device("meta"):
        model = diffusers.AutoencoderKL(
            down_block_types=down, up_block_types=up, block_out_channels=[ENCODER_WIDTH * m for m in LEVELS],
            layers_per_block=2, latent_channels=4)
        model.decoder = Decoder(
            in_channels=4, out_channels=3, up_block_types=up, layers_per_block=2,
            block_out_channels=[decoder_width * m for m in LEVELS])
    model.load_state_dict(convert_ldm_vae_checkpoint(weights, model.config), assign=True)
    return model.eval()


@contextlib.contextmanager
def rounding_as_the_runtime():
    """Lets the references round where the runtime does: inputs of convolutions, and GELU read from tables of f16."""
    def rounded(x):
        return x.half().float()

    conv, gelu, quick_gelu = torch.nn.Conv2d.forward, torch.nn.functional.gelu, QuickGELUActivation.forward
    torch.nn.Conv2d.forward = lambda self, x: conv(self, rounded(x))
    torch.nn.functional.gelu = lambda x, **_: rounded(gelu(rounded(x), approximate="tanh"))
    QuickGELUActivation.forward = lambda self, x: rounded(quick_gelu(self, rounded(x)))
    yield
    torch.nn.Conv2d.forward, torch.nn.functional.gelu, QuickGELUActivation.forward = conv, gelu, quick_gelu


# ---- the cases ----


def prompt_ids(tokens):
    return [BEGIN, *tokens] + [END] * (LENGTH - 1 - len(tokens))


def text_outputs(model):
    def run(name):
        return model(input_ids=torch.tensor([prompt_ids(PROMPTS[name][1])]), output_hidden_states=True)

    outputs, embeddings = {}, {}
    for name in PROMPTS:
        result = run(name)
        embeddings[name] = result.hidden_states[0]
        outputs[f"text.{name}.hidden"] = result.last_hidden_state
        outputs[f"text.{name}.pooled"] = result.pooler_output
    first = run("puppy")
    raw, penultimate = first.hidden_states[-1], first.hidden_states[-2]
    assert torch.equal(model.final_layer_norm(raw), first.last_hidden_state)
    outputs["text.puppy.embeddings"] = embeddings["puppy"]
    outputs["text.puppy.raw"] = raw
    outputs["text.puppy.skip2"] = penultimate
    outputs["text.puppy.skip2.norm"] = model.final_layer_norm(penultimate)

    mean = (embeddings["puppy"] + embeddings["circle"]) / 2
    hook = model.embeddings.register_forward_hook(lambda *_: mean)
    outputs["text.mean.hidden"] = run("puppy").last_hidden_state
    hook.remove()
    return outputs


UNET_CASES = {
    "full": {"square": {"latents": (1, 4, 16, 16), "timestep": 500.25}},
    "narrow": {
        "square": {"latents": (1, 4, 16, 16), "timestep": 981},
        "last": {"latents": (1, 4, 16, 16), "timestep": 1},
        "fraction": {"latents": (1, 4, 16, 16), "timestep": 500.25},
        "wide": {"latents": (1, 4, 8, 16), "timestep": 261},
        "batch": {"latents": (2, 4, 16, 16), "timestep": 741, "context": (2, 77, 768)},
        "long": {"latents": (1, 4, 16, 16), "timestep": 741, "context": (1, 154, 768)},
        "guided": {"latents": (1, 4, 16, 16), "timestep": 741, "guidance": 7.5},
    },
}
UNET_CASES = {
    f"unet.{name}.{case}": {"context": (1, 77, 768)} | inputs
    for name, cases in UNET_CASES.items()
    for case, inputs in cases.items()
}


def unet_outputs(name, model):
    outputs = {}
    for case, inputs in UNET_CASES.items():
        if not case.startswith(f"unet.{name}."):
            continue

        def predict(kind):
            timestep = torch.tensor(inputs["timestep"], dtype=torch.float32)
            return model(latents(*inputs["latents"]), timestep, given(kind, *inputs["context"])).sample

        outputs[case] = predict("context")
        if "guidance" in inputs:
            negative = predict("negative context")
            outputs[case] = negative + inputs["guidance"] * (outputs[case] - negative)
    return outputs


def decoder_outputs(name, model):
    return {
        f"vae.{name}.decode": model.decode(latents(1, 4, 8, 8)).sample,
        f"vae.{name}.decode.batch": model.decode(latents(2, 4, 4, 8)).sample,
    }


def encoder_outputs(model):
    outputs = {}
    for name, shape in {"vae.encode": (1, 3, 64, 64), "vae.encode.batch": (2, 3, 32, 64)}.items():
        result = model.encode(pictures(*shape)).latent_dist
        outputs[f"{name}.mean"] = result.mean
        outputs[f"{name}.logvar"] = result.logvar
        outputs[f"{name}.sample"] = result.sample(torch.Generator("cpu").manual_seed(42))
    return outputs


def tolerance(name):
    """Norm of the error over norm of the output, and why."""
    if name.endswith(".embeddings"):
        return 1e-7, "a look-up and one addition: no room for rounding"
    if name.endswith(".guided"):
        return 3e-3, "as without guidance, but the difference of two predictions is taken 7.5 times"
    if name.startswith("text."):
        return 1e-3, "the runtime reads quick GELU from a table of f16 numbers"
    if name.startswith("unet."):
        return 1e-3, "the runtime rounds the inputs of convolutions to f16 and reads tanh's GELU from a table of f16 numbers"
    return 1e-3, "the runtime rounds the inputs of convolutions to f16"


def write(name, output, rounded):
    limit, reason = tolerance(name)
    rounding = float((rounded - output).norm() / output.norm())
    assert torch.isfinite(output).all() and rounding < limit, (name, rounding)
    stride = 7 if output.numel() > 50_000 else 1
    np.save(OUT / f"{name}.npy", output.contiguous().numpy().reshape(-1)[::stride])
    print(f"{name}: deviation {output.std():.2f}, rounding moves it by {rounding:.1e}", flush=True)
    return {
        "shape": list(output.shape), "stride": stride, "tolerance": limit, "reason": reason,
        "rounding": float(f"{rounding:.2g}")}


@torch.inference_mode()
def main():
    OUT.mkdir(parents=True, exist_ok=True)
    entries = {}
    for name in ("narrow", "full"):
        weights, lines = make_weights(name)
        (OUT / f"{name}.tsv").write_text("".join(lines))
        autoencoder, predictor = vae(weights, DECODER_WIDTH[name]), unet(weights, UNET_WIDTH[name])
        encoder = text_encoder(weights) if name == "narrow" else None

        def outputs():
            shared = text_outputs(encoder) | encoder_outputs(autoencoder) if encoder else {}
            return shared | unet_outputs(name, predictor) | decoder_outputs(name, autoencoder)

        exact = outputs()
        with rounding_as_the_runtime():
            rounded = outputs()
        entries |= {key: write(key, exact[key], rounded[key]) for key in exact}

    versions = f"diffusers {diffusers.__version__}, transformers {transformers.__version__}, torch {torch.__version__}"
    prompts = {name: {"text": text, "ids": prompt_ids(tokens)} for name, (text, tokens) in PROMPTS.items()}
    sections = [
        f'"{name}": {{\n' + ",\n".join(f'"{key}": {json.dumps(entry)}' for key, entry in section.items()) + "\n}"
        for name, section in {"prompts": prompts, "unet": UNET_CASES, "outputs": entries}.items()
    ]
    (OUT / "parts.json").write_text(f'{{\n"reference": "{versions}",\n' + ",\n".join(sections) + "\n}\n")


if __name__ == "__main__":
    main()
