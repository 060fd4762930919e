"""Writes what pictures of SDXL and FLUX models, and of models with LoRAs, are compared with: pictures that diffusers' and
transformers' modules make in float32 of the same weights and the same noise, with a Euler loop of three steps.

Weights are formulas, as in components.py. MODEL.tsv and lora.CASE.tsv list the tensors of the files that the tests write,
in the names that such files have. What a LoRA means is added to the reference's weights here. The pictures are 128x64, from
0 to 255 and not rounded; CASE.npy holds every "stride"-th value, rows of pixels of red, green and blue. cases.json says
how far the picture of each case is from that of the model alone (mean of 255), so that the tests know that it matters.

    pip install -r requirements.txt && python families.py [CASE ...]
"""

import inspect
import json
import math
import sys
import zlib

import diffusers
import numpy as np
import torch
import transformers
from diffusers.loaders import single_file_utils
from diffusers.models.autoencoders.vae import Decoder

import components
from components import BEGIN, END, LENGTH, OUT, PROMPTS, given, scale_of, values

FOLDER = OUT.parent / "families"
WIDTH, HEIGHT, STRIDE = 128, 64, 11
SEED, GUIDANCE = 42, 5.0
IDS = [BEGIN, *PROMPTS["circle"][1], END]
NEGATIVE_IDS = [BEGIN, *PROMPTS["puppy"][1], END]
BASE = 64

# In the names of these files. See components.RESIDUAL_ENDS.
RESIDUAL_ENDS = (*components.RESIDUAL_ENDS, "attn2.to_out.0", "mlp.c_proj", "attn.proj", "mlp.2", "linear2")
UNEVEN = ("to_q", "to_k", "q_proj", "k_proj", "attn_1.q", "attn_1.k")


def distribution(name, shape):
    if name.endswith("positional_embedding"):
        return 0, 0.5
    if name.endswith("_norm.scale"):
        return 1, 0.1
    if name.endswith("label_emb.0.0.weight"):
        return 0, 4 / math.sqrt(shape[1])  # so that pictures tell the pooled text
    if len(shape) > 1 and name.removesuffix(".weight").endswith(RESIDUAL_ENDS):
        return 0, 0.2 / math.sqrt(math.prod(shape[1:]))
    return components.distribution(name, shape)


class File:
    """A file's tensors, and the lines of the list from which the tests write it."""

    def __init__(self):
        self.tensors, self.lines = {}, []

    def add(self, name, shape, centre, deviation, second_centre=None):
        """With another centre for the second half of the values, if there is one."""
        scale, count = scale_of(deviation), math.prod(shape)
        data, further = values(name, count, centre, scale), ""
        if second_centre is not None:
            data[count // 2:] = values(name, count, second_centre, scale)[count // 2:]
            further = f"\t{second_centre}"
        self.lines.append(f"{name}\t{'x'.join(map(str, shape))}\t{centre}\t{scale}\t{zlib.crc32(data):08x}{further}\n")
        self.tensors[name] = torch.from_numpy(data.reshape(shape))
        return self.tensors[name]

    def write(self, name):
        (FOLDER / f"{name}.tsv").write_text("".join(self.lines))


# ---- layouts ----


def sdxl_unet(layout, base, inputs=4):
    unet, context, embedding = components.UNET, 2048, 4 * base
    levels, depths = (1, 2, 4), (0, 2, 10)

    def block(name, inputs, outputs):
        layout.norm(f"{name}.in_layers.0", inputs)
        layout.layer(f"{name}.in_layers.2", outputs, inputs, 3, 3)
        layout.layer(f"{name}.emb_layers.1", outputs, embedding)
        layout.norm(f"{name}.out_layers.0", outputs)
        layout.layer(f"{name}.out_layers.3", outputs, outputs, 3, 3)
        if inputs != outputs:
            layout.layer(f"{name}.skip_connection", outputs, inputs, 1, 1)

    def transformer(name, width, depth):
        layout.norm(f"{name}.norm", width)
        layout.layer(f"{name}.proj_in", width, width)
        for i in range(depth):
            inner = f"{name}.transformer_blocks.{i}"
            for attention, inputs in (("attn1", width), ("attn2", context)):
                layout.layer(f"{inner}.{attention}.to_q", width, width, bias=False)
                layout.layer(f"{inner}.{attention}.to_k", width, inputs, bias=False)
                layout.layer(f"{inner}.{attention}.to_v", width, inputs, bias=False)
                layout.layer(f"{inner}.{attention}.to_out.0", width, width)
            layout.layer(f"{inner}.ff.net.0.proj", 8 * width, width)
            layout.layer(f"{inner}.ff.net.2", width, 4 * width)
            for norm in ("norm1", "norm2", "norm3"):
                layout.norm(f"{inner}.{norm}", width)
        layout.layer(f"{name}.proj_out", width, width)

    layout.layer(f"{unet}.time_embed.0", embedding, base)
    layout.layer(f"{unet}.time_embed.2", embedding, embedding)
    layout.layer(f"{unet}.label_emb.0.0", embedding, 2816)
    layout.layer(f"{unet}.label_emb.0.2", embedding, embedding)
    layout.layer(f"{unet}.input_blocks.0.0", base, inputs, 3, 3)
    skips, channels, number = [base], base, 0
    for level, multiplier in enumerate(levels):
        for _ in range(2):
            number += 1
            block(f"{unet}.input_blocks.{number}.0", channels, base * multiplier)
            channels = base * multiplier
            if depths[level]:
                transformer(f"{unet}.input_blocks.{number}.1", channels, depths[level])
            skips.append(channels)
        if level < 2:
            number += 1
            layout.layer(f"{unet}.input_blocks.{number}.0.op", channels, channels, 3, 3)
            skips.append(channels)
    block(f"{unet}.middle_block.0", channels, channels)
    transformer(f"{unet}.middle_block.1", channels, 10)
    block(f"{unet}.middle_block.2", channels, channels)
    number = 0
    for level in (2, 1, 0):
        for i in range(3):
            block(f"{unet}.output_blocks.{number}.0", channels + skips.pop(), base * levels[level])
            channels = base * levels[level]
            if depths[level]:
                transformer(f"{unet}.output_blocks.{number}.1", channels, depths[level])
            if level and i == 2:
                layout.layer(f"{unet}.output_blocks.{number}.2.conv", channels, channels, 3, 3)
            number += 1
    layout.norm(f"{unet}.out.0", channels)
    layout.layer(f"{unet}.out.2", 4, channels, 3, 3)


def open_clip(layout, prefix, width, layers):
    def stacked(name, outputs, inputs):
        layout.shapes[f"{name}_weight"] = (outputs, inputs)
        layout.shapes[f"{name}_bias"] = (outputs,)

    layout.layer(f"{prefix}.token_embedding", 49408, width, bias=False)
    layout.shapes[f"{prefix}.positional_embedding"] = (LENGTH, width)
    for i in range(layers):
        block = f"{prefix}.transformer.resblocks.{i}"
        stacked(f"{block}.attn.in_proj", 3 * width, width)
        layout.layer(f"{block}.attn.out_proj", width, width)
        layout.norm(f"{block}.ln_1", width)
        layout.norm(f"{block}.ln_2", width)
        layout.layer(f"{block}.mlp.c_fc", 4 * width, width)
        layout.layer(f"{block}.mlp.c_proj", width, 4 * width)
    layout.norm(f"{prefix}.ln_final", width)
    layout.shapes[f"{prefix}.text_projection"] = (width, width)


HIDDEN, DOUBLE, SINGLE = 256, 2, 2


def flux_stream(layout, block):
    layout.layer(f"{block}_attn.qkv", 3 * HIDDEN, HIDDEN)
    layout.layer(f"{block}_attn.proj", HIDDEN, HIDDEN)
    layout.shapes[f"{block}_attn.norm.query_norm.scale"] = (128,)
    layout.shapes[f"{block}_attn.norm.key_norm.scale"] = (128,)
    layout.layer(f"{block}_mlp.0", 4 * HIDDEN, HIDDEN)
    layout.layer(f"{block}_mlp.2", HIDDEN, 4 * HIDDEN)


def flux_single(layout, block, modulated):
    layout.layer(f"{block}.linear1", 7 * HIDDEN, HIDDEN)
    layout.layer(f"{block}.linear2", HIDDEN, 5 * HIDDEN)
    if modulated:
        layout.layer(f"{block}.modulation.lin", 3 * HIDDEN, HIDDEN)
    layout.shapes[f"{block}.norm.query_norm.scale"] = (128,)
    layout.shapes[f"{block}.norm.key_norm.scale"] = (128,)


def flux_transformer(layout):
    transformer = components.UNET
    layout.layer(f"{transformer}.img_in", HIDDEN, 64)
    layout.layer(f"{transformer}.txt_in", HIDDEN, 4096)
    for name, inputs in (("time_in", 256), ("vector_in", 768), ("guidance_in", 256)):
        layout.layer(f"{transformer}.{name}.in_layer", HIDDEN, inputs)
        layout.layer(f"{transformer}.{name}.out_layer", HIDDEN, HIDDEN)
    for i in range(DOUBLE):
        for stream in ("img", "txt"):
            block = f"{transformer}.double_blocks.{i}.{stream}"
            layout.layer(f"{block}_mod.lin", 6 * HIDDEN, HIDDEN)
            flux_stream(layout, block)
    for i in range(SINGLE):
        flux_single(layout, f"{transformer}.single_blocks.{i}", modulated=True)
    layout.layer(f"{transformer}.final_layer.linear", 64, HIDDEN)
    layout.layer(f"{transformer}.final_layer.adaLN_modulation.1", 2 * HIDDEN, HIDDEN)


def renamed(fill, old, new, drop=()):
    """What fill puts into a layout, under a prefix of its own."""
    layout = components.Layout()
    fill(layout)
    return {name.replace(old, new, 1): shape for name, shape in layout.shapes.items() if not name.startswith(drop)}


def file_of(shapes, distribution=distribution, certain=()):
    """With almost no variance in what the VAE encodes, if its last layers are named: the runtime draws from it."""
    file = File()
    for name, shape in shapes.items():
        file.add(name, shape, *distribution(name, shape), -30 if name in certain else None)
    return file


CLIP_L, CLIP_G = "conditioner.embedders.0.transformer.text_model", "conditioner.embedders.1.model"


def sdxl_file(inputs=4, certain=()):
    layout = components.Layout()
    sdxl_unet(layout, BASE, inputs)
    layout.vae(components.ENCODER_WIDTH, components.DECODER_WIDTH["narrow"])
    open_clip(layout, CLIP_G, 1280, 32)
    return file_of(layout.shapes | renamed(components.Layout.text, components.TEXT, CLIP_L), certain=certain)


def flux_vae(layout):
    layout.vae(components.ENCODER_WIDTH, components.DECODER_WIDTH["narrow"])
    layout.layer(f"{components.VAE}.encoder.conv_out", 32, 4 * components.ENCODER_WIDTH, 3, 3)
    layout.layer(f"{components.VAE}.decoder.conv_in", 4 * components.DECODER_WIDTH["narrow"], 16, 3, 3)


def flux_file():
    layout = components.Layout()
    flux_transformer(layout)
    quant = tuple(f"{components.VAE}.{name}" for name in ("quant_conv", "post_quant_conv"))
    return file_of(
        layout.shapes
        | renamed(flux_vae, components.VAE, "vae", drop=quant)
        | renamed(components.Layout.text, components.TEXT, "text_encoders.clip_l.transformer.text_model"))


# ---- the references ----


def without(prefix, tensors):
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def clip_l(tensors, prefix):
    return components.text_encoder({f"{components.TEXT}{k}": v for k, v in without(prefix, tensors).items()})


def clip(tensors, width, layers, heads):
    """With a projection."""
    config = transformers.CLIPTextConfig(
        vocab_size=49408, hidden_size=width, intermediate_size=4 * width, num_hidden_layers=layers, num_attention_heads=heads,
        max_position_embeddings=LENGTH, hidden_act="gelu", bos_token_id=BEGIN, eos_token_id=END, pad_token_id=0,
        projection_dim=width)
    with torch.device("meta"):
        model = transformers.CLIPTextModelWithProjection(config)
    converted = tensors(model) if callable(tensors) else tensors
    keys = set(model.state_dict())
    converted = {(k if k in keys else k.removeprefix("text_model.")): v for k, v in converted.items()}
    model.load_state_dict({k: v for k, v in converted.items() if k in keys}, assign=True)
    inner = model.text_model if hasattr(model, "text_model") else model
    inner.embeddings.position_ids = torch.arange(LENGTH)[None]
    return model.eval()


def open_clip_reference(tensors, prefix, width, layers, heads):
    # diffusers' own reading of open_clip's names, layout of the projection included.
    def converted(model):
        return single_file_utils.convert_open_clip_checkpoint(model, dict(tensors), prefix=f"{prefix}.")

    return clip(converted, width, layers, heads)


def sdxl_reference_unet(tensors, inputs=4):
    config = {
        "in_channels": inputs, "out_channels": 4, "block_out_channels": [BASE, 2 * BASE, 4 * BASE], "layers_per_block": 2,
        "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
        "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
        "transformer_layers_per_block": [1, 2, 10], "cross_attention_dim": 2048, "attention_head_dim": [1, 2, 4],
        "use_linear_projection": True, "addition_embed_type": "text_time", "addition_time_embed_dim": 256,
        "projection_class_embeddings_input_dim": 2816}
    with torch.device("meta"):
        model = diffusers.UNet2DConditionModel(**config)
    model.load_state_dict(single_file_utils.convert_ldm_unet_checkpoint(tensors, model.config), assign=True)
    return model.eval()


def flux_reference_transformer(tensors, guidance=True, inputs=64):
    # diffusers' own reading of Black Forest Labs' names, but for a width that it takes for granted.
    source = inspect.getsource(single_file_utils.convert_flux_transformer_checkpoint_to_diffusers)
    space = dict(vars(single_file_utils))
    exec(source.replace("inner_dim = 3072", f"inner_dim = {HIDDEN}"), space)
    converted = space["convert_flux_transformer_checkpoint_to_diffusers"](without(f"{components.UNET}.", tensors))
    model = diffusers.FluxTransformer2DModel(
        patch_size=1, in_channels=inputs, out_channels=64, num_layers=DOUBLE, num_single_layers=SINGLE, attention_head_dim=128,
        num_attention_heads=HIDDEN // 128, joint_attention_dim=4096, pooled_projection_dim=768, guidance_embeds=guidance)
    model.load_state_dict(converted)
    return model.eval()


def flux_reference_vae(tensors):
    down, up, width = ["DownEncoderBlock2D"] * 4, ["UpDecoderBlock2D"] * 4, components.DECODER_WIDTH["narrow"]
    model = diffusers.AutoencoderKL(
        down_block_types=down, up_block_types=up, block_out_channels=[components.ENCODER_WIDTH * m for m in components.LEVELS],
        layers_per_block=2, latent_channels=16, use_quant_conv=False, use_post_quant_conv=False)
    model.decoder = Decoder(
        in_channels=16, out_channels=3, up_block_types=up, layers_per_block=2,
        block_out_channels=[width * m for m in components.LEVELS])
    renamed_tensors = {f"{components.VAE}.{k}": v for k, v in without("vae.", tensors).items()}
    model.load_state_dict(single_file_utils.convert_ldm_vae_checkpoint(renamed_tensors, model.config))
    return model.eval()


# ---- drawing ----


def noise(channels):
    generator = torch.Generator("cpu").manual_seed(SEED)
    return torch.randn((1, channels, HEIGHT // 8, WIDTH // 8), generator=generator)


def given_picture():
    """Blocks of 16x16 pixels in many colours; (height, width, 3), 0 to 255."""
    down, right = np.mgrid[0:HEIGHT, 0:WIDTH] // 16
    return np.stack([(53 * right + 97 * down) % 256, (151 * right + 29 * down) % 256, (11 * right + 199 * down) % 256], -1)


def distribution_of(autoencoder, pixels):
    return autoencoder.encode(torch.tensor(pixels).permute(2, 0, 1)[None].float() / 127.5 - 1).latent_dist


def encoded(autoencoder, pixels):
    return distribution_of(autoencoder, pixels).mode()


def picture(decoded):
    return ((decoded[0].permute(1, 2, 0) / 2 + 0.5).clamp(0, 1) * 255).numpy()


BETAS = np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
LOG_SIGMAS = np.log(np.sqrt((1 - np.cumprod(1 - BETAS)) / np.cumprod(1 - BETAS)))
STEPS = 3
# Of the single predictions that are compared, of the noise that pictures begin with: of a thousand.
TIME = 600


# The runtime's discrete schedule: equal steps in time.
SIGMAS = [*np.exp(np.interp(np.linspace(999, 0, STEPS), np.arange(1000), LOG_SIGMAS)), 0.0]


def unet_picture(predict, decode, prediction="epsilon", start=0, keep=lambda denoised: denoised, sigmas=SIGMAS):
    """Sigmas and times by interpolation of the training's. keep brings back in each step what is not to change of the
    start."""
    x = start + noise(4) * sigmas[0]
    for sigma, following in zip(sigmas[:-1], sigmas[1:]):
        time = float(np.interp(math.log(sigma), LOG_SIGMAS, np.arange(1000)))
        output = predict(x / math.sqrt(sigma**2 + 1), time)
        if prediction == "epsilon":
            denoised = x - sigma * output
        else:
            denoised = x / (sigma**2 + 1) - output * sigma / math.sqrt(sigma**2 + 1)
        x = x + (x - keep(denoised)) / sigma * (following - sigma)
    return picture(decode(x))


def guided(predict, text, negative):
    def run(x, time):
        with_text, without_text = predict(x, time, text), predict(x, time, negative)
        return without_text + GUIDANCE * (with_text - without_text)

    return run


def padded(ids, padding):
    return torch.tensor([ids + [padding] * (LENGTH - len(ids))])


FLUX_SIGMAS = [1.0, 0.6, 0.25, 0.0]


def flux_packed(x):
    rows, columns = HEIGHT // 16, WIDTH // 16
    return x.reshape(1, -1, rows, 2, columns, 2).permute(0, 2, 4, 1, 3, 5).reshape(1, rows * columns, -1)


def flux_unpacked(x):
    rows, columns = HEIGHT // 16, WIDTH // 16
    return x.reshape(1, rows, columns, 16, 2, 2).permute(0, 3, 1, 4, 2, 5).reshape(1, 16, 2 * rows, 2 * columns)


def flux_places(picture):
    rows, columns = HEIGHT // 16, WIDTH // 16
    places = torch.zeros(rows, columns, 3)
    places[..., 0] = picture
    places[..., 1] += torch.arange(rows)[:, None]
    places[..., 2] += torch.arange(columns)[None]
    return places.reshape(-1, 3)


def no_text(guidance):
    """In place of T5's: as many tokens as dev is told, which has a guidance, or schnell."""
    return torch.zeros(1, 256 if guidance is None else 512, 4096)


def flux_picture(transformer, pooled, autoencoder, guidance=3.5, reference=None, text=None):
    """reference: latents of a picture that Kontext looks at; text: T5's."""
    rows, columns = HEIGHT // 16, WIDTH // 16
    x, places = flux_packed(noise(16)), flux_places(0)
    if reference is not None:
        places = torch.cat([places, flux_places(1)])
    scale = None if guidance is None else torch.tensor([guidance])
    text = no_text(guidance) if text is None else text
    for sigma, following in zip(FLUX_SIGMAS[:-1], FLUX_SIGMAS[1:]):
        seen = x if reference is None else torch.cat([x, flux_packed(reference)], 1)
        velocity = transformer(
            hidden_states=seen, timestep=torch.tensor([sigma]), guidance=scale, pooled_projections=pooled,
            encoder_hidden_states=text, txt_ids=torch.zeros(text.shape[1], 3), img_ids=places).sample[:, :rows * columns]
        x = x + (following - sigma) * velocity
    return picture(autoencoder.decode(flux_unpacked(x) / 0.3611 + 0.1159).sample)


# ---- LoRAs ----


class Lora(File):
    """A LoRA file, and what it adds to weights by the names of diffusers' and transformers' modules."""

    def __init__(self):
        super().__init__()
        self.changes = {}

    def number(self, name, value):
        self.add(name, (1,), value, 0.0)

    def change(self, layer, difference):
        self.changes[f"{layer}.weight"] = difference

    def pair(self, layer, shape, rank, down, up, alpha=None, deviation=0.5):
        """One low-rank pair under these names; alpha is its name and value."""
        outputs, inputs, *kernel = shape
        ones = [1] * len(kernel)
        down = self.add(down, (rank, inputs, *kernel), 0, 1 / math.sqrt(math.prod(shape[1:])))
        up = self.add(up, (outputs, rank, *ones), 0, deviation)
        strength = 1.0
        if alpha:
            self.number(*alpha)
            strength = alpha[1] / rank
        self.change(layer, strength * (up.flatten(1) @ down.flatten(1)).reshape(shape))

    def kohya(self, part, layer, shape, rank, alpha, diffusers_layer=None, deviation=0.5):
        name = f"lora_{part}_{layer.replace('.', '_')}"
        down, up = f"{name}.lora_down.weight", f"{name}.lora_up.weight"
        self.pair(diffusers_layer or layer, shape, rank, down, up, (f"{name}.alpha", alpha), deviation)

    def fused(self, name, layers, shapes, rank, alpha, pair=("lora_down", "lora_up")):
        """One low-rank pair for layers that are one in the file's model."""
        rows = [shapes[layer][0] for layer in layers]
        whole = (sum(rows), shapes[layers[0]][1])
        self.pair(name, whole, rank, *(f"{name}.{half}.weight" for half in pair), alpha and (f"{name}.alpha", alpha))
        for layer, part in zip(layers, self.changes.pop(f"{name}.weight").split(rows)):
            self.change(layer, part)

    def peft(self, prefix, layer, shape, rank=2, deviation=0.5):
        self.pair(layer, shape, rank, f"{prefix}{layer}.lora_A.weight", f"{prefix}{layer}.lora_B.weight", None, deviation)

    def processor(self, layer, shape, rank=2):
        """As diffusers' attention processors were saved: without a part, and with names of their own."""
        attention, which = layer.removesuffix(".0").rsplit(".", 1)
        name = f"{attention}.processor.{which}_lora"
        self.pair(layer, shape, rank, f"{name}.down.weight", f"{name}.up.weight")

    def loha(self, layer, shape, rank, alpha, name=None):
        name, product = name or f"lora_unet_{layer.replace('.', '_')}", 1
        for half in ("w1", "w2"):
            up = self.add(f"{name}.hada_{half}_a", (shape[0], rank), 0, 1.0)
            down = self.add(f"{name}.hada_{half}_b", (rank, shape[1]), 0, 0.3)
            product = product * (up @ down)
        self.number(f"{name}.alpha", alpha)
        self.change(layer, alpha / rank * product)

    def lokr(self, layer, shape, alpha, outer=None, inner=None, factor=4, name=None):
        """With ranks for the factors that are products themselves. PEFT has alpha elsewhere: None."""
        name = name or f"lora_unet_{layer.replace('.', '_')}"
        outputs, inputs, *kernel = shape

        def whole_or_product(which, rows, columns, rank, deviation):
            if rank is None:
                return self.add(f"{name}.lokr_{which}", (rows, *columns), 0, deviation)
            up = self.add(f"{name}.lokr_{which}_a", (rows, rank), 0, 1.0)
            down = self.add(f"{name}.lokr_{which}_b", (rank, math.prod(columns)), 0, deviation)
            return (up @ down).reshape(rows, *columns)

        first = whole_or_product("w1", factor, (factor,), outer, 0.5)
        second = whole_or_product("w2", outputs // factor, (inputs // factor, *kernel), inner, 1 / math.sqrt(math.prod(shape[1:])))
        strength, rank = 1.0, inner or outer
        if alpha is not None:
            self.number(f"{name}.alpha", alpha)
            strength = alpha / rank if rank else 1.0
        first = first.reshape(factor, factor, *[1] * len(kernel))
        self.change(layer, strength * torch.kron(first, second))


class Changed:
    """Modules with a LoRA's changes, for as long as the block lasts. Of layers with equal names, those of the first module."""

    def __init__(self, lora, *modules):
        self.lora, self.modules = lora, modules

    def __enter__(self):
        self.undo, left = [], set(self.lora.changes)
        for module in self.modules:
            for name, parameter in module.named_parameters():
                for own in (name, f"text_model.{name}"):
                    if own in left:
                        left.remove(own)
                        self.undo.append((parameter, parameter.data))
                        parameter.data = parameter.data + self.lora.changes[own]
        assert not left, left

    def __exit__(self, *_):
        for parameter, data in self.undo:
            parameter.data = data


def shapes(module, prefix=""):
    return {prefix + name.removesuffix(".weight"): tuple(p.shape) for name, p in module.named_parameters() if name.endswith(".weight")}


SD1_LAYERS = [
    "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q",
    "down_blocks.1.attentions.1.transformer_blocks.0.attn1.to_v",
    "down_blocks.2.attentions.0.transformer_blocks.0.attn1.to_out.0",
    "mid_block.attentions.0.transformer_blocks.0.attn2.to_v",
    "up_blocks.2.attentions.1.transformer_blocks.0.attn1.to_k",
    "up_blocks.3.attentions.0.transformer_blocks.0.attn2.to_v",
    "up_blocks.3.attentions.2.transformer_blocks.0.attn1.to_out.0",
]
SD1_OTHERS = [
    "up_blocks.3.attentions.1.transformer_blocks.0.ff.net.0.proj",
    "up_blocks.3.attentions.2.transformer_blocks.0.ff.net.2",
    "up_blocks.2.attentions.2.proj_in",
    "up_blocks.3.resnets.0.conv1",
    "up_blocks.3.resnets.2.conv1",
]
TEXT_LAYERS = ["text_model.encoder.layers.3.self_attn.q_proj", "text_model.encoder.layers.10.self_attn.out_proj", "text_model.encoder.layers.11.mlp.fc1"]


def sd1_loras(unet, text):
    of = shapes(unet) | shapes(text, "" if any(n.startswith("text_model.") for n, _ in text.named_parameters()) else "text_model.")
    kohya, wrapped, old, parts, loha, lokr = (Lora() for _ in range(6))
    for layer in SD1_LAYERS + SD1_OTHERS:
        kohya.kohya("unet", layer, of[layer], 1, 2.0)
        wrapped.peft("base_model.model.", layer, of[layer])
        parts.peft("unet.", layer, of[layer], 1)
    for layer in TEXT_LAYERS:
        kohya.kohya("te", layer, of[layer], 1, 2.0)
        parts.peft("text_encoder.", layer, of[layer])
    for layer in SD1_LAYERS:
        old.processor(layer, of[layer])
    for i, layer in enumerate(SD1_LAYERS + SD1_OTHERS[:2]):
        loha.loha(layer, of[layer], 1 + i % 2, 2.0)
        ranks = [{}, {"inner": 2}, {"outer": 2}, {"inner": 1}, {"inner": 2, "outer": 2}][i % 5]
        lokr.lokr(layer, of[layer], 3.0, **ranks)
    lokr.lokr(SD1_OTHERS[3], of[SD1_OTHERS[3]], 3.0)
    lokr.lokr(SD1_OTHERS[4], of[SD1_OTHERS[4]], 3.0, inner=2)
    return {"kohya-rank1": kohya, "wrapped": wrapped, "old": old, "parts": parts, "loha": loha, "lokr": lokr}


def flux_loras(transformer):
    of = {name: shape for name, shape in shapes(transformer).items() if "blocks" in name}

    def peft(prefix, *ends, deviation=0.5):
        lora = Lora()
        for layer in (layer for layer in of if layer.endswith(ends)):
            lora.peft(prefix, layer, of[layer], 4, deviation)
        return lora

    kohya = Lora()
    for i in range(DOUBLE):
        kohya.kohya("unet", f"double_blocks.{i}.img_attn.proj", (HIDDEN, HIDDEN), 1, 2.0, f"transformer_blocks.{i}.attn.to_out.0")
        kohya.kohya("unet", f"double_blocks.{i}.img_mlp.0", (4 * HIDDEN, HIDDEN), 1, 2.0, f"transformer_blocks.{i}.ff.net.0.proj")
    for i in range(SINGLE):
        kohya.kohya("unet", f"single_blocks.{i}.linear2", (HIDDEN, 5 * HIDDEN), 1, 2.0, f"single_transformer_blocks.{i}.proj_out")
    whole = ("attn.to_q", "attn.to_k", "attn.to_v", "attn.to_out.0", "attn.add_q_proj", "ff.net.0.proj", "proj_mlp", "proj_out")
    return {
        "whole": peft("transformer.", *whole),
        "q": peft("transformer.", "attn.to_q", deviation=3),
        "k-v": peft("transformer.", "attn.to_k", "attn.to_v", "attn.add_v_proj"),
        "proj-mlp": peft("transformer.", "proj_mlp"),
        "wrapped": peft("base_model.model.", "attn.to_v", "attn.to_out.0", "proj_out"),
        "kohya-rank1": kohya,
    }


# ---- textual inversions ----

LEARNED_IDS = [*IDS[:3], 49408, 49409, *IDS[4:]]  # "a red <cat> on a white background", a word of two vectors


def inversion(name, **texts):
    """A file with two vectors for each text encoder, by the names that they have there, which it then knows."""
    file = File()
    for tensor, text in texts.items():
        table = text.get_input_embeddings()
        vectors = file.add(tensor, (2, table.weight.shape[1]), 0, 0.5)
        table.weight = torch.nn.Parameter(torch.cat([table.weight, vectors]), requires_grad=False)
    file.write(f"inversion.{name}")


# ---- the cases ----

CASES = {}


def save(name, image, base=None):
    np.save(FOLDER / f"{name}.npy", image.reshape(-1)[::STRIDE].astype(np.float32))
    CASES[name] = None if base is None else round(float(np.abs(image - base).mean()), 2)
    print(f"{name}: deviation {image.std():.1f}, from the model alone {CASES[name]}", flush=True)
    return image


def save_part(name, output):
    """What one part of a model computes: every n-th of its numbers, some thousands of them."""
    flat = output.numpy().astype(np.float32).reshape(-1)
    np.save(FOLDER / f"{name}.npy", flat[::len(flat) // 4096 | 1])
    print(f"{name}: deviation {flat.std():.3f}", flush=True)


def save_vae(name, autoencoder, channels):
    """The noise that pictures begin with, decoded, and a picture, encoded; both unscaled."""
    save_part(f"{name}.decoded", autoencoder.decode(noise(channels)).sample)
    save_part(f"{name}.encoded", encoded(autoencoder, given_picture()))


def draw_loras(model, loras, modules, base, draw):
    for name, lora in loras.items():
        lora.write(f"lora.{model}.{name}")
        with Changed(lora, *modules):
            save(f"{model}.{name}", draw(), base)


def sd1_cases():
    weights, _ = components.make_weights("narrow")
    autoencoder, unet = components.vae(weights, components.DECODER_WIDTH["narrow"]), components.unet(weights, BASE)
    text = components.text_encoder(weights)

    def draw():
        context = text(input_ids=padded(IDS, END)).last_hidden_state
        return unet_picture(lambda x, t: unet(x, t, context).sample, lambda x: autoencoder.decode(x / 0.18215).sample)

    base = save("sd1", draw())
    draw_loras("sd1", sd1_loras(unet, text), (unet, text), base, draw)


def flux_cases():
    file = flux_file()
    file.write("flux")
    text = clip_l(file.tensors, "text_encoders.clip_l.transformer.text_model")
    pooled = text(input_ids=padded(IDS, END)).pooler_output
    transformer, autoencoder = flux_reference_transformer(file.tensors), flux_reference_vae(file.tensors)

    def draw():
        return flux_picture(transformer, pooled, autoencoder)

    draw_loras("flux", flux_loras(transformer), (transformer,), save("flux", draw()), draw)


def sdxl_text(tensors):
    """Both text encoders, and what they make of token ids."""
    large, big = clip_l(tensors, CLIP_L), open_clip_reference(tensors, CLIP_G, 1280, 32, 20)

    def encode(ids):
        first = large(input_ids=padded(ids, END), output_hidden_states=True).hidden_states[-2]
        second = big(input_ids=padded(ids, 0), output_hidden_states=True)
        return torch.cat([first, second.hidden_states[-2]], -1), second.text_embeds

    return large, big, encode


def sdxl_prediction(unet):
    """What the U-Net predicts of what the text encoders make."""
    sizes = torch.tensor([[HEIGHT, WIDTH, 0, 0, HEIGHT, WIDTH]], dtype=torch.float32)

    def predict(x, time, condition):
        context, pooled = condition
        return unet(x, time, context, added_cond_kwargs={"text_embeds": pooled, "time_ids": sizes}).sample

    return predict


def sdxl_cases():
    file = sdxl_file()
    file.write("sdxl")
    large, big, encode = sdxl_text(file.tensors)
    predict = sdxl_prediction(sdxl_reference_unet(file.tensors))
    autoencoder = components.vae(file.tensors, components.DECODER_WIDTH["narrow"])
    del file

    def decode(x):
        return autoencoder.decode(x / 0.13025).sample

    text, negative = encode(IDS), encode(NEGATIVE_IDS)
    nothing = (torch.zeros_like(text[0]), torch.zeros_like(text[1]))
    save_part("sdxl.text", text[0])
    save_part("sdxl.pooled", text[1])
    save_part("sdxl.prediction", predict(noise(4), TIME, (given("context", 1, LENGTH, 2048), text[1])))
    save_vae("sdxl", autoencoder, 4)
    base = save("sdxl", unet_picture(lambda x, t: predict(x, t, text), decode))
    save("sdxl.unpooled", unet_picture(lambda x, t: predict(x, t, (text[0], nothing[1])), decode), base)
    (FOLDER / "sdxl.unpooled.npy").unlink()  # only to see that pooled matters
    save("sdxl.guided", unet_picture(guided(predict, text, nothing), decode))
    save("sdxl.negative", unet_picture(guided(predict, text, negative), decode))
    save("sdxl.v", unet_picture(lambda x, t: predict(x, t, text), decode, "v"))

    # The second encoder's q, k and v are one matrix in the file.
    lora = Lora()
    of = shapes(big)
    for layer in ("2.self_attn.v_proj", "20.self_attn.q_proj", "25.self_attn.v_proj", "30.mlp.fc1"):
        layer = f"text_model.encoder.layers.{layer}"
        lora.kohya("te2", layer, of[layer], 2, 2.0, deviation=2)
    lora.write("lora.sdxl.te2")
    with Changed(lora, big):
        changed = encode(IDS)
    save("sdxl.te2", unet_picture(lambda x, t: predict(x, t, changed), decode), base)


    inversion("sdxl", clip_l=large, clip_g=big)
    learned = encode(LEARNED_IDS)
    save("sdxl.inversion", unet_picture(lambda x, t: predict(x, t, learned), decode), base)


def write_cases():
    """Adds what was drawn to the cases that are there."""
    file = FOLDER / "cases.json"
    cases = (json.loads(file.read_text())["distances"] if file.exists() else {}) | CASES
    versions = f"diffusers {diffusers.__version__}, transformers {transformers.__version__}, torch {torch.__version__}"
    distances = ",\n".join(f'"{name}": {json.dumps(distance)}' for name, distance in cases.items())
    file.write_text(f'{{\n"reference": "{versions}",\n"stride": {STRIDE},\n"distances": {{\n{distances}\n}}\n}}\n')


@torch.inference_mode()
def run(cases):
    """Those that the command line names, or all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or cases:
        cases[name]()
    write_cases()


if __name__ == "__main__":
    run({"sd1": sd1_cases, "flux": flux_cases, "sdxl": sdxl_cases})
