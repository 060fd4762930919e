"""Writes what pictures of models with a T5 are compared with: SD 3.5, FLUX.1 schnell and Chroma. As families.py does it, whose
folder and cases.json this one adds to.

The T5 has XXL's widths and two of its 24 blocks. It is told as many tokens as diffusers' pipelines tell it: 256 for SD 3.5 and
FLUX.1 schnell, 512 for FLUX.1 dev, padding included and without a mask, 512 for Chroma, with one.

    pip install -r requirements.txt && python t5_families.py [CASE ...]

Token ids come from the runtime's own vocabulary (RUNTIME_SOURCE, or where CMake has put it).
"""

import inspect
import math

import diffusers
import torch
import transformers
from diffusers.loaders import single_file_utils

import components
import families
import t5_qwen
import transformer_families
from components import END, LENGTH, given
from families import HIDDEN, IDS, flux_packed, flux_places, flux_unpacked, noise, padded, picture, save, save_part, without
from transformer_families import PROMPT, SD3_T5_LENGTH, SIGMA, SIGMAS, reference_vae, sd35_decoded, source, vae_file

T5_BLOCKS, T5_WIDTH = 2, 4096


# ---- T5 ----


def distribution(name, shape):
    """Attention without a scale wants small queries."""
    layer = name.removesuffix(".weight")
    if layer == "shared" or layer.endswith("relative_attention_bias"):
        return 0, 1
    if layer.endswith(("SelfAttention.o", "wo")):
        return 0, 0.3 / math.sqrt(shape[1])
    if layer.endswith("SelfAttention.q"):
        return 0, 0.15 / math.sqrt(shape[1])
    return families.distribution(name, shape)


def t5_file():
    layout, inner = components.Layout(), 10240

    def layer(name, outputs, *inputs):
        layout.layer(name, outputs, *inputs, bias=False)

    layer("shared", 32128, T5_WIDTH)
    layer("encoder.block.0.layer.0.SelfAttention.relative_attention_bias", 32, 64)
    for i in range(T5_BLOCKS):
        block = f"encoder.block.{i}"
        for part in "qkvo":
            layer(f"{block}.layer.0.SelfAttention.{part}", T5_WIDTH, T5_WIDTH)
        layer(f"{block}.layer.0.layer_norm", T5_WIDTH)
        layer(f"{block}.layer.1.DenseReluDense.wi_0", inner, T5_WIDTH)
        layer(f"{block}.layer.1.DenseReluDense.wi_1", inner, T5_WIDTH)
        layer(f"{block}.layer.1.DenseReluDense.wo", T5_WIDTH, inner)
        layer(f"{block}.layer.1.layer_norm", T5_WIDTH)
    layer("encoder.final_layer_norm", T5_WIDTH)
    return families.file_of(layout.shapes, distribution)


def t5():
    """A function of texts, a length and whether padding is masked, which tells the mask of the tokens, too."""
    file = t5_file()
    file.write("t5")
    config = transformers.T5Config(
        vocab_size=32128, d_model=T5_WIDTH, d_kv=64, d_ff=10240, num_layers=T5_BLOCKS, num_heads=64,
        feed_forward_proj="gated-gelu", is_encoder_decoder=False, use_cache=False)
    with torch.device("meta"):
        model = transformers.T5EncoderModel(config)
    model.load_state_dict(file.tensors | {"encoder.embed_tokens.weight": file.tensors["shared.weight"]}, assign=True)
    model, tokenizer = model.eval(), t5_qwen.t5(source())

    def encode(text, length, masked):
        ids = tokenizer(text)["input_ids"]
        words = torch.arange(length)[None] < len(ids)
        ids = torch.tensor([ids + [0] * (length - len(ids))])
        return model(input_ids=ids, attention_mask=words if masked else torch.ones_like(words)).last_hidden_state, words

    return encode


# ---- the cases ----


def sd35():
    """The file and the text of transformer_families.py."""
    context, _ = t5()(PROMPT, SD3_T5_LENGTH, masked=False)
    file = transformer_families.sd35_file()
    _, encode, predict, autoencoder = transformer_families.sd35_reference(file)
    text, pooled = encode(IDS)
    text[:, LENGTH:] = context
    save_part("sd3.5.t5.text", text)
    x = noise(16)
    for sigma, following in SIGMAS:
        x = x + (following - sigma) * predict(x, text, pooled, sigma)
    save("sd3.5.t5", sd35_decoded(autoencoder, x))


def flux_schnell():
    context, _ = t5()(PROMPT, 256, masked=False)
    file = transformer_families.flux_file(guided=False)
    pooled = families.clip_l(transformer_families.clip_l_file().tensors, "text_model")(input_ids=padded(IDS, END)).pooler_output
    transformer = families.flux_reference_transformer(
        {f"{components.UNET}.{name}": value for name, value in file.tensors.items()}, guidance=False)
    autoencoder = reference_vae(vae_file(16, quantised=False).tensors, 16, False)
    save_part("flux-schnell.t5.text", context)
    save("flux-schnell.t5", families.flux_picture(transformer, pooled, autoencoder, None, text=context))


DOUBLE, SINGLE, APPROXIMATOR = 19, 38, 5120


def chroma_layout():
    """All blocks: the runtime takes their numbers for granted where it looks for what modulates them."""
    layout = components.Layout()
    layout.layer("img_in", HIDDEN, 64)
    layout.layer("txt_in", HIDDEN, 4096)
    layout.layer("distilled_guidance_layer.in_proj", APPROXIMATOR, 64)
    for i in range(5):
        layout.layer(f"distilled_guidance_layer.layers.{i}.in_layer", APPROXIMATOR, APPROXIMATOR)
        layout.layer(f"distilled_guidance_layer.layers.{i}.out_layer", APPROXIMATOR, APPROXIMATOR)
        layout.shapes[f"distilled_guidance_layer.norms.{i}.scale"] = (APPROXIMATOR,)
    layout.layer("distilled_guidance_layer.out_proj", HIDDEN, APPROXIMATOR)
    for i in range(DOUBLE):
        for stream in ("img", "txt"):
            families.flux_stream(layout, f"double_blocks.{i}.{stream}")
    for i in range(SINGLE):
        families.flux_single(layout, f"single_blocks.{i}", modulated=False)
    layout.layer("final_layer.linear", 64, HIDDEN)
    return layout


def chroma_distribution(name, shape):
    if name.endswith("norms.0.scale") or ".norms." in name:
        return 1, 0.1
    if name.endswith("out_layer.weight"):
        return 0, 0.2 / math.sqrt(shape[1])
    return transformer_families.distribution(name, shape)


def chroma_transformer(tensors):
    # diffusers' own reading of the original's names, but for a width that it takes for granted.
    code = inspect.getsource(single_file_utils.convert_chroma_transformer_checkpoint_to_diffusers)
    space = dict(vars(single_file_utils))
    exec(code.replace("inner_dim = 3072", f"inner_dim = {HIDDEN}"), space)
    model = diffusers.ChromaTransformer2DModel(
        num_layers=DOUBLE, num_single_layers=SINGLE, attention_head_dim=128, num_attention_heads=HIDDEN // 128)
    model.load_state_dict(space["convert_chroma_transformer_checkpoint_to_diffusers"](dict(tensors)))
    return model.eval()


def chroma():
    """The transformer sees the words and one token of padding. diffusers' pipeline hands it that mask as numbers, which its
    attention adds to the scores: a fault of its own, so here it is one of truth values, as in the original."""
    context, words = t5()(PROMPT, 512, masked=True)
    file = families.file_of(chroma_layout().shapes, chroma_distribution)
    file.write("chroma")
    transformer = chroma_transformer(file.tensors)
    autoencoder = reference_vae(vae_file(16, quantised=False).tensors, 16, False)
    x, places = flux_packed(noise(16)), flux_places(0)
    seen = torch.arange(512)[None] <= words.sum()

    def predict(x, sigma, context, seen):
        return transformer(
            hidden_states=x, encoder_hidden_states=context, timestep=torch.tensor([sigma]), img_ids=places,
            txt_ids=torch.zeros(context.shape[1], 3),
            attention_mask=torch.cat([seen, torch.ones(1, x.shape[1], dtype=torch.bool)], 1)).sample

    save_part("chroma.text", context[:, :words.sum() + 1])
    given_context = given("context", 1, 24, T5_WIDTH)
    save_part("chroma.prediction", flux_unpacked(predict(x, SIGMA, given_context, torch.ones(1, 24, dtype=torch.bool))))
    for sigma, following in SIGMAS:
        x = x + (following - sigma) * predict(x, sigma, context, seen)
    save("chroma", picture(autoencoder.decode(flux_unpacked(x) / 0.3611 + 0.1159).sample))


ALL = {"sd3.5": sd35, "flux-schnell": flux_schnell, "chroma": chroma}


if __name__ == "__main__":
    families.run(ALL)
