"""Writes what pictures of models that a language model reads prompts for are compared with, beside those of
transformer_families.py: FLUX.2 dev, Ovis-Image, LongCat-Image, ERNIE-Image and Anima. As families.py does it, whose folder
and cases.json this one adds to.

    pip install -r requirements.txt && python llm_families.py [CASE ...]

Token ids come from the runtime's own merges and vocabularies (RUNTIME_SOURCE, or where CMake has put it).
"""

import inspect
import json
import math
import re
import types

import diffusers
import torch
import transformers
from diffusers.loaders import single_file_utils
from diffusers.models.transformers import transformer_cosmos
from tokenizers import AddedToken, Regex, Tokenizer, models, pre_tokenizers

import components
import families
import t5_qwen
from families import DOUBLE, HIDDEN, SINGLE, flux_packed, flux_places, flux_unpacked, noise, picture, save
from transformer_families import (
    COLUMNS, LLM_HIDDEN, PROMPT, QWEN_LLM_LAYERS, ROWS, SIGMAS, chat, distribution, file_of, flux2_statistics, klein_layout, language_model,
    qwen3, qwen3_file, qwen_layout, reference_vae, source, tokenizer, vae_file, wan_vae_layout)

# ---- Mistral's language models ----


def mistral_tokenizer():
    def listing(name):
        text = (source() / f"src/tokenizers/vocab/{name}.hpp").read_text()
        return bytes(int(byte, 16) for byte in re.findall(r"0x([0-9a-fA-F]{2})", text)).decode()

    merges = [tuple(line.split(" ")) for line in listing("mistral_merges").split("\n") if " " in line]
    result = Tokenizer(models.BPE(json.loads(listing("mistral_vocab")), merges))
    upper, lower = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
    words = (
        rf"[^\r\n\p{{L}}\p{{N}}]?{upper}*{lower}+|[^\r\n\p{{L}}\p{{N}}]?{upper}+{lower}*|\p{{N}}|"
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
    result.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(words), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    special = ["<s>", "[INST]", "[/INST]", "<pad>", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]"]
    result.add_special_tokens([AddedToken(text, normalized=False) for text in special])
    return result


def mistral_file(layers):
    return file_of(qwen_layout(LLM_HIDDEN, layers, 32, 8, 131072, False, biased=False))


def mistral(tensors, layers, rope):
    config = transformers.MistralConfig(
        vocab_size=131072, hidden_size=LLM_HIDDEN, intermediate_size=128, num_hidden_layers=layers, num_attention_heads=32,
        num_key_value_heads=8, head_dim=128, rms_norm_eps=1e-5, max_position_embeddings=131072, sliding_window=None,
        rope_parameters=rope, attn_implementation="eager")
    with torch.device("meta"):
        model = transformers.MistralModel(config)
    model.load_state_dict(families.without("model.", tensors), assign=True)
    model.rotary_emb = type(model.rotary_emb)(config)
    return model.eval()


# ---- what they all draw with ----


def flow_picture(start, velocity, decode):
    x = start
    for sigma, following in SIGMAS:
        x = x + (following - sigma) * velocity(x, torch.tensor([sigma]))
    return picture(decode(x))


def flux2_noise():
    generator = torch.Generator("cpu").manual_seed(families.SEED)
    return torch.randn((1, 128, ROWS, COLUMNS), generator=generator)


def flux2_decoder():
    autoencoder, (mean, deviation) = reference_vae(vae_file(32, quantised=True).tensors, 32, True), flux2_statistics()

    def decode(x):
        x = (x * deviation + mean).view(1, 32, 2, 2, ROWS, COLUMNS).permute(0, 1, 4, 2, 5, 3)
        return autoencoder.decode(x.reshape(1, 32, 2 * ROWS, 2 * COLUMNS)).sample

    return decode


def flux1_decoder():
    autoencoder = reference_vae(vae_file(16, quantised=False).tensors, 16, False)
    return lambda x: autoencoder.decode(flux_unpacked(x) / 0.3611 + 0.1159).sample


def wan_decoder():
    autoencoder = diffusers.AutoencoderKLWan()
    autoencoder.load_state_dict(single_file_utils.convert_wan_vae_to_diffusers(dict(file_of(wan_vae_layout()).tensors)))
    mean, deviation = (
        torch.tensor(values).view(1, 16, 1, 1) for values in (autoencoder.config.latents_mean, autoencoder.config.latents_std))
    autoencoder = autoencoder.eval()
    return lambda x: autoencoder.decode((x * deviation + mean)[:, :, None]).sample[:, :, 0]


def converted(tensors, mlp_ratio):
    """diffusers' own reading of FLUX.1's names, but for two numbers that it takes for granted."""
    code = inspect.getsource(single_file_utils.convert_flux_transformer_checkpoint_to_diffusers)
    code = code.replace("inner_dim = 3072", f"inner_dim = {HIDDEN}").replace("mlp_ratio = 4.0", f"mlp_ratio = {mlp_ratio}")
    space = dict(vars(single_file_utils))
    exec(code, space)
    absent = {f"vector_in.{name}_layer.{kind}": torch.zeros(1) for name in ("in", "out") for kind in ("weight", "bias")}
    result = space["convert_flux_transformer_checkpoint_to_diffusers"](dict(tensors) | absent)
    return {name: value for name, value in result.items() if not name.startswith("time_text_embed.text_embedder")}


def renamed(tensors, old, new):
    return {name.replace(old, new, 1) if name.startswith(old) else name: value for name, value in tensors.items()}


def flux1_layout(context):
    layout, whole = components.Layout(), components.Layout()
    families.flux_transformer(whole)
    layout.shapes = {
        name: shape for name, shape in families.without(f"{components.UNET}.", whole.shapes).items()
        if not name.startswith(("guidance_in", "vector_in"))}
    layout.layer("txt_in", HIDDEN, context)
    return layout


# ---- FLUX.2 dev ----

DEV_HIDDEN, DEV_SINGLE, DEV_LLM_LAYERS = 128, 48, 31
DEV_SYSTEM = (
    "You are an AI that reasons about image descriptions. You give structured responses focusing on object relationships,"
    " object\nattribution and actions without speculation.")


def flux2_dev():
    """With all single blocks, by whose number the runtime knows it. Where there is no word there are zeros, before the words as
    the padding of diffusers' pipeline is."""
    layout = klein_layout(DEV_HIDDEN, DEV_SINGLE)
    layout.layer("guidance_in.in_layer", DEV_HIDDEN, 256, bias=False)
    layout.layer("guidance_in.out_layer", DEV_HIDDEN, DEV_HIDDEN, bias=False)
    file, text = file_of(layout), mistral_file(DEV_LLM_LAYERS)
    file.write("flux2-dev")
    text.write("mistral-small")
    ids = mistral_tokenizer().encode(f"<s>[SYSTEM_PROMPT]{DEV_SYSTEM}[/SYSTEM_PROMPT][INST]{PROMPT}[/INST]").ids
    model = mistral(text.tensors, DEV_LLM_LAYERS, {"rope_type": "default", "rope_theta": 1e9})
    states = model(input_ids=torch.tensor([ids]), output_hidden_states=True).hidden_states
    words = torch.cat([states[k] for k in (10, 20, 30)], -1)
    context = torch.nn.functional.pad(words, (0, 0, 512 - len(ids), 0))
    transformer = diffusers.Flux2Transformer2DModel(
        in_channels=128, num_layers=DOUBLE, num_single_layers=DEV_SINGLE, attention_head_dim=128,
        num_attention_heads=DEV_HIDDEN // 128, joint_attention_dim=3 * LLM_HIDDEN, guidance_embeds=True)
    transformer.load_state_dict(single_file_utils.convert_flux2_transformer_checkpoint_to_diffusers(dict(file.tensors)))
    transformer = transformer.eval()
    places = torch.cartesian_prod(torch.arange(1), torch.arange(ROWS), torch.arange(COLUMNS), torch.arange(1))
    text_places = torch.cartesian_prod(torch.arange(1), torch.arange(1), torch.arange(1), torch.arange(512))

    def velocity(x, sigma):
        result = transformer(
            hidden_states=x.flatten(2).permute(0, 2, 1), encoder_hidden_states=context, timestep=sigma, img_ids=places,
            txt_ids=text_places, guidance=torch.tensor([4.0])).sample
        return result.permute(0, 2, 1).view(x.shape)

    save("flux2-dev", flow_picture(flux2_noise(), velocity, flux2_decoder()))


# ---- Ovis-Image ----

OVIS_SYSTEM = (
    "Describe the image by detailing the color, quantity, text, shape, size, texture, spatial relationships of the objects and"
    " background: ")


def ovis_layout():
    layout = flux1_layout(LLM_HIDDEN)
    layout.shapes["txt_norm.scale"] = (LLM_HIDDEN,)
    for i in range(DOUBLE):
        for stream in ("img", "txt"):
            mlp = f"double_blocks.{i}.{stream}_mlp"
            for name in ("0.weight", "0.bias", "2.weight", "2.bias"):
                del layout.shapes[f"{mlp}.{name}"]
            layout.layer(f"{mlp}.gate_proj", 4 * HIDDEN, HIDDEN)
            layout.layer(f"{mlp}.up_proj", 4 * HIDDEN, HIDDEN)
            layout.layer(f"{mlp}.down_proj", HIDDEN, 4 * HIDDEN)
    for i in range(SINGLE):
        layout.layer(f"single_blocks.{i}.linear1", 11 * HIDDEN, HIDDEN)
    return layout


def ovis_transformer(tensors):
    tensors = dict(tensors)
    norm = tensors.pop("txt_norm.scale")
    for name in [name for name in tensors if ".gate_proj." in name]:
        up, down = name.replace("gate_proj", "up_proj"), name.replace("gate_proj", "down_proj")
        tensors[name.replace("gate_proj", "0")] = torch.cat([tensors.pop(up), tensors.pop(name)])
        tensors[name.replace("gate_proj", "2")] = tensors.pop(down)
    model = diffusers.OvisImageTransformer2DModel(
        num_layers=DOUBLE, num_single_layers=SINGLE, num_attention_heads=HIDDEN // 128, joint_attention_dim=LLM_HIDDEN)
    found = renamed(converted(tensors, 8.0), "time_text_embed.timestep_embedder", "timestep_embedder")
    model.load_state_dict(found | {"context_embedder_norm.weight": norm})
    return model.eval()


def ovis_image():
    file, text = file_of(ovis_layout()), qwen3_file()
    file.write("ovis-image")
    ids = chat(OVIS_SYSTEM + PROMPT, thinks=True)
    count, ids = len(ids), ids + [151643] * (28 + 256 - len(ids))
    mask = (torch.arange(28 + 256) < count)[None].long()
    context = qwen3(text.tensors)(input_ids=torch.tensor([ids]), attention_mask=mask).last_hidden_state
    context, transformer = (context * mask[..., None])[:, 28:], ovis_transformer(file.tensors)
    text_places = torch.arange(256)[:, None] * torch.tensor([[0.0, 1.0, 1.0]])

    def velocity(x, sigma):
        return transformer(
            hidden_states=x, encoder_hidden_states=context, timestep=sigma, img_ids=flux_places(0), txt_ids=text_places).sample

    save("ovis-image", flow_picture(flux_packed(noise(16)), velocity, flux1_decoder()))


# ---- LongCat-Image ----

LONGCAT_SYSTEM = (
    "As an image captioning expert, generate a descriptive text prompt based on an image content, suitable for input to a"
    " text-to-image model.")
LONGCAT_PROMPT = "a red sign that says 'Hi 5' on a white wall"


def longcat_transformer(tensors):
    model = diffusers.LongCatImageTransformer2DModel(
        num_layers=DOUBLE, num_single_layers=SINGLE, num_attention_heads=HIDDEN // 128, joint_attention_dim=3584,
        pooled_projection_dim=3584)
    model.load_state_dict(renamed(converted(tensors, 4.0), "time_text_embed.timestep_embedder", "time_embed.timestep_embedder"))
    return model.eval()


def longcat_image():
    """The words, quoted ones letter by letter, are padded between what stands before and behind them."""
    file = file_of(flux1_layout(3584))
    file.write("longcat-image")
    text = file_of(qwen_layout(3584, QWEN_LLM_LAYERS, 28, 4, 152064, False))
    encode = tokenizer().encode
    words = []
    for part, is_quoted in diffusers.pipelines.longcat_image.pipeline_longcat_image.split_quotation(LONGCAT_PROMPT):
        for piece in part if is_quoted else [part]:
            words += encode(piece).ids
    before = encode(f"<|im_start|>system\n{LONGCAT_SYSTEM}<|im_end|>\n<|im_start|>user\n").ids
    behind = encode("<|im_end|>\n<|im_start|>assistant\n").ids
    ids = before + words + [151643] * (512 - len(words)) + behind
    mask = [1] * (len(before) + len(words)) + [0] * (512 - len(words)) + [1] * len(behind)
    model = language_model(text.tensors, "qwen2", 3584, QWEN_LLM_LAYERS, 28, 4, 152064)
    states = model(input_ids=torch.tensor([ids]), attention_mask=torch.tensor([mask])).last_hidden_state
    context = states[:, len(before):-len(behind)]
    del model, text
    transformer = longcat_transformer(file.tensors)
    text_places = torch.arange(512)[:, None] * torch.tensor([[0.0, 1.0, 1.0]])
    places = flux_places(1) + torch.tensor([0, 512, 512])

    def velocity(x, sigma):
        return transformer(
            hidden_states=x, encoder_hidden_states=context, timestep=sigma, img_ids=places, txt_ids=text_places).sample

    save("longcat-image", flow_picture(flux_packed(noise(16)), velocity, flux1_decoder()))


# ---- ERNIE-Image ----

ERNIE_HIDDEN, ERNIE_LAYERS, ERNIE_LLM_LAYERS = 256, 2, 26
# Ministral's, as transformers has it where a model's configuration says nothing else.
ERNIE_ROPE = {
    "rope_type": "yarn", "rope_theta": 1e6, "factor": 16.0, "original_max_position_embeddings": 16384, "beta_fast": 32.0,
    "beta_slow": 1.0, "mscale": 1.0, "mscale_all_dim": 1.0}


def ernie_layout():
    layout, hidden, inner = components.Layout(), ERNIE_HIDDEN, 512
    layout.layer("x_embedder.proj", hidden, 128, 1, 1)
    layout.layer("text_proj", hidden, LLM_HIDDEN, bias=False)
    layout.layer("time_embedding.linear_1", hidden, hidden)
    layout.layer("time_embedding.linear_2", hidden, hidden)
    layout.layer("adaLN_modulation.1", 6 * hidden, hidden)
    for i in range(ERNIE_LAYERS):
        block = f"layers.{i}"
        for part in ("to_q", "to_k", "to_v", "to_out.0"):
            layout.layer(f"{block}.self_attention.{part}", hidden, hidden, bias=False)
        for norm in ("self_attention.norm_q", "self_attention.norm_k"):
            layout.layer(f"{block}.{norm}", 128, bias=False)
        for norm in ("adaLN_sa_ln", "adaLN_mlp_ln"):
            layout.layer(f"{block}.{norm}", hidden, bias=False)
        for part in ("gate_proj", "up_proj"):
            layout.layer(f"{block}.mlp.{part}", inner, hidden, bias=False)
        layout.layer(f"{block}.mlp.linear_fc2", hidden, inner, bias=False)
    layout.layer("final_norm.linear", 2 * hidden, hidden)
    layout.layer("final_linear", 128, hidden)
    return layout


def ernie_image():
    file, text = file_of(ernie_layout()), mistral_file(ERNIE_LLM_LAYERS)
    file.write("ernie-image")
    text.write("ministral")
    ids = mistral_tokenizer().encode(f"<s>{PROMPT}").ids
    model = mistral(text.tensors, ERNIE_LLM_LAYERS, ERNIE_ROPE)
    context = model(input_ids=torch.tensor([ids]), output_hidden_states=True).hidden_states[-2]
    transformer = diffusers.ErnieImageTransformer2DModel(
        hidden_size=ERNIE_HIDDEN, num_attention_heads=ERNIE_HIDDEN // 128, num_layers=ERNIE_LAYERS, ffn_hidden_size=512,
        text_in_dim=LLM_HIDDEN)
    transformer.load_state_dict(file.tensors)
    transformer = transformer.eval()

    def velocity(x, sigma):
        return transformer(
            hidden_states=x, timestep=1000 * sigma, text_bth=context, text_lens=torch.tensor([context.shape[1]])).sample

    save("ernie-image", flow_picture(flux2_noise(), velocity, flux2_decoder()))


# ---- Anima ----

ANIMA_WIDTH, ANIMA_TEXT, ANIMA_BLOCKS, ANIMA_LLM_LAYERS = 2048, 1024, 1, 2
ADAPTER_BLOCKS, ADAPTER_HEADS = 6, 16


def anima_layout():
    """Cosmos-Predict2's transformer, but for the number of its blocks, and an adapter between the language model and it."""
    layout, width, text = components.Layout(), ANIMA_WIDTH, ANIMA_TEXT

    def layer(name, outputs, inputs, bias=False):
        layout.layer(f"net.{name}", outputs, inputs, bias=bias)

    def attention(name, inputs, context, inner, head, out):
        layer(f"{name}.q_proj", inner, inputs)
        layer(f"{name}.k_proj", inner, context)
        layer(f"{name}.v_proj", inner, context)
        layer(f"{name}.{out}", inputs, inner)
        for norm in ("q_norm", "k_norm"):
            layout.layer(f"net.{name}.{norm}", head, bias=False)

    layer("x_embedder.proj.1", width, 68)
    layer("t_embedder.1.linear_1", width, width)
    layer("t_embedder.1.linear_2", 3 * width, width)
    layout.layer("net.t_embedding_norm", width, bias=False)
    for i in range(ANIMA_BLOCKS):
        block = f"blocks.{i}"
        for part in ("self_attn", "cross_attn", "mlp"):
            layer(f"{block}.adaln_modulation_{part}.1", 256, width)
            layer(f"{block}.adaln_modulation_{part}.2", 3 * width, 256)
        attention(f"{block}.self_attn", width, width, width, 128, "output_proj")
        attention(f"{block}.cross_attn", width, text, width, 128, "output_proj")
        layer(f"{block}.mlp.layer1", 4 * width, width)
        layer(f"{block}.mlp.layer2", width, 4 * width)
    layer("final_layer.adaln_modulation.1", 256, width)
    layer("final_layer.adaln_modulation.2", 2 * width, 256)
    layer("final_layer.linear", 64, width)
    layer("llm_adapter.embed", 32128, text)
    for i in range(ADAPTER_BLOCKS):
        block = f"llm_adapter.blocks.{i}"
        for part in ("self_attn", "cross_attn"):
            attention(f"{block}.{part}", text, text, text, text // ADAPTER_HEADS, "o_proj")
        for norm in ("norm_self_attn", "norm_cross_attn", "norm_mlp"):
            layout.layer(f"net.{block}.{norm}", text, bias=False)
        layer(f"{block}.mlp.0", 4 * text, text, bias=True)
        layer(f"{block}.mlp.2", text, 4 * text, bias=True)
    layer("llm_adapter.out_proj", text, text, bias=True)
    layout.layer("net.llm_adapter.norm", text, bias=False)
    return layout


def anima_distribution(name, shape):
    layer = name.removesuffix(".weight")
    if layer.endswith("llm_adapter.embed"):
        return 0, 1
    if layer.endswith(("output_proj", "mlp.layer2")):
        return 0, 0.2 / math.sqrt(shape[1])
    return distribution(name, shape)


def adapted(tensors, states, ids):
    """What Anima's adapter makes of the language model's states: embeddings of a T5's ids, which look at the states and, as
    written here from what its authors published, at themselves."""
    functional = torch.nn.functional

    def norm(x, name):
        return functional.rms_norm(x, x.shape[-1:], tensors[f"{name}.weight"], 1e-6)

    def linear(x, name):
        return functional.linear(x, tensors[f"{name}.weight"], tensors.get(f"{name}.bias"))

    def rotated(x):
        half = x.shape[-1] // 2
        angles = torch.arange(x.shape[2])[:, None] / 10000 ** (torch.arange(half) / half)
        cosines, sines = torch.cat(2 * [angles.cos()], -1), torch.cat(2 * [angles.sin()], -1)
        return x * cosines + torch.cat([-x[..., half:], x[..., :half]], -1) * sines

    def attention(x, seen, name):
        def heads(values, part):
            return linear(values, f"{name}.{part}_proj").unflatten(-1, (ADAPTER_HEADS, -1)).transpose(1, 2)

        q, k = rotated(norm(heads(x, "q"), f"{name}.q_norm")), rotated(norm(heads(seen, "k"), f"{name}.k_norm"))
        result = functional.scaled_dot_product_attention(q, k, heads(seen, "v"))
        return linear(result.transpose(1, 2).flatten(2), f"{name}.o_proj")

    x = functional.embedding(ids, tensors["embed.weight"])
    for i in range(ADAPTER_BLOCKS):
        block = f"blocks.{i}"
        seen = norm(x, f"{block}.norm_self_attn")
        x = x + attention(seen, seen, f"{block}.self_attn")
        x = x + attention(norm(x, f"{block}.norm_cross_attn"), states, f"{block}.cross_attn")
        inner = functional.gelu(linear(norm(x, f"{block}.norm_mlp"), f"{block}.mlp.0"))
        x = x + linear(inner, f"{block}.mlp.2")
    return norm(linear(x, "out_proj"), "norm")


def anima():
    # Resizes a mask, which has the size already, by torchvision.
    transformer_cosmos.transforms = types.SimpleNamespace(
        functional=types.SimpleNamespace(resize=lambda mask, *_, **__: mask),
        InterpolationMode=types.SimpleNamespace(NEAREST=None))
    file = families.file_of(anima_layout().shapes, anima_distribution)
    file.write("anima")
    text = file_of(qwen_layout(ANIMA_TEXT, ANIMA_LLM_LAYERS, 32, 8, 151936, True))
    text.write("qwen3-1024")
    model = language_model(text.tensors, "qwen3", ANIMA_TEXT, ANIMA_LLM_LAYERS, 32, 8, 151936)
    states = model(input_ids=torch.tensor([tokenizer().encode(PROMPT).ids])).last_hidden_state
    words = torch.tensor([t5_qwen.t5(source())(PROMPT)["input_ids"]])
    context = adapted(families.without("net.llm_adapter.", file.tensors), states, words)
    context = torch.nn.functional.pad(context, (0, 0, 0, 512 - context.shape[1]))
    transformer = diffusers.CosmosTransformer3DModel(
        num_attention_heads=16, num_layers=ANIMA_BLOCKS, rope_scale=(1.0, 4.0, 4.0), extra_pos_embed_type=None)
    kept = {name: value for name, value in file.tensors.items() if ".llm_adapter." not in name}
    transformer.load_state_dict(single_file_utils.convert_cosmos_transformer_checkpoint_to_diffusers(kept))
    transformer, padding = transformer.eval(), torch.zeros(1, 1, 2 * ROWS, 2 * COLUMNS)

    def velocity(x, sigma):
        return transformer(
            hidden_states=x[:, :, None], timestep=sigma, encoder_hidden_states=context, padding_mask=padding).sample[:, :, 0]

    save("anima", flow_picture(noise(16), velocity, wan_decoder()))


ALL = {
    "anima": anima, "flux2-dev": flux2_dev, "ovis-image": ovis_image, "longcat-image": longcat_image, "ernie-image": ernie_image}


if __name__ == "__main__":
    families.run(ALL)
