"""Writes what videos of Wan 2.1 are compared with: text-to-video, with and without guidance, and VACE. As families.py does it,
whose folder and cases.json this one adds to.

The transformers and the UMT5 have the layout of the published ones and a fraction of their widths and depths, the VAE is
transformer_families.py's of the published size. A frame follows another in CASE.npy.

    pip install -r requirements.txt && python video_families.py [CASE ...]

Token ids come from the runtime's own vocabulary (RUNTIME_SOURCE, or where CMake has put it).
"""

import math

import diffusers
import torch
import transformers
from diffusers.loaders import single_file_utils
from tokenizers import Tokenizer

import components
import families
import t5_families
import transformer_families
from families import SEED, picture, save
from t5_qwen import embedded
from transformer_families import PROMPT, SIGMAS, source, wan_vae_layout

WIDTH, HEIGHT, FRAMES = 64, 32, 5
HIDDEN, BLOCKS, INNER, HEAD = 256, 2, 512, 128
TEXT, TEXT_HEADS, TEXT_BLOCKS, TEXT_INNER, VOCABULARY, TOKENS = 64, 4, 2, 128, 256384, 512
GUIDANCE = 4.0


def umt5():
    """A function of texts: hidden states, zeros behind the last token as Wan's pipeline has them."""
    layout = components.Layout()

    def layer(name, outputs, *inputs):
        layout.layer(name, outputs, *inputs, bias=False)

    layer("shared", VOCABULARY, TEXT)
    for i in range(TEXT_BLOCKS):
        block = f"encoder.block.{i}"
        layer(f"{block}.layer.0.SelfAttention.relative_attention_bias", 32, TEXT_HEADS)
        for part in "qkvo":
            layer(f"{block}.layer.0.SelfAttention.{part}", TEXT, TEXT)
        layer(f"{block}.layer.0.layer_norm", TEXT)
        layer(f"{block}.layer.1.DenseReluDense.wi_0", TEXT_INNER, TEXT)
        layer(f"{block}.layer.1.DenseReluDense.wi_1", TEXT_INNER, TEXT)
        layer(f"{block}.layer.1.DenseReluDense.wo", TEXT, TEXT_INNER)
        layer(f"{block}.layer.1.layer_norm", TEXT)
    layer("encoder.final_layer_norm", TEXT)
    file = families.file_of(layout.shapes, t5_families.distribution)
    file.write("umt5")
    config = transformers.UMT5Config(
        vocab_size=VOCABULARY, d_model=TEXT, d_kv=TEXT // TEXT_HEADS, d_ff=TEXT_INNER, num_layers=TEXT_BLOCKS,
        num_heads=TEXT_HEADS, feed_forward_proj="gated-gelu", is_encoder_decoder=False, use_cache=False)
    with torch.device("meta"):
        model = transformers.UMT5EncoderModel(config)
    model.load_state_dict(file.tensors | {"encoder.embed_tokens.weight": file.tensors["shared.weight"]}, assign=True)
    model, tokenizer = model.eval(), Tokenizer.from_str(embedded(source(), "umt5.hpp").decode())

    def encode(text):
        ids = tokenizer.encode(text).ids
        words = torch.arange(TOKENS)[None] < len(ids)
        hidden = model(input_ids=torch.tensor([ids + [0] * (TOKENS - len(ids))]), attention_mask=words).last_hidden_state
        return hidden * words[..., None]

    return encode


def distribution(name, shape):
    if name.endswith("modulation"):
        return 0, 0.1
    if len(shape) > 1 and name.removesuffix(".weight").endswith(("cross_attn.o", "after_proj")):
        return 0, 3 / math.sqrt(shape[1])  # so that videos tell the prompt and the control frames
    if len(shape) > 1 and name.removesuffix(".weight").endswith(("self_attn.o", "ffn.2")):
        return 0, 0.2 / math.sqrt(shape[1])
    return transformer_families.distribution(name, shape)


def wan_layout(vace_blocks=0):
    layout = components.Layout()

    def block(name):
        for attention in ("self_attn", "cross_attn"):
            for part in "qkvo":
                layout.layer(f"{name}.{attention}.{part}", HIDDEN, HIDDEN)
            for norm in ("norm_q", "norm_k"):
                layout.layer(f"{name}.{attention}.{norm}", HIDDEN, bias=False)
        layout.norm(f"{name}.norm3", HIDDEN)
        layout.layer(f"{name}.ffn.0", INNER, HIDDEN)
        layout.layer(f"{name}.ffn.2", HIDDEN, INNER)
        layout.shapes[f"{name}.modulation"] = (1, 6, HIDDEN)

    layout.layer("patch_embedding", HIDDEN, 16, 1, 2, 2)
    layout.layer("text_embedding.0", HIDDEN, TEXT)
    layout.layer("text_embedding.2", HIDDEN, HIDDEN)
    layout.layer("time_embedding.0", HIDDEN, 256)
    layout.layer("time_embedding.2", HIDDEN, HIDDEN)
    layout.layer("time_projection.1", 6 * HIDDEN, HIDDEN)
    for i in range(BLOCKS):
        block(f"blocks.{i}")
    if vace_blocks:
        layout.layer("vace_patch_embedding", HIDDEN, 96, 1, 2, 2)
        layout.layer("vace_blocks.0.before_proj", HIDDEN, HIDDEN)
    for i in range(vace_blocks):
        block(f"vace_blocks.{i}")
        layout.layer(f"vace_blocks.{i}.after_proj", HIDDEN, HIDDEN)
    layout.layer("head.head", 64, HIDDEN)
    layout.shapes["head.modulation"] = (1, 2, HIDDEN)
    return layout


def transformer(name, kind, vace_blocks=0, **further):
    file = families.file_of(wan_layout(vace_blocks).shapes, distribution)
    file.write(name)
    model = kind(
        num_attention_heads=HIDDEN // HEAD, attention_head_dim=HEAD, in_channels=16, out_channels=16, text_dim=TEXT, ffn_dim=INNER,
        num_layers=BLOCKS, **further)
    model.load_state_dict(single_file_utils.convert_wan_transformer_to_diffusers(dict(file.tensors)))
    return model.eval()


class Vae:
    def __init__(self):
        file = transformer_families.file_of(wan_vae_layout())
        self.model = diffusers.AutoencoderKLWan()
        self.model.load_state_dict(single_file_utils.convert_wan_vae_to_diffusers(dict(file.tensors)))
        self.model.eval()
        self.mean = torch.tensor(self.model.config.latents_mean).view(1, 16, 1, 1, 1)
        self.deviation = torch.tensor(self.model.config.latents_std).view(1, 16, 1, 1, 1)

    def frames(self, latents):
        decoded = self.model.decode(latents * self.deviation + self.mean).sample
        return torch.stack([torch.tensor(picture(decoded[:, :, i])) for i in range(decoded.shape[2])]).numpy()

    def latents(self, video):
        return (self.model.encode(video).latent_dist.mode() - self.mean) / self.deviation


def noise():
    shape = (1, 16, (FRAMES - 1) // 4 + 1, HEIGHT // 8, WIDTH // 8)
    return torch.randn(shape, generator=torch.Generator("cpu").manual_seed(SEED))


def draw(model, vae, contexts, x, guidance=1.0, **further):
    for sigma, following in SIGMAS:
        time = torch.tensor([1000 * sigma])
        velocities = [model(x, timestep=time, encoder_hidden_states=c, **further).sample for c in contexts]
        velocity = velocities[0] if guidance == 1 else velocities[1] + guidance * (velocities[0] - velocities[1])
        x = x + (following - sigma) * velocity
    return vae.frames(x)


def text_to_video():
    encode, vae = umt5(), Vae()
    model = transformer("wan", diffusers.WanTransformer3DModel)
    context = encode(PROMPT)
    plain = save("wan", draw(model, vae, [context], noise()))
    save("wan.guided", draw(model, vae, [context, encode("")], noise(), GUIDANCE), plain)


def control_frame(index):
    """Blocks of many colours that move to the right; 0 to 255."""
    down, right = torch.meshgrid(torch.arange(HEIGHT), torch.arange(WIDTH), indexing="ij")
    down, right = down // 8, (right + 8 * index) // 8
    return torch.stack([(53 * right + 97 * down) % 256, (151 * right + 29 * down) % 256, (11 * right + 199 * down) % 256])


def vace():
    """All is to be drawn after the control frames: what the mask keeps is grey."""
    encode, vae = umt5(), Vae()
    model = transformer("wan-vace", diffusers.WanVACETransformer3DModel, 1, vace_layers=[0], vace_in_channels=96)
    context = encode(PROMPT)

    def conditioned(reactive, reference=None):
        latents = torch.cat([vae.latents(torch.zeros_like(reactive)), vae.latents(reactive)], 1)
        mask = torch.ones(1, 64, *latents.shape[2:])
        if reference is not None:
            seen = vae.latents(reference)
            latents = torch.cat([torch.cat([seen, torch.zeros_like(seen)], 1), latents], 2)
            mask = torch.cat([torch.zeros_like(mask[:, :, :1]), mask], 2)
        return torch.cat([latents, mask], 1)

    grey = torch.zeros(1, 3, FRAMES, HEIGHT, WIDTH)
    control = torch.stack([control_frame(i) for i in range(FRAMES)], 1)[None].float() / 127.5 - 1
    plain = save("wan-vace", draw(model, vae, [context], noise(), control_hidden_states=conditioned(grey)))
    save("wan-vace.control", draw(model, vae, [context], noise(), control_hidden_states=conditioned(control)), plain)


if __name__ == "__main__":
    families.run({"wan": text_to_video, "wan-vace": vace})
