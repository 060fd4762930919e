"""The LoRAs of SD 2.x and of diffusion transformers, in the names that people have: those of diffusers, PEFT's with its wrapper,
kohya's (words joined by underscores, of the original model or of diffusers), LyCORIS', and dotted original ones as ai-toolkit and
ComfyUI write them. families.py has what they are made of; unet_families.py and transformer_families.py draw with them.

Each function takes modules in diffusers' names and gives LoRAs by the names of the cases.
"""

from families import Lora, shapes

TEXT = "text_model.encoder.layers."
CLIP_L_LAYERS = [f"{TEXT}{layer}" for layer in ("2.self_attn.q_proj", "5.self_attn.out_proj", "8.mlp.fc1")]
# None that CLIP-L has, too.
CLIP_G_LAYERS = [f"{TEXT}{layer}" for layer in ("13.self_attn.v_proj", "20.self_attn.k_proj", "25.mlp.fc2")]


def text_shapes(text):
    named = any(name.startswith("text_model.") for name, _ in text.named_parameters())
    return shapes(text, "" if named else "text_model.")


def flat(name):
    return name.replace(".", "_")


def sd2_loras(unet, text):
    of = shapes(unet) | text_shapes(text)
    layers = [
        "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q",
        "mid_block.attentions.0.transformer_blocks.0.attn2.to_v",
        "up_blocks.2.attentions.1.transformer_blocks.0.attn1.to_k",
        "up_blocks.3.attentions.0.transformer_blocks.0.attn2.to_v",
        "up_blocks.3.attentions.2.transformer_blocks.0.attn1.to_out.0",
        "up_blocks.3.attentions.1.transformer_blocks.0.ff.net.0.proj",
        "up_blocks.2.attentions.2.proj_in",
    ]
    texts = [f"{TEXT}{layer}" for layer in ("2.self_attn.q_proj", "9.self_attn.v_proj", "15.self_attn.out_proj", "20.mlp.fc1")]
    kohya, parts, wrapped, loha, lokr = (Lora() for _ in range(5))
    for layer in layers:
        kohya.kohya("unet", layer, of[layer], 1, 2.0)
        parts.peft("unet.", layer, of[layer], 1)
        wrapped.peft("base_model.model.", layer, of[layer])
        loha.loha(layer, of[layer], 2, 2.0)
        lokr.lokr(layer, of[layer], 3.0, inner=2)
    for layer in texts:
        kohya.kohya("te", layer, of[layer], 1, 2.0)
        parts.peft("text_encoder.", layer, of[layer])
    return {"kohya-rank1": kohya, "parts": parts, "wrapped": wrapped, "loha": loha, "lokr": lokr}


def sd3_loras(transformer, first, second):
    of = shapes(transformer)
    block = "transformer_blocks."
    layers = [f"{block}{layer}" for layer in (
        "0.attn.to_q", "0.attn.to_k", "3.attn.to_v", "5.attn.add_q_proj", "7.attn.add_v_proj", "9.attn2.to_v", "11.attn.to_out.0",
        "20.attn.to_add_out", "21.ff.net.0.proj", "22.ff_context.net.2", "23.norm1.linear")]
    diffusers, wrapped, kohya, loha, lokr = (Lora() for _ in range(5))
    for layer in layers:
        diffusers.peft("transformer.", layer, of[layer], 1)
        wrapped.peft("base_model.model.", layer, of[layer])
        loha.loha(layer, of[layer], 2, 2.0, name=f"lycoris_{flat(layer)}")
        lokr.lokr(layer, of[layer], None, inner=2, name=f"base_model.model.{layer}")
    for prefix, text, texts in (("text_encoder.", first, CLIP_L_LAYERS), ("text_encoder_2.", second, CLIP_G_LAYERS)):
        part = "te1" if text is first else "te2"
        for layer in texts:
            shape = text_shapes(text)[layer]
            diffusers.peft(prefix, layer, shape)
            kohya.kohya(part, layer, shape, 1, 2.0)
    joint = "lora_unet_joint_blocks_"
    qkv = [f"{block}4.attn.{part}" for part in ("to_q", "to_k", "to_v")]
    context = [f"{block}6.attn.{part}" for part in ("add_q_proj", "add_k_proj", "add_v_proj")]
    kohya.fused(f"{joint}4_x_block_attn_qkv", qkv, of, 1, 2.0)
    kohya.fused(f"{joint}6_context_block_attn_qkv", context, of, 1, 2.0)
    kohya.fused(f"{joint}8_x_block_attn2_proj", [f"{block}8.attn2.to_out.0"], of, 1, 2.0)
    kohya.fused(f"{joint}12_context_block_mlp_fc1", [f"{block}12.ff_context.net.0.proj"], of, 1, 2.0)
    kohya.fused(f"{joint}22_x_block_adaLN_modulation_1", [f"{block}22.norm1.linear"], of, 1, 2.0)
    return {"diffusers": diffusers, "wrapped": wrapped, "kohya-rank1": kohya, "loha": loha, "lokr": lokr}


def klein_loras(transformer):
    of = shapes(transformer)
    layers = [
        "transformer_blocks.0.attn.to_q", "transformer_blocks.0.attn.add_v_proj", "transformer_blocks.1.attn.to_out.0",
        "transformer_blocks.0.attn.to_add_out", "transformer_blocks.1.ff.linear_in", "transformer_blocks.0.ff_context.linear_out",
        "single_transformer_blocks.0.attn.to_qkv_mlp_proj", "single_transformer_blocks.1.attn.to_out",
        "double_stream_modulation_img.linear"]
    originals = {
        "double_blocks.0.img_attn.qkv": [f"transformer_blocks.0.attn.to_{part}" for part in "qkv"],
        "double_blocks.1.txt_attn.proj": ["transformer_blocks.1.attn.to_add_out"],
        "double_blocks.1.txt_mlp.0": ["transformer_blocks.1.ff_context.linear_in"],
        "single_blocks.0.linear1": ["single_transformer_blocks.0.attn.to_qkv_mlp_proj"],
        "single_blocks.1.linear2": ["single_transformer_blocks.1.attn.to_out"],
        "single_stream_modulation.lin": ["single_stream_modulation.linear"]}
    return transformer_loras(of, layers, originals)


def z_loras(transformer):
    of = shapes(transformer)
    layers = [
        "layers.0.attention.to_q", "layers.0.attention.to_v", "layers.1.attention.to_out.0", "layers.1.feed_forward.w1",
        "layers.0.feed_forward.w2", "layers.0.adaLN_modulation.0", "noise_refiner.1.attention.to_k", "context_refiner.0.attention.to_v"]
    originals = {
        "layers.0.attention.qkv": [f"layers.0.attention.to_{part}" for part in "qkv"],
        "layers.1.attention.out": ["layers.1.attention.to_out.0"],
        "layers.1.feed_forward.w3": ["layers.1.feed_forward.w3"],
        "noise_refiner.0.attention.qkv": [f"noise_refiner.0.attention.to_{part}" for part in "qkv"],
        "context_refiner.1.feed_forward.w2": ["context_refiner.1.feed_forward.w2"]}
    return transformer_loras(of, layers, originals)


def qwen_image_loras(transformer):
    of = shapes(transformer)
    block = "transformer_blocks.0."
    layers = [f"{block}{layer}" for layer in (
        "attn.to_q", "attn.to_v", "attn.add_k_proj", "attn.to_out.0", "attn.to_add_out", "img_mlp.net.0.proj", "img_mlp.net.2",
        "txt_mlp.net.0.proj", "img_mod.1", "txt_mod.1")]
    # This model is wide: full strength would leave little of its picture.
    loras = transformer_loras(of, layers, {}, {"wrapped": 0.4, "kohya-rank1": 0.125, "loha": 0.0625})
    bare = Lora()
    for layer in layers:
        bare.pair(layer, of[layer], 2, f"{layer}.lora_down.weight", f"{layer}.lora_up.weight", (f"{layer}.alpha", 1.0))
    return loras | {"bare": bare}


def transformer_loras(of, layers, originals, strengths={}):
    """originals: layers of the original model, and what they are in diffusers'. strengths: of some of the cases."""
    diffusers, wrapped, kohya, dotted, loha, lokr = (Lora() for _ in range(6))
    for layer in layers:
        diffusers.peft("transformer.", layer, of[layer], 1)
        wrapped.peft("base_model.model.", layer, of[layer], deviation=0.5 * strengths.get("wrapped", 1))
        kohya.fused(f"lora_unet_{flat(layer)}", [layer], of, 1, 2.0 * strengths.get("kohya-rank1", 1))
        loha.loha(layer, of[layer], 2, 2.0 * strengths.get("loha", 1), name=f"lycoris_{flat(layer)}")
        lokr.lokr(layer, of[layer], 3.0, inner=2, name=f"diffusion_model.{layer}")
    loras = {"diffusers": diffusers, "wrapped": wrapped, "kohya-rank1": kohya, "loha": loha, "lokr": lokr}
    if originals:
        underscored = Lora()
        for layer, parts in originals.items():
            dotted.fused(f"diffusion_model.{layer}", parts, of, 2, None, ("lora_A", "lora_B"))
            underscored.fused(f"lora_unet_{flat(layer)}", parts, of, 1, 2.0)
        loras |= {"original": dotted, "original-kohya-rank1": underscored}
    return loras
