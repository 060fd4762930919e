"""Writes what PhotoMaker's pictures are compared with: those that diffusers' U-Net makes of the small SDXL model of families.py,
with the file's LoRA, and from some step on with the prompt into which the identity is fused. The vision tower is transformers';
what is behind it is written here from the paper (Li et al. 2023, "PhotoMaker: Customizing Realistic Human Photos via Stacked ID
Embedding") and, for version 2, after IP-Adapter's resampler, by the names of the published files.

Most layers of the vision tower, whose size is fixed, are zeros: they hand on what they are given, and the tests need not write
them. photomaker-v1.tsv and photomaker-v2.tsv list the tensors; see families.py for the rest.

    pip install -r requirements.txt && python photomaker.py
"""

import math

import numpy as np
import torch
import transformers
from torch import nn

import components
import families
from components import given

LAYERS, WIDTH, ID_WIDTH, CONTEXT = 24, 1024, 512, 2048
DRAWN = (0, LAYERS - 1)  # the layers of the vision tower that are not zeros
WORD, PLACE = 7117, 3  # "circle", and where it is in families.IDS
LATE = [14.0, 9.0, 4.0, 0.0]  # noise levels with which the later steps matter, too
LORA = [
    "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q",
    "down_blocks.2.attentions.1.transformer_blocks.3.attn2.to_v",
    "mid_block.attentions.0.transformer_blocks.0.attn2.to_k",
    "up_blocks.0.attentions.0.transformer_blocks.0.attn2.to_v",
    "up_blocks.1.attentions.1.transformer_blocks.0.attn1.to_out.0",
    "up_blocks.1.attentions.2.transformer_blocks.1.attn2.to_v",
]


class Fuse(nn.Module):
    def __init__(self, inputs, width, residual):
        super().__init__()
        self.layernorm, self.residual = nn.LayerNorm(inputs), residual
        self.fc1, self.fc2 = nn.Linear(inputs, width), nn.Linear(width, width)

    def forward(self, x):
        y = self.fc2(nn.functional.gelu(self.fc1(self.layernorm(x))))
        return x + y if self.residual else y


class FuseModule(nn.Module):
    def __init__(self):
        super().__init__()
        self.mlp1, self.mlp2 = Fuse(2 * CONTEXT, CONTEXT, False), Fuse(CONTEXT, CONTEXT, True)
        self.layer_norm = nn.LayerNorm(CONTEXT)

    def forward(self, words, identities):
        stacked = self.mlp1(torch.cat([words, identities], -1)) + words
        return self.layer_norm(self.mlp2(stacked))


class Attention(nn.Module):
    HEAD = 128

    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(CONTEXT), nn.LayerNorm(CONTEXT)
        self.to_q, self.to_kv = nn.Linear(CONTEXT, CONTEXT, bias=False), nn.Linear(CONTEXT, 2 * CONTEXT, bias=False)
        self.to_out = nn.Linear(CONTEXT, CONTEXT, bias=False)

    def forward(self, seen, latents):
        seen, latents = self.norm1(seen), self.norm2(latents)
        parts = self.to_q(latents), *self.to_kv(torch.cat([seen, latents], 1)).chunk(2, -1)
        q, k, v = (part.unflatten(-1, (-1, self.HEAD)).transpose(1, 2) for part in parts)
        return self.to_out(nn.functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


class Resampler(nn.Module):
    def __init__(self):
        super().__init__()
        self.proj_in, self.proj_out = nn.Linear(WIDTH, CONTEXT), nn.Linear(CONTEXT, CONTEXT)
        self.norm_out = nn.LayerNorm(CONTEXT)

        def feed_forward():
            wide = 4 * CONTEXT
            return nn.Sequential(
                nn.LayerNorm(CONTEXT), nn.Linear(CONTEXT, wide, bias=False), nn.GELU(), nn.Linear(wide, CONTEXT, bias=False))

        self.layers = nn.ModuleList(nn.ModuleList([Attention(), feed_forward()]) for _ in range(4))

    def forward(self, latents, seen):
        seen = self.proj_in(seen)
        for attention, feed_forward in self.layers:
            latents = attention(seen, latents) + latents
            latents = feed_forward(latents) + latents
        return self.norm_out(self.proj_out(latents))


class Perceiver(nn.Module):
    """Two tokens for each face."""

    def __init__(self):
        super().__init__()
        self.token_proj = nn.Sequential(nn.Linear(ID_WIDTH, 4 * ID_WIDTH), nn.GELU(), nn.Linear(4 * ID_WIDTH, 2 * CONTEXT))
        self.token_norm = nn.LayerNorm(CONTEXT)
        self.perceiver_resampler = Resampler()

    def forward(self, faces, seen):
        x = self.token_norm(self.token_proj(faces).unflatten(-1, (2, CONTEXT)))
        return x + self.perceiver_resampler(x, seen)


class IdentityEncoder(nn.Module):
    def __init__(self, version):
        super().__init__()
        config = transformers.CLIPVisionConfig(
            hidden_size=WIDTH, intermediate_size=4 * WIDTH, num_hidden_layers=LAYERS, num_attention_heads=16, patch_size=14,
            image_size=224, projection_dim=768, hidden_act="quick_gelu")
        tower = transformers.CLIPVisionModelWithProjection(config)
        self.vision_model, self.visual_projection = tower.vision_model, tower.visual_projection
        self.visual_projection_2 = nn.Linear(WIDTH, 1280, bias=False)
        self.fuse_module = FuseModule()
        if version == 2:
            self.qformer_perceiver = Perceiver()

    def forward(self, pictures, words, faces=None):
        """What takes the place of each word's vector, one for each picture, or two in version 2."""
        seen = self.vision_model(pictures)
        if faces is None:
            pooled = seen.pooler_output
            identities = torch.cat([self.visual_projection(pooled), self.visual_projection_2(pooled)], -1)
        else:
            identities = self.qformer_perceiver(faces, seen.last_hidden_state).flatten(0, 1)
        return self.fuse_module(words, identities)


def is_zero(name):
    layer = name.removeprefix("vision_model.encoder.layers.").split(".")[0]
    of_the_tower = name.startswith("vision_model.encoder.layers.") and int(layer) not in DRAWN
    return of_the_tower or any(f"resampler.layers.{i}." in name for i in (1, 2, 3))


def distribution(name, shape):
    if is_zero(name):
        return 0, 0
    if name.endswith("class_embedding"):
        return 0, 0.5
    if name == "fuse_module.layer_norm.weight":
        return 6, 3  # one word of many, so that the picture tells it
    if name.startswith("vision_model.") and name.endswith(("out_proj.weight", "fc2.weight")):
        return 0, 2 / math.sqrt(shape[1])  # so that few layers make much of the picture
    if "norm" in name or name.endswith((".1.0.weight", ".1.0.bias")):
        return (1, 0.1) if name.endswith(".weight") else (0, 0.05)
    if name.endswith(("to_q.weight", "to_kv.weight")):
        return 0, 1.5 / math.sqrt(shape[1])
    return families.distribution(name, shape)


class PhotoMaker(families.Lora):
    """The file: the identity encoder and the LoRA, and the modules that they are of."""

    def __init__(self, version, unet):
        super().__init__()
        with torch.device("meta"):
            self.encoder = IdentityEncoder(version)
        weights = {}
        for name, parameter in self.encoder.named_parameters():
            shape = tuple(parameter.shape)
            weights[name] = self.add(f"id_encoder.{name}", shape, *distribution(name, shape))
        self.encoder.load_state_dict(weights, strict=False, assign=True)
        self.encoder.vision_model.embeddings.position_ids = torch.arange(257)[None]
        self.encoder.eval()
        of = families.shapes(unet)
        for layer in LORA:
            attention, which = layer.removesuffix(".0").rsplit(".", 1)
            name = f"lora_weights.unet.{attention}.processor.{which}_lora"
            self.pair(layer, of[layer], 2, f"{name}.down.weight", f"{name}.up.weight")


def face(number):
    """Blocks of 16x16 pixels in many colours; (224, 224, 3), 0 to 255."""
    down, right = np.mgrid[0:224, 0:224] // 16
    red, green, blue = (53 * right + 97 * down, 151 * right + 29 * down, 11 * right + 199 * down)
    return np.stack([(channel * number + 40 * number) % 256 for channel in (red, green, blue)], -1)


MEAN, DEVIATION = (np.array(c) for c in ([0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]))


def seen(numbers):
    pictures = np.stack([(face(number) / 255 - MEAN) / DEVIATION for number in numbers])
    return torch.tensor(pictures).permute(0, 3, 1, 2).float()


def repeated(count):
    """The prompt's ids with its word that often."""
    assert families.IDS[PLACE] == WORD
    return [*families.IDS[:PLACE], *[WORD] * count, *families.IDS[PLACE + 1:]]


def photomaker_cases():
    file = families.sdxl_file()
    unet = families.sdxl_reference_unet(file.tensors)
    predict = families.sdxl_prediction(unet)
    autoencoder = components.vae(file.tensors, components.DECODER_WIDTH["narrow"])
    _, _, encode = families.sdxl_text(file.tensors)
    text = {count: encode(repeated(count)) for count in (1, 2, 4)}
    del file, encode

    def draw(identity=None, start=0, sigmas=families.SIGMAS):
        steps = iter(range(1, families.STEPS + 1))

        def predicted(x, time):
            return predict(x, time, text[1] if identity is None or next(steps) <= start else identity)

        return families.unet_picture(predicted, lambda x: autoencoder.decode(x / 0.13025).sample, sigmas=sigmas)

    def fused(photomaker, numbers, tokens, *faces):
        context, pooled = text[tokens * len(numbers)]
        words = slice(PLACE, PLACE + tokens * len(numbers))
        context = context.clone()
        context[0, words] = photomaker.encoder(seen(numbers), context[0, words], *faces)
        return context, pooled

    plain = draw()
    first = PhotoMaker(1, unet)
    first.write("photomaker-v1")
    with families.Changed(first, unet):
        base = families.save("photomaker.text", draw(), plain)
        one = families.save("photomaker.one", draw(fused(first, [1], 1)), base)
        families.save("photomaker.other", draw(fused(first, [2], 1)), one)
        families.save("photomaker.two", draw(fused(first, [1, 2], 1)), base)
        families.save("photomaker.later", draw(fused(first, [1], 1), 1, LATE), draw(sigmas=LATE))
    del first
    second = PhotoMaker(2, unet)
    second.write("photomaker-v2")
    with families.Changed(second, unet):
        families.save("photomaker.v2", draw(fused(second, [1, 2], 2, given("faces", 2, ID_WIDTH))), base)


if __name__ == "__main__":
    families.run({"photomaker": photomaker_cases})
