"""Writes what pictures of diffusion transformers are compared with: SD 3.5, FLUX.1 schnell and Kontext, FLUX.2 klein,
Z-Image and Qwen-Image, each in the files that people have. As families.py does it, whose folder and cases.json this one adds to.

Widths and depths are the smallest that the runtime takes: it reads most of them from the weights. FLUX.1 and SD 3.5 are
drawn without a T5, whose size is fixed; both references then have zeros for it.

    pip install -r requirements.txt && python transformer_families.py [CASE ...]

Token ids of language models come from the runtime's own merges (RUNTIME_SOURCE, or where CMake has put it).
"""

import math
import os
import pathlib
import re

import diffusers
import numpy as np
import torch
import transformers
from diffusers.loaders import single_file_utils
from diffusers.models.autoencoders.vae import Decoder
from tokenizers import AddedToken, Regex, Tokenizer, models, pre_tokenizers

import components
import families
from components import BEGIN, END, LENGTH, PROMPTS, given
from families import (
    FLUX_SIGMAS, HEIGHT, IDS, WIDTH, draw_loras, flux_packed, flux_places, flux_unpacked, noise, padded, picture, save, save_part,
    save_vae, without)
from lora_families import klein_loras, qwen_image_loras, sd3_loras, z_loras

PROMPT = PROMPTS["circle"][0]
SIGMAS = list(zip(FLUX_SIGMAS[:-1], FLUX_SIGMAS[1:]))
ROWS, COLUMNS = HEIGHT // 16, WIDTH // 16
# Of the single predictions that are compared, of the noise that pictures begin with.
SIGMA = families.TIME / 1000

RESIDUAL_ENDS = (
    "attention.out", "feed_forward.w2", "o_proj", "down_proj", "to_out.0", "to_add_out", "net.2", "mlp.fc2", "attn.proj",
    "attn2.proj", "linear2", "mlp.2")


def distribution(name, shape):
    layer = name.removesuffix(".weight")
    if name.endswith(".gamma"):
        return 1, 0.1
    if name.endswith("embed_tokens.weight") or name == "pos_embed":
        return 0, 0.5
    if len(shape) > 1 and layer.endswith(RESIDUAL_ENDS):
        return 0, 0.2 / math.sqrt(math.prod(shape[1:]))
    return families.distribution(name, shape)


def file_of(layout, certain=()):
    return families.file_of(layout.shapes, distribution, certain)


def source():
    folder = os.environ.get("RUNTIME_SOURCE")
    if folder:
        return pathlib.Path(folder)
    found = sorted((pathlib.Path.home() / ".cache/diffusion4j/source").glob("*/stable-diffusion.cpp"))
    return found[-1]


# ---- VAE ----


def vae_file(channels, quantised):
    layout = components.Layout()
    layout.vae(components.ENCODER_WIDTH, components.DECODER_WIDTH["narrow"])
    vae = components.VAE
    layout.layer(f"{vae}.encoder.conv_out", 2 * channels, 4 * components.ENCODER_WIDTH, 3, 3)
    layout.layer(f"{vae}.decoder.conv_in", 4 * components.DECODER_WIDTH["narrow"], channels, 3, 3)
    layout.layer(f"{vae}.quant_conv", 2 * channels, 2 * channels, 1, 1)
    layout.layer(f"{vae}.post_quant_conv", channels, channels, 1, 1)
    bare = components.Layout()
    bare.shapes = {
        name.removeprefix(f"{vae}."): shape for name, shape in layout.shapes.items() if quantised or "quant_conv" not in name}
    return file_of(bare, ["quant_conv.bias" if quantised else "encoder.conv_out.bias"])


def reference_vae(tensors, channels, quantised):
    down, up, width = ["DownEncoderBlock2D"] * 4, ["UpDecoderBlock2D"] * 4, components.DECODER_WIDTH["narrow"]
    model = diffusers.AutoencoderKL(
        down_block_types=down, up_block_types=up, block_out_channels=[components.ENCODER_WIDTH * m for m in components.LEVELS],
        layers_per_block=2, latent_channels=channels, use_quant_conv=quantised, use_post_quant_conv=quantised)
    model.decoder = Decoder(
        in_channels=channels, out_channels=3, up_block_types=up, layers_per_block=2,
        block_out_channels=[width * m for m in components.LEVELS])
    named = {f"{components.VAE}.{name}": value for name, value in tensors.items()}
    model.load_state_dict(single_file_utils.convert_ldm_vae_checkpoint(named, model.config))
    return model.eval()


# ---- Qwen's language models ----

LLM_HIDDEN, LLM_LAYERS = 64, 36


def tokenizer():
    text = (source() / "src/tokenizers/vocab/qwen_merges.hpp").read_text()
    lines = bytes(int(byte, 16) for byte in re.findall(r"0x([0-9a-fA-F]{2})", text)).decode().split("\n")
    merges = [tuple(line.split(" ")) for line in lines if line.strip() and not line.startswith("#version")]
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    letters = [chr(byte) for byte in printable] + [chr(256 + i) for i in range(len(others))]
    vocabulary = {letter: i for i, letter in enumerate(letters)}
    for left, right in merges:
        vocabulary.setdefault(left + right, len(vocabulary))
    result = Tokenizer(models.BPE(vocabulary, merges))
    words = (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
    result.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(words), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    special = [
        "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>",
        "<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>",
        "<|image_pad|>", "<|video_pad|>", "<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>",
        "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>", "<tool_response>", "</tool_response>", "<think>", "</think>"]
    result.add_special_tokens([AddedToken(text, normalized=False) for text in special])
    return result


def chat(text, system=None, thinks=False):
    parts = [f"<|im_start|>system\n{system}<|im_end|>\n"] if system else []
    parts.append(f"<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n")
    parts += ["<think>\n\n</think>\n\n"] if thinks else []
    return tokenizer().encode("".join(parts)).ids


def qwen_layout(hidden, layers, heads, shared_heads, vocabulary, normed, biased=None):
    """Qwen's have either norms or biases in their attention, Mistral's neither."""
    biased = not normed if biased is None else biased
    layout, inner = components.Layout(), 128
    layout.layer("model.embed_tokens", vocabulary, hidden, bias=False)
    for i in range(layers):
        block = f"model.layers.{i}"
        for part, outputs in (("q", 128 * heads), ("k", 128 * shared_heads), ("v", 128 * shared_heads)):
            layout.layer(f"{block}.self_attn.{part}_proj", outputs, hidden, bias=biased)
        layout.layer(f"{block}.self_attn.o_proj", hidden, 128 * heads, bias=False)
        if normed:
            layout.layer(f"{block}.self_attn.q_norm", 128, bias=False)
            layout.layer(f"{block}.self_attn.k_norm", 128, bias=False)
        layout.layer(f"{block}.mlp.gate_proj", inner, hidden, bias=False)
        layout.layer(f"{block}.mlp.up_proj", inner, hidden, bias=False)
        layout.layer(f"{block}.mlp.down_proj", hidden, inner, bias=False)
        layout.layer(f"{block}.input_layernorm", hidden, bias=False)
        layout.layer(f"{block}.post_attention_layernorm", hidden, bias=False)
    layout.layer("model.norm", hidden, bias=False)
    return layout


def qwen3_file():
    file = file_of(qwen_layout(LLM_HIDDEN, LLM_LAYERS, 32, 8, 151936, True))
    file.write("qwen3")
    return file


def language_model(tensors, kind, hidden, layers, heads, shared_heads, vocabulary):
    config, model_type = {
        "qwen3": (transformers.Qwen3Config, transformers.Qwen3Model),
        "qwen2": (transformers.Qwen2Config, transformers.Qwen2Model)}[kind]
    further = {"head_dim": 128} if kind == "qwen3" else {}
    config = config(
        vocab_size=vocabulary, hidden_size=hidden, intermediate_size=128, num_hidden_layers=layers, num_attention_heads=heads,
        num_key_value_heads=shared_heads, rms_norm_eps=1e-6, rope_theta=1e6, max_position_embeddings=40960,
        tie_word_embeddings=True, attn_implementation="eager", **further)
    with torch.device("meta"):
        model = model_type(config)
    model.load_state_dict(without("model.", tensors), assign=True)
    model.rotary_emb = type(model.rotary_emb)(config)
    return model.eval()


def qwen3(tensors):
    return language_model(tensors, "qwen3", LLM_HIDDEN, LLM_LAYERS, 32, 8, 151936)


# ---- Z-Image ----

Z_HIDDEN, Z_LAYERS, Z_REFINERS = 384, 2, 2


def z_layout():
    layout, hidden, context = components.Layout(), Z_HIDDEN, LLM_HIDDEN
    inner = int(hidden / 3 * 8)
    layout.layer("x_embedder", hidden, 64)
    layout.layer("cap_embedder.0", context, bias=False)
    layout.layer("cap_embedder.1", hidden, context)
    layout.shapes["x_pad_token"] = layout.shapes["cap_pad_token"] = (1, hidden)
    layout.layer("t_embedder.mlp.0", hidden, 256)
    layout.layer("t_embedder.mlp.2", 256, hidden)
    for kind, count in (("noise_refiner", Z_REFINERS), ("context_refiner", Z_REFINERS), ("layers", Z_LAYERS)):
        for i in range(count):
            block = f"{kind}.{i}"
            layout.layer(f"{block}.attention.qkv", 3 * hidden, hidden, bias=False)
            layout.layer(f"{block}.attention.out", hidden, hidden, bias=False)
            layout.layer(f"{block}.attention.q_norm", 128, bias=False)
            layout.layer(f"{block}.attention.k_norm", 128, bias=False)
            layout.layer(f"{block}.feed_forward.w1", inner, hidden, bias=False)
            layout.layer(f"{block}.feed_forward.w2", hidden, inner, bias=False)
            layout.layer(f"{block}.feed_forward.w3", inner, hidden, bias=False)
            for norm in ("attention_norm1", "attention_norm2", "ffn_norm1", "ffn_norm2"):
                layout.layer(f"{block}.{norm}", hidden, bias=False)
            if kind != "context_refiner":
                layout.layer(f"{block}.adaLN_modulation.0", 4 * hidden, 256)
    layout.layer("final_layer.linear", 64, hidden)
    layout.layer("final_layer.adaLN_modulation.1", hidden, 256)
    return layout


def z_transformer(tensors):
    model = diffusers.ZImageTransformer2DModel(
        dim=Z_HIDDEN, n_layers=Z_LAYERS, n_refiner_layers=Z_REFINERS, n_heads=Z_HIDDEN // 128, n_kv_heads=Z_HIDDEN // 128,
        cap_feat_dim=LLM_HIDDEN)
    # diffusers has 1024 inside it, whatever the width.
    model.t_embedder = type(model.t_embedder)(256, mid_size=Z_HIDDEN)
    model.load_state_dict(single_file_utils.convert_z_image_transformer_checkpoint_to_diffusers(dict(tensors)))
    return model.eval()


def z_image():
    file, text, vae = file_of(z_layout()), qwen3_file(), vae_file(16, quantised=False)
    file.write("z-image")
    vae.write("vae16")
    context = qwen3(text.tensors)(input_ids=torch.tensor([chat(PROMPT)]), output_hidden_states=True).hidden_states[-2][0]
    transformer, autoencoder = z_transformer(file.tensors), reference_vae(vae.tensors, 16, False)

    def predict(x, sigma, context=context):
        return -transformer([x[0][:, None]], torch.tensor([1 - sigma]), [context]).sample[0][:, 0][None]

    def draw():
        x = noise(16)
        for sigma, following in SIGMAS:
            x = x + (following - sigma) * predict(x, sigma)
        return picture(autoencoder.decode(x / 0.3611 + 0.1159).sample)

    save_part("z-image.text", context)
    save_part("z-image.prediction", predict(noise(16), SIGMA, given("context", 1, 21, LLM_HIDDEN)[0]))
    save_vae("vae16", autoencoder, 16)
    draw_loras("z-image", z_loras(transformer), (transformer,), save("z-image", draw()), draw)


# ---- FLUX.1 schnell and Kontext ----


def clip_l_file():
    layout = components.Layout()
    layout.shapes = families.renamed(components.Layout.text, components.TEXT, "text_model")
    return file_of(layout)


def flux_file(guided):
    layout = components.Layout()
    families.flux_transformer(layout)
    bare = components.Layout()
    bare.shapes = without(f"{components.UNET}.", layout.shapes)
    if not guided:
        bare.shapes = {name: shape for name, shape in bare.shapes.items() if not name.startswith("guidance_in")}
    return file_of(bare)


def flux(name, guided, sees_picture):
    file, text, vae = flux_file(guided), clip_l_file(), vae_file(16, quantised=False)
    file.write(name)
    vae.write("vae16")
    text.write("clip-l")
    pooled = families.clip_l(text.tensors, "text_model")(input_ids=padded(IDS, END)).pooler_output
    named = {f"{components.UNET}.{name}": value for name, value in file.tensors.items()}
    transformer = families.flux_reference_transformer(named, guidance=guided)
    autoencoder = reference_vae(vae.tensors, 16, False)
    reference = (families.encoded(autoencoder, families.given_picture()) - 0.1159) * 0.3611 if sees_picture else None
    guidance = 3.5 if guided else None
    save_part(f"{name}.pooled", pooled)
    save_part(f"{name}.prediction", flux_unpacked(transformer(
        hidden_states=flux_packed(noise(16)), timestep=torch.tensor([SIGMA]), pooled_projections=pooled,
        guidance=torch.tensor([guidance]) if guided else None, encoder_hidden_states=given("context", 1, 256, 4096),
        txt_ids=torch.zeros(256, 3), img_ids=flux_places(0)).sample))
    save(name, families.flux_picture(transformer, pooled, autoencoder, guidance, reference))


def flux_schnell():
    flux("flux-schnell", False, False)


def flux_kontext():
    flux("flux-kontext", True, True)


# ---- FLUX.2 klein ----

KLEIN_HIDDEN, KLEIN_CONTEXT = 256, 3 * LLM_HIDDEN


def klein_layout(hidden=KLEIN_HIDDEN, single=families.SINGLE):
    layout = components.Layout()

    def layer(name, outputs, inputs):
        layout.layer(name, outputs, inputs, bias=False)

    layer("img_in", hidden, 128)
    layer("txt_in", hidden, KLEIN_CONTEXT)
    layer("time_in.in_layer", hidden, 256)
    layer("time_in.out_layer", hidden, hidden)
    for name, parts in (("double_stream_modulation_img", 6), ("double_stream_modulation_txt", 6), ("single_stream_modulation", 3)):
        layer(f"{name}.lin", parts * hidden, hidden)
    for i in range(families.DOUBLE):
        for stream in ("img", "txt"):
            block = f"double_blocks.{i}.{stream}"
            layer(f"{block}_attn.qkv", 3 * hidden, hidden)
            layer(f"{block}_attn.proj", hidden, hidden)
            layout.shapes[f"{block}_attn.norm.query_norm.scale"] = layout.shapes[f"{block}_attn.norm.key_norm.scale"] = (128,)
            layer(f"{block}_mlp.0", 6 * hidden, hidden)
            layer(f"{block}_mlp.2", hidden, 3 * hidden)
    for i in range(single):
        block = f"single_blocks.{i}"
        layer(f"{block}.linear1", 9 * hidden, hidden)
        layer(f"{block}.linear2", hidden, 4 * hidden)
        layout.shapes[f"{block}.norm.query_norm.scale"] = layout.shapes[f"{block}.norm.key_norm.scale"] = (128,)
    layer("final_layer.linear", 128, hidden)
    layer("final_layer.adaLN_modulation.1", 2 * hidden, hidden)
    return layout


def klein_transformer(tensors):
    model = diffusers.Flux2Transformer2DModel(
        in_channels=128, num_layers=families.DOUBLE, num_single_layers=families.SINGLE, attention_head_dim=128,
        num_attention_heads=KLEIN_HIDDEN // 128, joint_attention_dim=KLEIN_CONTEXT, guidance_embeds=False)
    model.load_state_dict(single_file_utils.convert_flux2_transformer_checkpoint_to_diffusers(dict(tensors)))
    return model.eval()


def flux2_statistics():
    """Of the VAE's batch norm, which the runtime has in its source."""
    text = (source() / "src/model/vae/auto_encoder_kl.hpp").read_text()
    lists = re.findall(r"from_vector\(\{([^}]*)\}\)", text)[:2]
    return [
        torch.tensor([float(x.rstrip("f")) for x in re.findall(r"-?\d+\.\d+f", numbers)]).view(1, 128, 1, 1) for numbers in lists]


def flux2_klein():
    file, text, vae = file_of(klein_layout()), qwen3_file(), vae_file(32, quantised=True)
    file.write("flux2-klein")
    vae.write("vae32")
    ids = chat(PROMPT, thinks=True)
    mask, ids = [1] * len(ids) + [0] * (512 - len(ids)), ids + [151643] * (512 - len(ids))
    states = qwen3(text.tensors)(
        input_ids=torch.tensor([ids]), attention_mask=torch.tensor([mask]), output_hidden_states=True).hidden_states
    context = torch.cat([states[k] for k in (9, 18, 27)], -1)
    transformer, (mean, deviation) = klein_transformer(file.tensors), flux2_statistics()
    places = torch.cartesian_prod(torch.arange(1), torch.arange(ROWS), torch.arange(COLUMNS), torch.arange(1))
    words = torch.cartesian_prod(torch.arange(1), torch.arange(1), torch.arange(1), torch.arange(512))
    generator = torch.Generator("cpu").manual_seed(families.SEED)
    start, autoencoder = torch.randn((1, 128, ROWS, COLUMNS), generator=generator), reference_vae(vae.tensors, 32, True)
    reference = families.encoded(autoencoder, families.given_picture())
    reference = reference.view(1, 32, ROWS, 2, COLUMNS, 2).permute(0, 1, 3, 5, 2, 4).reshape(1, 128, ROWS, COLUMNS)

    def predict(x, sigma, context, *pictures):
        # References are ten apart in the first of their places.
        ids = torch.cat([places] + [places + torch.tensor([10, 0, 0, 0])] * len(pictures))
        return transformer(
            hidden_states=torch.cat([y.flatten(2).permute(0, 2, 1) for y in (x, *pictures)], 1), encoder_hidden_states=context,
            timestep=torch.tensor([sigma]), img_ids=ids, txt_ids=words[:context.shape[1]],
            guidance=None).sample[:, :ROWS * COLUMNS].permute(0, 2, 1).view(x.shape)

    def decode(x):
        x = x.view(1, 32, 2, 2, ROWS, COLUMNS).permute(0, 1, 4, 2, 5, 3).reshape(1, 32, 2 * ROWS, 2 * COLUMNS)
        return autoencoder.decode(x).sample

    def draw(*pictures):
        x = start
        for sigma, following in SIGMAS:
            x = x + (following - sigma) * predict(x, sigma, context, *pictures)
        return picture(decode(x * deviation + mean))

    save_part("flux2-klein.text", context)
    save_part("flux2-klein.prediction", predict(start, SIGMA, given("context", 1, 40, KLEIN_CONTEXT)))
    save_part("vae32.decoded", decode(start))
    save_part("vae32.encoded", reference)
    base = save("flux2-klein", draw())
    save("flux2-klein.edit", draw((reference - mean) / deviation))
    draw_loras("flux2-klein", klein_loras(transformer), (transformer,), base, draw)


# ---- SD 3.5 ----

# Of T5's tokens, and of the zeros in their place without one.
SD3_T5_LENGTH = 256
SD3_HIDDEN, SD3_DEPTH, SD3_PLACES, SD3_DUAL = 384, 24, 64, 13


def sd3_layout():
    layout, hidden = components.Layout(), SD3_HIDDEN
    layout.shapes["pos_embed"] = (1, SD3_PLACES**2, hidden)
    layout.layer("x_embedder.proj", hidden, 16, 2, 2)
    layout.layer("context_embedder", hidden, 4096)
    for name, inputs in (("t_embedder", 256), ("y_embedder", 2048)):
        layout.layer(f"{name}.mlp.0", hidden, inputs)
        layout.layer(f"{name}.mlp.2", hidden, hidden)
    for i in range(SD3_DEPTH):
        for stream in ("x_block", "context_block"):
            block, is_last = f"joint_blocks.{i}.{stream}", stream == "context_block" and i == SD3_DEPTH - 1
            is_dual = stream == "x_block" and i < SD3_DUAL
            for attention in ("attn", "attn2") if is_dual else ("attn",):
                layout.layer(f"{block}.{attention}.qkv", 3 * hidden, hidden)
                for norm in ("ln_q", "ln_k"):
                    layout.layer(f"{block}.{attention}.{norm}", hidden // SD3_DEPTH, bias=False)
                if not is_last:
                    layout.layer(f"{block}.{attention}.proj", hidden, hidden)
            if not is_last:
                layout.layer(f"{block}.mlp.fc1", 4 * hidden, hidden)
                layout.layer(f"{block}.mlp.fc2", hidden, 4 * hidden)
            layout.layer(f"{block}.adaLN_modulation.1", (2 if is_last else 9 if is_dual else 6) * hidden, hidden)
    layout.layer("final_layer.linear", 64, hidden)
    layout.layer("final_layer.adaLN_modulation.1", 2 * hidden, hidden)
    return layout


def sd3_transformer(tensors):
    model = diffusers.SD3Transformer2DModel(
        sample_size=SD3_PLACES, patch_size=2, in_channels=16, num_layers=SD3_DEPTH, attention_head_dim=SD3_HIDDEN // SD3_DEPTH,
        num_attention_heads=SD3_DEPTH, joint_attention_dim=4096, caption_projection_dim=SD3_HIDDEN, pooled_projection_dim=2048,
        out_channels=16, pos_embed_max_size=SD3_PLACES, dual_attention_layers=tuple(range(SD3_DUAL)), qk_norm="rms_norm")
    model.load_state_dict(single_file_utils.convert_sd3_transformer_checkpoint_to_diffusers(dict(tensors)))
    return model.eval()


SD3_CLIP_L, SD3_CLIP_G = (f"text_encoders.clip_{size}.transformer.text_model" for size in "lg")


def sd35_file():
    """One file as sd3.5_medium_incl_clips.safetensors is."""
    layout, transformer = components.Layout(), sd3_layout()
    layout.shapes = {f"{components.UNET}.{name}": shape for name, shape in transformer.shapes.items()}
    vae = vae_file(16, quantised=False)
    layout.shapes |= {f"{components.VAE}.{name}": tuple(value.shape) for name, value in vae.tensors.items()}
    layout.shapes |= families.renamed(components.Layout.text, components.TEXT, SD3_CLIP_L)
    layout.shapes |= clip_g_shapes(SD3_CLIP_G)
    layout.shapes["text_encoders.clip_g.transformer.text_projection.weight"] = (1280, 1280)
    return file_of(layout)


def sd35_reference(file):
    """What CLIP's ids become, without a T5, what the transformer predicts, and the VAE."""
    first, second = families.clip_l(file.tensors, SD3_CLIP_L), families.clip(
        without("text_encoders.clip_g.transformer.", file.tensors), 1280, 32, 20)
    model = sd3_transformer(without(f"{components.UNET}.", file.tensors))
    autoencoder = reference_vae(without(f"{components.VAE}.", file.tensors), 16, False)

    def encode(ids):
        one = first(input_ids=padded(ids, END), output_hidden_states=True)
        two = second(input_ids=padded(ids, 0), output_hidden_states=True)
        both = torch.cat([one.hidden_states[-2], two.hidden_states[-2]], -1)
        context = torch.cat([torch.nn.functional.pad(both, (0, 4096 - 2048)), torch.zeros(1, SD3_T5_LENGTH, 4096)], 1)
        return context, torch.cat([one.pooler_output, two.text_embeds], -1)

    def predict(x, context, pooled, sigma):
        return model(x, context, pooled, torch.tensor([1000 * sigma])).sample

    return (first, second, model), encode, predict, autoencoder


def sd35_decoded(autoencoder, x):
    return picture(autoencoder.decode(x / 1.5305 + 0.0609).sample)


def sd35():
    file = sd35_file()
    file.write("sd3.5")
    modules, encode, predict, autoencoder = sd35_reference(file)
    text, nothing = encode(IDS), encode([BEGIN, END])
    save_part("sd3.5.text", text[0])
    save_part("sd3.5.pooled", text[1])
    save_part("sd3.5.prediction", predict(noise(16), given("context", 1, LENGTH, 4096), text[1], SIGMA))
    save_vae("sd3.5", autoencoder, 16)

    def draw(guidance=1):
        x, text = noise(16), encode(IDS)  # again, as LoRAs change it
        for sigma, following in SIGMAS:
            velocity = predict(x, *text, sigma)
            if guidance != 1:
                away = predict(x, *nothing, sigma)
                velocity = away + guidance * (velocity - away)
            x = x + (following - sigma) * velocity
        return sd35_decoded(autoencoder, x)

    first, second, model = modules
    base = save("sd3.5", draw())
    save("sd3.5.guided", draw(4))
    draw_loras("sd3.5", sd3_loras(model, first, second), modules, base, draw)


def clip_g_shapes(prefix):
    layout, width = components.Layout(), 1280
    layout.layer(f"{prefix}.embeddings.token_embedding", 49408, width, bias=False)
    layout.layer(f"{prefix}.embeddings.position_embedding", LENGTH, width, bias=False)
    for i in range(32):
        block = f"{prefix}.encoder.layers.{i}"
        for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
            layout.layer(f"{block}.self_attn.{part}", width, width)
        layout.norm(f"{block}.layer_norm1", width)
        layout.norm(f"{block}.layer_norm2", width)
        layout.layer(f"{block}.mlp.fc1", 4 * width, width)
        layout.layer(f"{block}.mlp.fc2", width, 4 * width)
    layout.norm(f"{prefix}.final_layer_norm", width)
    return layout.shapes


# ---- Qwen-Image ----

QWEN_BLOCKS, QWEN_LLM_LAYERS = 1, 2
QWEN_SYSTEM = (
    "Describe the image by detailing the color, shape, size, texture, quantity, text, spatial relationships of the objects and"
    " background:")


def qwen_image_layout():
    layout, hidden = components.Layout(), 3072
    layout.layer("img_in", hidden, 64)
    layout.layer("txt_in", hidden, 3584)
    layout.layer("txt_norm", 3584, bias=False)
    layout.layer("time_text_embed.timestep_embedder.linear_1", hidden, 256)
    layout.layer("time_text_embed.timestep_embedder.linear_2", hidden, hidden)
    for i in range(QWEN_BLOCKS):
        block = f"transformer_blocks.{i}"
        for stream in ("img", "txt"):
            layout.layer(f"{block}.{stream}_mod.1", 6 * hidden, hidden)
            layout.layer(f"{block}.{stream}_mlp.net.0.proj", 4 * hidden, hidden)
            layout.layer(f"{block}.{stream}_mlp.net.2", hidden, 4 * hidden)
        for part in ("to_q", "to_k", "to_v", "to_out.0", "add_q_proj", "add_k_proj", "add_v_proj", "to_add_out"):
            layout.layer(f"{block}.attn.{part}", hidden, hidden)
        for norm in ("norm_q", "norm_k", "norm_added_q", "norm_added_k"):
            layout.layer(f"{block}.attn.{norm}", 128, bias=False)
    layout.layer("norm_out.linear", 2 * hidden, hidden)
    layout.layer("proj_out", 64, hidden)
    return layout


def wan_vae_layout():
    """Wan's names, found by asking diffusers' converter what becomes of each that there could be."""
    with torch.device("meta"):
        shapes = {name: tuple(value.shape) for name, value in diffusers.AutoencoderKLWan().state_dict().items()}
    both = ("weight", "bias")
    names = [f"{layer}.{kind}" for layer in ("conv1", "conv2") for kind in both]
    layers = ("residual.2", "residual.6", "shortcut", "resample.1", "time_conv")
    inner = ["residual.0.gamma", "residual.3.gamma"] + [f"{layer}.{kind}" for layer in layers for kind in both]
    for part, levels in (("encoder", "downsamples"), ("decoder", "upsamples")):
        names += [f"{part}.{layer}.{kind}" for layer in ("conv1", "head.2", "middle.1.to_qkv", "middle.1.proj") for kind in both]
        names += [f"{part}.head.0.gamma", f"{part}.middle.1.norm.gamma"]
        names += [f"{part}.middle.{i}.{name}" for i in (0, 2) for name in inner]
        names += [f"{part}.{levels}.{i}.{name}" for i in range(16) for name in inner]
    layout, found = components.Layout(), set()
    for name in names:
        for converted in single_file_utils.convert_wan_vae_to_diffusers({name: torch.zeros(1)}):
            if converted in shapes and converted not in found:
                layout.shapes[name] = shapes[converted]
                found.add(converted)
    assert found == set(shapes), set(shapes) - found
    return layout


def qwen_image():
    file = file_of(qwen_image_layout())
    file.write("qwen-image")
    vae = file_of(wan_vae_layout())
    vae.write("wan-vae")
    text = file_of(qwen_layout(3584, QWEN_LLM_LAYERS, 28, 4, 152064, False))
    text.write("qwen2.5")
    ids = chat(PROMPT, system=QWEN_SYSTEM)
    model = language_model(text.tensors, "qwen2", 3584, QWEN_LLM_LAYERS, 28, 4, 152064)
    context = model(input_ids=torch.tensor([ids])).last_hidden_state[:, 34:]
    del model, text
    with torch.device("meta"):
        transformer = diffusers.QwenImageTransformer2DModel(num_layers=QWEN_BLOCKS)
    transformer.load_state_dict(file.tensors, assign=True)
    transformer = transformer.eval()
    transformer.pos_embed = type(transformer.pos_embed)(theta=10000, axes_dim=[16, 56, 56], scale_rope=True)
    autoencoder = diffusers.AutoencoderKLWan()
    autoencoder.load_state_dict(single_file_utils.convert_wan_vae_to_diffusers(dict(vae.tensors)))
    statistics = autoencoder.config
    mean = torch.tensor(statistics.latents_mean).view(1, 16, 1, 1)
    deviation = torch.tensor(statistics.latents_std).view(1, 16, 1, 1)
    start, autoencoder = flux_packed(noise(16)), autoencoder.eval()
    given_picture = torch.tensor(families.given_picture()).permute(2, 0, 1)[None, :, None].float() / 127.5 - 1
    latents = autoencoder.encode(given_picture).latent_dist.mode()[:, :, 0]

    def predict(x, sigma, context, *pictures):
        return transformer(
            hidden_states=torch.cat([x, *pictures], 1), encoder_hidden_states=context, timestep=torch.tensor([sigma]),
            encoder_hidden_states_mask=torch.ones(1, context.shape[1], dtype=torch.long),
            img_shapes=[[(1, ROWS, COLUMNS)] * (1 + len(pictures))]).sample[:, :ROWS * COLUMNS]

    def decode(x):
        return autoencoder.decode(x[:, :, None]).sample[:, :, 0]

    def draw(*pictures):
        x = start
        for sigma, following in SIGMAS:
            x = x + (following - sigma) * predict(x, sigma, context, *pictures)
        return picture(decode(flux_unpacked(x) * deviation + mean))

    save_part("qwen-image.text", context)
    save_part("qwen-image.prediction", flux_unpacked(predict(start, SIGMA, given("context", 1, 23, 3584))))
    save_part("wan-vae.decoded", decode(noise(16)))
    save_part("wan-vae.encoded", latents)
    base = save("qwen-image", draw())
    # Without a vision tower an edit is told the prompt as for a picture of its own.
    save("qwen-image.edit", draw(flux_packed((latents - mean) / deviation)))
    draw_loras("qwen-image", qwen_image_loras(transformer), (transformer,), base, draw)


ALL = {
    "z-image": z_image, "flux-schnell": flux_schnell, "flux-kontext": flux_kontext, "flux2-klein": flux2_klein, "sd3.5": sd35,
    "qwen-image": qwen_image}


if __name__ == "__main__":
    families.run(ALL)
